// Building one long text from pieces and cutting it up again.
package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"peers/kernel"
)

func build(n int) string {
	pieces := make([]string, 0)
	for i := 0; i < n; i++ {
		pieces = append(pieces, fmt.Sprintf("item %d of %d", i, n))
	}
	return strings.Join(pieces, "; ")
}

func main() {
	kernel.Run(200000, func(n int) {
		text := build(n)
		pieces := strings.Split(text, "; ")
		letters, sevens := 0, 0
		for _, piece := range pieces {
			letters += utf8.RuneCountInString(piece)
			if strings.Contains(piece, "7") {
				sevens++
			}
		}
		shout := strings.ToUpper(strings.ReplaceAll(text, "item", "thing"))
		fmt.Printf("%d characters in %d pieces\n", utf8.RuneCountInString(text), len(pieces))
		fmt.Printf("%d without separators, %d pieces with a 7\n", letters, sevens)
		fmt.Printf("%d characters: %s ... %s\n", utf8.RuneCountInString(shout), shout[:24], shout[len(shout)-16:])
	})
}
