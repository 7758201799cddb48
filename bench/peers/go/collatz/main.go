// The number below a limit that takes longest to reach 1.
package main

import (
	"fmt"

	"peers/kernel"
)

func stepsToOne(n int) int {
	taken := 0
	for n != 1 {
		if n%2 == 0 {
			n >>= 1
		} else {
			n = 3*n + 1
		}
		taken++
	}
	return taken
}

func main() {
	kernel.Run(1000000, func(limit int) {
		best, longest := 1, 0
		for n := 1; n < limit; n++ {
			if taken := stepsToOne(n); taken > longest {
				best, longest = n, taken
			}
		}
		fmt.Printf("%d takes %d steps\n", best, longest)
	})
}
