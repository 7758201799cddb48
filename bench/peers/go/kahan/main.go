// The compensated sum (Neumaier) of a slice of a million numbers, a hundred times.
package main

import (
	"fmt"
	"math"

	"peers/kernel"
)

func sum(xs []float64) float64 {
	total, lost := 0.0, 0.0
	for _, x := range xs {
		next := total + x
		if math.Abs(total) >= math.Abs(x) {
			lost += (total - next) + x
		} else {
			lost += (x - next) + total
		}
		total = next
	}
	return total + lost
}

func main() {
	kernel.Run(1000000, func(n int) {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = 1 / float64(i+1)
		}
		total := 0.0
		for turn := 0; turn < 100; turn++ {
			xs[turn] = float64(turn)
			total += sum(xs)
		}
		fmt.Printf("%.6f\n", total)
	})
}
