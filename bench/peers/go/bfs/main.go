// Breadth-first search: how far the cells of a square maze are from its corner.
package main

import (
	"fmt"

	"peers/kernel"
)

func maze(n int) []bool {
	open := make([]bool, n*n)
	for i := range open {
		open[i] = true
	}
	x := 5
	for row := 1; row < n; row++ {
		for column := 1; column < n; column++ {
			x = (x*1103515245 + 12345) % 2147483648
			if (x>>16)%3 == 0 {
				open[row*n+column] = false
			}
		}
	}
	return open
}

func distances(open []bool, n int) []int {
	found := make([]int, n*n)
	for i := range found {
		found[i] = -1
	}
	queue := make([]int, n*n)
	head, tail := 0, 1
	found[0] = 0
	for head < tail {
		cell := queue[head]
		head++
		column, next := cell%n, found[cell]+1
		if cell >= n && open[cell-n] && found[cell-n] < 0 {
			found[cell-n] = next
			queue[tail] = cell - n
			tail++
		}
		if column > 0 && open[cell-1] && found[cell-1] < 0 {
			found[cell-1] = next
			queue[tail] = cell - 1
			tail++
		}
		if column < n-1 && open[cell+1] && found[cell+1] < 0 {
			found[cell+1] = next
			queue[tail] = cell + 1
			tail++
		}
		if cell < n*n-n && open[cell+n] && found[cell+n] < 0 {
			found[cell+n] = next
			queue[tail] = cell + n
			tail++
		}
	}
	return found
}

func main() {
	kernel.Run(1500, func(n int) {
		reached, farthest, total := 0, 0, 0
		for _, d := range distances(maze(n), n) {
			if d >= 0 {
				reached++
				total += d
				if d > farthest {
					farthest = d
				}
			}
		}
		fmt.Printf("%d of %d cells, %d steps to the farthest, %d in all\n", reached, n*n, farthest, total)
	})
}
