// JSON text of many records, by encoding/json.
package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"peers/kernel"
)

type person struct {
	ID     int      `json:"id"`
	Name   string   `json:"name"`
	Age    int      `json:"age"`
	Active bool     `json:"active"`
	Score  float64  `json:"score"`
	Tags   []string `json:"tags"`
	Note   string   `json:"note"`
}

func main() {
	kernel.Run(100000, func(n int) {
		people := make([]person, 0)
		for i := 0; i < n; i++ {
			people = append(people, person{
				ID: i, Name: fmt.Sprintf("person \"%d\"", i), Age: i % 90, Active: i%3 == 0, Score: float64(i) / 8,
				Tags: []string{fmt.Sprintf("tag%d", i%7), "größe"}, Note: fmt.Sprintf("line one\nline two of %d", i),
			})
		}
		bytes, err := json.Marshal(people)
		if err != nil {
			kernel.Fail(err)
		}
		text := string(bytes)
		runes := []rune(text[len(text)-80:])
		fmt.Printf("%d characters, %d active, %s\n", utf8.RuneCountInString(text), strings.Count(text, "true"), string(runes[len(runes)-40:]))
	})
}
