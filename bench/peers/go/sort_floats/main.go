// A million numbers with fractions in order.
package main

import (
	"fmt"
	"sort"

	"peers/kernel"
)

func randomFloats(n int) []float64 {
	xs := make([]float64, 0)
	x := 42
	for i := 0; i < n; i++ {
		x = (x*1103515245 + 12345) % 2147483648
		xs = append(xs, float64(x-1000000000)/4096)
	}
	return xs
}

func main() {
	kernel.Run(1000000, func(n int) {
		xs := randomFloats(n)
		sort.Float64s(xs)
		checksum := 0.0
		for i, x := range xs {
			checksum += x * float64(i%10)
		}
		fmt.Printf("%.6f %.6f %.6f %.6f\n", xs[0], xs[n/2], xs[n-1], checksum)
	})
}
