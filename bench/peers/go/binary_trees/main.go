// Binary trees of the benchmarks game: many small trees live shortly, one lives through all.
package main

import (
	"fmt"

	"peers/kernel"
)

type tree struct{ left, right *tree }

func bottomUp(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{bottomUp(depth - 1), bottomUp(depth - 1)}
}

func (t *tree) check() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.check() + t.right.check()
}

func main() {
	kernel.Run(18, func(deepest int) {
		fmt.Printf("stretch %d\n", bottomUp(deepest+1).check())
		long := bottomUp(deepest)
		for depth := 4; depth <= deepest; depth += 2 {
			turns := 1 << (deepest - depth + 4)
			total := 0
			for i := 0; i < turns; i++ {
				total += bottomUp(depth).check()
			}
			fmt.Printf("%d trees of depth %d: %d\n", turns, depth, total)
		}
		fmt.Printf("long lived %d\n", long.check())
	})
}
