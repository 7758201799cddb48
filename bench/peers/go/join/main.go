// A million short texts joined to one, ten times.
package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"peers/kernel"
)

func main() {
	kernel.Run(1000000, func(n int) {
		pieces := make([]string, 0)
		for i := 0; i < n; i++ {
			pieces = append(pieces, strconv.Itoa(i))
		}
		total := 0
		for turn := 0; turn < 10; turn++ {
			pieces[turn] = fmt.Sprintf("turn %d", turn)
			total += utf8.RuneCountInString(strings.Join(pieces, ", "))
		}
		fmt.Println(total, "characters")
	})
}
