// A million words in one text replaced by longer ones, ten times.
package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"peers/kernel"
)

func main() {
	kernel.Run(1000000, func(n int) {
		text := strings.Repeat("the cat sat on ", n)
		total := 0
		for turn := 0; turn < 10; turn++ {
			changed := strings.ReplaceAll(text, "cat", fmt.Sprintf("lion%d", turn))
			total += utf8.RuneCountInString(changed)
		}
		fmt.Println(total, "characters")
	})
}
