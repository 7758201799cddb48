// Fibonacci numbers by plain recursion.
package main

import (
	"fmt"

	"peers/kernel"
)

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func main() {
	kernel.Run(40, func(n int) {
		fmt.Printf("fib(%d) = %d\n", n, fib(n))
	})
}
