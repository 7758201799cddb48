// A match of ten arms over numbers.
package main

import (
	"fmt"

	"peers/kernel"
)

func pick(n int) int {
	switch n {
	case 0:
		return 1
	case 1:
		return 2
	case 2:
		return 3
	case 3:
		return 4
	case 4:
		return 5
	case 5:
		return 6
	case 6:
		return 7
	case 7:
		return 8
	case 8:
		return 9
	}
	return 10
}

func main() {
	kernel.Run(10000000, func(turns int) {
		total := 0
		for i := 0; i < turns; i++ {
			total += pick(i % 12)
		}
		fmt.Println(total)
	})
}
