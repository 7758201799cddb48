// The sum of the pixels of a picture of the Mandelbrot set.
package main

import (
	"fmt"

	"peers/kernel"
)

const limit = 200

func escape(cr, ci float64) int {
	zr, zi := 0.0, 0.0
	n := 0
	for n < limit && zr*zr+zi*zi <= 4 {
		zr, zi = zr*zr-zi*zi+cr, 2*zr*zi+ci
		n++
	}
	return n
}

func pixel(x, y, n int) int {
	return escape(3*float64(x)/float64(n)-2.25, 3*float64(y)/float64(n)-1.5)
}

func main() {
	kernel.Run(600, func(n int) {
		total := 0
		for y := 0; y < n; y++ {
			for x := 0; x < n; x++ {
				total += pixel(x, y, n)
			}
		}
		fmt.Printf("checksum %d\n", total)
	})
}
