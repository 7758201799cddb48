// Squares of a million numbers, those that 3 divides, their sum.
package main

import (
	"fmt"

	"peers/kernel"
)

func mapped(xs []int, f func(int) int) []int {
	out := make([]int, 0, len(xs))
	for _, x := range xs {
		out = append(out, f(x))
	}
	return out
}

func filtered(xs []int, f func(int) bool) []int {
	out := []int{}
	for _, x := range xs {
		if f(x) {
			out = append(out, x)
		}
	}
	return out
}

func reduced(xs []int, f func(int, int) int, init int) int {
	for _, x := range xs {
		init = f(init, x)
	}
	return init
}

func main() {
	kernel.Run(1000000, func(n int) {
		xs := make([]int, n)
		for i := range xs {
			xs[i] = i
		}
		total := 0
		for turn := 0; turn < 10; turn++ {
			squares := mapped(xs, func(x int) int { return x*x + turn })
			divisible := filtered(squares, func(x int) bool { return x%3 == 0 })
			total += reduced(divisible, func(a, b int) int { return a + b }, 0)
		}
		fmt.Println(total)
	})
}
