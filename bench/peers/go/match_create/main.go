// A shape is made and matched in every turn.
package main

import (
	"fmt"

	"peers/kernel"
)

type circle struct{ radius float64 }
type rectangle struct{ width, height float64 }

func area(shape interface{}) float64 {
	switch s := shape.(type) {
	case circle:
		return 3.0 * s.radius * s.radius
	case rectangle:
		return s.width * s.height
	}
	panic("no shape")
}

func made(i int) interface{} {
	x := float64(i % 8)
	if i%2 == 0 {
		return circle{x}
	}
	return rectangle{x, 2.0}
}

func main() {
	kernel.Run(10000000, func(turns int) {
		total := 0.0
		for i := 0; i < turns; i++ {
			total += area(made(i))
		}
		fmt.Println(int(total))
	})
}
