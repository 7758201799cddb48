// A flatMap over a Result in every turn; a third of them fail.
package main

import (
	"errors"
	"fmt"

	"peers/kernel"
)

var errDivisible = errors.New("divisible")

type result struct {
	value int
	err   error
}

func (r result) flatMap(f func(int) result) result {
	if r.err != nil {
		return r
	}
	return f(r.value)
}

func (r result) unwrapOr(other int) int {
	if r.err != nil {
		return other
	}
	return r.value
}

func checked(x int) result {
	if x%3 == 0 {
		return result{0, errDivisible}
	}
	return result{x * 2, nil}
}

func main() {
	kernel.Run(10000000, func(turns int) {
		total := 0
		for i := 0; i < turns; i++ {
			total += result{i, nil}.flatMap(checked).unwrapOr(1)
		}
		fmt.Println(total)
	})
}
