// The Euclidean norm of a slice of a million numbers, a hundred times.
package main

import (
	"fmt"
	"math"

	"peers/kernel"
)

func norm(xs []float64) float64 {
	total := 0.0
	for _, x := range xs {
		total += x * x
	}
	return math.Sqrt(total)
}

func main() {
	kernel.Run(1000000, func(n int) {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = float64(i % 100)
		}
		total := 0.0
		for turn := 0; turn < 100; turn++ {
			xs[turn] = float64(turn)
			total += norm(xs)
		}
		fmt.Printf("%.6f\n", total)
	})
}
