// The dot product of two slices of a million numbers, a hundred times.
package main

import (
	"fmt"

	"peers/kernel"
)

func dot(xs, ys []float64) float64 {
	total := 0.0
	for i, x := range xs {
		total += x * ys[i]
	}
	return total
}

func main() {
	kernel.Run(1000000, func(n int) {
		xs, ys := make([]float64, n), make([]float64, n)
		for i := range xs {
			xs[i], ys[i] = float64(i%100), float64(i%7)
		}
		total := 0.0
		for turn := 0; turn < 100; turn++ {
			xs[turn] = float64(turn)
			total += dot(xs, ys)
		}
		fmt.Printf("%.1f\n", total)
	})
}
