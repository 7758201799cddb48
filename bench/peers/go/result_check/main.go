// A Result is made and asked in every turn.
package main

import (
	"errors"
	"fmt"

	"peers/kernel"
)

var errDivisible = errors.New("divisible")

func checked(i int) (int, error) {
	if i%3 == 0 {
		return 0, errDivisible
	}
	return i, nil
}

func main() {
	kernel.Run(10000000, func(turns int) {
		total := 0
		for i := 0; i < turns; i++ {
			if value, err := checked(i); err == nil {
				total += value
			}
		}
		fmt.Println(total)
	})
}
