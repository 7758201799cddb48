// One text cut into a million pieces, ten times.
package main

import (
	"fmt"
	"strconv"
	"strings"

	"peers/kernel"
)

func main() {
	kernel.Run(1000000, func(n int) {
		numbers := make([]string, 0)
		for i := 0; i < n; i++ {
			numbers = append(numbers, strconv.Itoa(i))
		}
		text := strings.Join(numbers, ",")
		total := 0
		for turn := 0; turn < 10; turn++ {
			pieces := strings.Split(text, ",")
			total += len(pieces) + len(pieces[n-1-turn])
		}
		fmt.Println(total)
	})
}
