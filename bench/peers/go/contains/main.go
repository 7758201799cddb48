// A million texts asked for a part each, ten times.
package main

import (
	"fmt"
	"strings"

	"peers/kernel"
)

func main() {
	kernel.Run(1000000, func(n int) {
		texts := make([]string, 0)
		for i := 0; i < n; i++ {
			texts = append(texts, fmt.Sprintf("the quick brown fox number %d jumps over the lazy dog", i))
		}
		found := 0
		for turn := 0; turn < 10; turn++ {
			wanted := fmt.Sprintf("%d7 jumps", turn)
			for _, text := range texts {
				if strings.Contains(text, wanted) {
					found++
				}
			}
		}
		fmt.Println(found, "found")
	})
}
