// The derivative of 3x² + ax² + bx + 5 as a new expression, many times.
package main

import (
	"fmt"

	"peers/kernel"
)

type expr interface{}

type num struct{ value int }
type variable struct{ name int }
type add struct{ left, right expr }
type mul struct{ left, right expr }

func derive(e expr, name int) expr {
	switch e := e.(type) {
	case *num:
		return &num{0}
	case *variable:
		if e.name == name {
			return &num{1}
		}
		return &num{0}
	case *add:
		return &add{derive(e.left, name), derive(e.right, name)}
	case *mul:
		return &add{&mul{e.left, derive(e.right, name)}, &mul{derive(e.left, name), e.right}}
	}
	panic("no expression")
}

func nodes(e expr) int {
	switch e := e.(type) {
	case *add:
		return 1 + nodes(e.left) + nodes(e.right)
	case *mul:
		return 1 + nodes(e.left) + nodes(e.right)
	}
	return 1
}

func polynomial() expr {
	x := &variable{0}
	squares := &add{&mul{&num{3}, &mul{x, x}}, &mul{&variable{1}, &mul{x, x}}}
	return &add{squares, &add{&mul{&variable{2}, x}, &num{5}}}
}

func main() {
	kernel.Run(1000000, func(turns int) {
		e := polynomial()
		total := 0
		for i := 0; i < turns; i++ {
			total += nodes(derive(e, 0))
		}
		fmt.Printf("%d nodes\n", total)
	})
}
