// A million whole numbers in order.
package main

import (
	"fmt"
	"sort"

	"peers/kernel"
)

func randomInts(n int) []int {
	xs := make([]int, 0)
	x := 42
	for i := 0; i < n; i++ {
		x = (x*1103515245 + 12345) % 2147483648
		xs = append(xs, x)
	}
	return xs
}

func main() {
	kernel.Run(1000000, func(n int) {
		xs := randomInts(n)
		sort.Ints(xs)
		checksum := 0
		for i, x := range xs {
			checksum = (checksum + x*(i%10)) % 1000000007
		}
		fmt.Println(xs[0], xs[n/2], xs[n-1], checksum)
	})
}
