// The fast Fourier transform (radix 2, in place) and back, five times.
package main

import (
	"fmt"
	"math"

	"peers/kernel"
)

func reorder(re, im []float64) {
	n, j := len(re), 0
	for i := 0; i < n; i++ {
		if i < j {
			re[i], re[j] = re[j], re[i]
			im[i], im[j] = im[j], im[i]
		}
		bit := n >> 1
		for ; bit > 0 && j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j |= bit
	}
}

func transform(re, im []float64, direction float64) {
	reorder(re, im)
	n := len(re)
	stepCos, stepSin := -1.0, 0.0
	for half := 1; half < n; half <<= 1 {
		wr, wi := 1.0, 0.0
		for k := 0; k < half; k++ {
			for i := k; i < n; i += 2 * half {
				j := i + half
				tr := wr*re[j] - wi*im[j]
				ti := wr*im[j] + wi*re[j]
				re[j], im[j] = re[i]-tr, im[i]-ti
				re[i] += tr
				im[i] += ti
			}
			wr, wi = wr*stepCos-wi*stepSin, wr*stepSin+wi*stepCos
		}
		// half the angle
		if half == 1 {
			stepCos, stepSin = 0, direction
		} else {
			cosine := math.Sqrt((1 + stepCos) / 2)
			stepCos, stepSin = cosine, stepSin/(2*cosine)
		}
	}
}

func main() {
	kernel.Run(17, func(size int) {
		n := 1 << size
		re, im := make([]float64, n), make([]float64, n)
		x := 7
		for i := range re {
			x = (x*1103515245 + 12345) % 2147483648
			re[i] = float64(x) / 2147483648
		}
		first, peak := re[0], 0.0
		for turn := 0; turn < 5; turn++ {
			transform(re, im, -1)
			peak = math.Sqrt(re[1]*re[1] + im[1]*im[1])
			transform(re, im, 1)
			for i := range re {
				re[i] /= float64(n)
				im[i] /= float64(n)
			}
		}
		fmt.Printf("%d points, peak %.6f, first %.9f %.9f, middle %.9f\n", n, peak, first, re[0], re[n>>1])
	})
}
