// Three maps over a Result in every turn.
package main

import (
	"fmt"

	"peers/kernel"
)

type result struct {
	value int
	err   error
}

func (r result) apply(f func(int) int) result {
	if r.err != nil {
		return r
	}
	return result{f(r.value), nil}
}

func main() {
	kernel.Run(10000000, func(turns int) {
		total := 0
		for i := 0; i < turns; i++ {
			r := result{i, nil}
			r = r.apply(func(x int) int { return x + 1 })
			r = r.apply(func(x int) int { return x * 2 })
			r = r.apply(func(x int) int { return x - 1 })
			if r.err != nil {
				panic(r.err)
			}
			total += r.value
		}
		fmt.Println(total)
	})
}
