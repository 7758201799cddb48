// Pancakes: for each order of n of them, how many flips it takes until number 1 lies on top.
package main

import (
	"fmt"

	"peers/kernel"
)

func fannkuch(n int) (checksum, maxFlips int) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	flipped := make([]int, n)
	counts := make([]int, n)
	isEven := true
	left := n
	for {
		for ; left > 1; left-- {
			counts[left-1] = left
		}

		top := order[0]
		if top != 0 {
			copy(flipped, order)
			flips := 0
			for top != 0 {
				for low, high := 0, top; low < high; low, high = low+1, high-1 {
					flipped[low], flipped[high] = flipped[high], flipped[low]
				}
				flips++
				top = flipped[0]
			}
			if flips > maxFlips {
				maxFlips = flips
			}
			if isEven {
				checksum += flips
			} else {
				checksum -= flips
			}
		}

		isEven = !isEven
		for {
			if left == n {
				return checksum, maxFlips
			}
			front := order[0]
			for i := 0; i < left; i++ {
				order[i] = order[i+1]
			}
			order[left] = front
			counts[left]--
			if counts[left] > 0 {
				break
			}
			left++
		}
	}
}

func main() {
	kernel.Run(10, func(n int) {
		checksum, maxFlips := fannkuch(n)
		fmt.Printf("%d\nPfannkuchen(%d) = %d\n", checksum, n, maxFlips)
	})
}
