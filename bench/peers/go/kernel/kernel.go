// Package kernel runs a benchmark peer: the size comes from the command line, and with BENCH=1 in the environment the
// nanoseconds that the kernel took, without the start of the process, go to stderr.
package kernel

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// Run calls body with the first argument as a number, or with usual when there is none.
func Run(usual int, body func(n int)) {
	n := usual
	if len(os.Args) > 1 {
		given, err := strconv.Atoi(os.Args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		n = given
	}
	timed(func() { body(n) })
}

// RunFile calls body with the first argument as the path of a file.
func RunFile(body func(path string)) {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "give the path of a file")
		os.Exit(2)
	}
	timed(func() { body(os.Args[1]) })
}

// Fail ends the program with an error.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func timed(body func()) {
	start := time.Now()
	body()
	elapsed := time.Since(start)
	if os.Getenv("BENCH") == "1" {
		fmt.Fprintln(os.Stderr, elapsed.Nanoseconds())
	}
}
