// The edit distance of two texts, letter by letter.
package main

import (
	"fmt"
	"strings"

	"peers/kernel"
)

func smallest(a, b, c int) int {
	if a < b {
		if a < c {
			return a
		}
		return c
	}
	if b < c {
		return b
	}
	return c
}

func distance(a, b string) int {
	source, target := []rune(a), []rune(b)
	above := make([]int, len(target)+1)
	current := make([]int, len(target)+1)
	for j := range above {
		above[j] = j
	}
	for i, x := range source {
		current[0] = i + 1
		for j, y := range target {
			cost := 1
			if x == y {
				cost = 0
			}
			current[j+1] = smallest(above[j+1]+1, current[j]+1, above[j]+cost)
		}
		above, current = current, above
	}
	return above[len(target)]
}

func text(n, seed int) string {
	const letters = "abcdefgh"
	var parts strings.Builder
	x := seed
	for i := 0; i < n; i++ {
		x = (x*1103515245 + 12345) % 2147483648
		parts.WriteByte(letters[(x>>16)%8])
	}
	return parts.String()
}

func main() {
	kernel.Run(2000, func(n int) {
		fmt.Printf("kitten -> sitting: %d\n", distance("kitten", "sitting"))
		fmt.Printf("flaw -> lawn: %d\n", distance("flaw", "lawn"))
		fmt.Printf("%d letters: %d\n", n, distance(text(n, 1), text(n, 2)))
	})
}
