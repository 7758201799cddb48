// A text of a megabyte to base64 and back, a number of times.
package main

import (
	"encoding/base64"
	"fmt"
	"strings"

	"peers/kernel"
)

func main() {
	kernel.Run(50, func(turns int) {
		text := strings.Repeat("0123456789 the quick brown fox ", 32000)
		total := 0
		for turn := 0; turn < turns; turn++ {
			coded := base64.StdEncoding.EncodeToString([]byte(text))
			decoded, err := base64.StdEncoding.DecodeString(coded)
			if err != nil {
				kernel.Fail(err)
			}
			back := string(decoded)
			total += len(coded)
			if back == text {
				total++
			}
			text = fmt.Sprint(turn%10) + back[1:]
		}
		fmt.Println(total, text[:20])
	})
}
