// An Option is made and unwrapped in every turn.
package main

import (
	"fmt"

	"peers/kernel"
)

type option struct {
	value int
	some  bool
}

func (o option) unwrapOr(other int) int {
	if o.some {
		return o.value
	}
	return other
}

func odd(i int) option {
	if i%2 == 0 {
		return option{}
	}
	return option{i, true}
}

func main() {
	kernel.Run(10000000, func(turns int) {
		total := 0
		for i := 0; i < turns; i++ {
			total += odd(i).unwrapOr(7)
		}
		fmt.Println(total)
	})
}
