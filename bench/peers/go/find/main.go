// The last element of a million, found a hundred times.
package main

import (
	"fmt"

	"peers/kernel"
)

func find(xs []int, f func(int) bool) (int, bool) {
	for _, x := range xs {
		if f(x) {
			return x, true
		}
	}
	return 0, false
}

func main() {
	kernel.Run(1000000, func(n int) {
		xs := make([]int, n)
		for i := range xs {
			xs[i] = i * 2
		}
		total := 0
		for turn := 0; turn < 100; turn++ {
			wanted := 2 * (n - 1 - turn)
			if x, ok := find(xs, func(x int) bool { return x == wanted }); ok {
				total += x
			}
		}
		fmt.Println(total)
	})
}
