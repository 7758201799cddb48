// Fibonacci numbers by a loop; the sums wrap around at 64 bits.
package main

import (
	"fmt"

	"peers/kernel"
)

func fib(n int) int {
	a, b := 0, 1
	for i := 0; i < n; i++ {
		a, b = b, a+b
	}
	return a
}

func main() {
	kernel.Run(50000000, func(n int) {
		fmt.Printf("fib(%d) = %d\n", n, fib(n))
	})
}
