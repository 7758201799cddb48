// A JSON file read and added up, by encoding/json with the struct that its records have.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"unicode/utf8"

	"peers/kernel"
)

type person struct {
	Name   string   `json:"name"`
	Age    int      `json:"age"`
	Active bool     `json:"active"`
	Score  float64  `json:"score"`
	Tags   []string `json:"tags"`
}

func main() {
	kernel.RunFile(func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			kernel.Fail(err)
		}
		var people []person
		if err := json.Unmarshal(text, &people); err != nil {
			kernel.Fail(err)
		}
		ages, active, letters, score := 0, 0, 0, 0.0
		for _, p := range people {
			ages += p.Age
			if p.Active {
				active++
			}
			letters += utf8.RuneCountInString(p.Name) + len(p.Tags)
			score += p.Score
		}
		fmt.Printf("%d people, %d years, %d active, %d letters, %.3f points\n", len(people), ages, active, letters, score)
	})
}
