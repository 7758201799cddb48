// A new slice of the sums of two others, a million numbers each, a hundred times.
package main

import (
	"fmt"

	"peers/kernel"
)

func add(xs, ys []float64) []float64 {
	sums := make([]float64, len(xs))
	for i, x := range xs {
		sums[i] = x + ys[i]
	}
	return sums
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
			sums := add(xs, ys)
			total += sums[turn] + sums[n-1]
		}
		fmt.Printf("%.1f\n", total)
	})
}
