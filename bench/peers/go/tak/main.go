// Takeuchi's function: nothing but calls.
package main

import (
	"fmt"

	"peers/kernel"
)

func tak(x, y, z int) int {
	if y >= x {
		return z
	}
	return tak(tak(x-1, y, z), tak(y-1, z, x), tak(z-1, x, y))
}

func main() {
	kernel.Run(24, func(n int) {
		fmt.Println(tak(n, n-8, n-18))
	})
}
