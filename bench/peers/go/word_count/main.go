// How often which word comes in a text, and the most frequent ones.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"

	"peers/kernel"
)

func main() {
	kernel.RunFile(func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			kernel.Fail(err)
		}
		counts := make(map[string]int)
		total := 0
		for _, word := range strings.Fields(string(text)) {
			counts[word]++
			total++
		}
		fmt.Printf("%d words, %d different\n", total, len(counts))
		words := make([]string, 0, len(counts))
		for word := range counts {
			words = append(words, word)
		}
		sort.Slice(words, func(i, j int) bool {
			if counts[words[i]] != counts[words[j]] {
				return counts[words[i]] > counts[words[j]]
			}
			return words[i] < words[j]
		})
		for i := 0; i < len(words) && i < 5; i++ {
			fmt.Println(words[i], counts[words[i]])
		}
	})
}
