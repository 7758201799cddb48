// A costly function of many numbers, each on its own, on one goroutine: ours has one thread.
package main

import (
	"fmt"

	"peers/kernel"
)

func steps(start int) int {
	taken := 0
	for x := start; x != 1; taken++ {
		if x%2 == 0 {
			x >>= 1
		} else {
			x = 3*x + 1
		}
	}
	return taken
}

func mapped(xs []int, f func(int) int) []int {
	results := make([]int, len(xs))
	for i, x := range xs {
		results[i] = f(x)
	}
	return results
}

func main() {
	kernel.Run(300000, func(n int) {
		xs := make([]int, n)
		for i := range xs {
			xs[i] = i + 1
		}
		results := mapped(xs, steps)
		total := 0
		for _, taken := range results {
			total += taken
		}
		fmt.Printf("%d numbers, %d steps, %d for the last\n", n, total, results[n-1])
	})
}
