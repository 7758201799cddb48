// Areas of shapes of four variants, by a match in a loop.
package main

import (
	"fmt"

	"peers/kernel"
)

type circle struct{ radius float64 }
type square struct{ side float64 }
type rectangle struct{ width, height float64 }
type triangle struct{ base, height float64 }

func area(shape interface{}) float64 {
	switch s := shape.(type) {
	case circle:
		return 3.0 * s.radius * s.radius
	case square:
		return s.side * s.side
	case rectangle:
		return s.width * s.height
	case triangle:
		return 0.5 * s.base * s.height
	}
	panic("no shape")
}

func main() {
	kernel.Run(10000000, func(turns int) {
		shapes := []interface{}{circle{1.5}, square{2.0}, rectangle{2.0, 3.0}, triangle{4.0, 5.0}}
		total := 0.0
		for i := 0; i < turns; i++ {
			total += area(shapes[i%4])
		}
		fmt.Println(int(total))
	})
}
