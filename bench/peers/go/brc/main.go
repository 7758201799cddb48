// The one billion row challenge with fewer rows: least, mean and greatest temperature of each weather station.
package main

import (
	"bufio"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"peers/kernel"
)

type summary struct {
	count              int
	total, least, most float64
}

func read(path string) map[string]*summary {
	file, err := os.Open(path)
	if err != nil {
		kernel.Fail(err)
	}
	defer file.Close()
	stations := make(map[string]*summary)
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		name, number, found := strings.Cut(scanner.Text(), ";")
		if !found {
			continue
		}
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			kernel.Fail(err)
		}
		known := stations[name]
		if known == nil {
			stations[name] = &summary{1, value, value, value}
			continue
		}
		known.count++
		known.total += value
		if value < known.least {
			known.least = value
		}
		if value > known.most {
			known.most = value
		}
	}
	return stations
}

func main() {
	kernel.RunFile(func(path string) {
		stations := read(path)
		names := make([]string, 0, len(stations))
		for name := range stations {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			s := stations[name]
			fmt.Printf("%s %.1f/%.6f/%.1f\n", name, s.least, s.total/float64(s.count), s.most)
		}
	})
}
