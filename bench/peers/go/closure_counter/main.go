// A counter that is a closure, called in every turn.
package main

import (
	"fmt"

	"peers/kernel"
)

func makeCounter(step int) func() int {
	count := 0
	return func() int {
		count += step
		return count
	}
}

func main() {
	kernel.Run(10000000, func(turns int) {
		counter := makeCounter(turns%7 + 1)
		last := 0
		for i := 0; i < turns; i++ {
			last = counter()
		}
		fmt.Println(last)
	})
}
