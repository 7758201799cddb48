// The sieve of Eratosthenes.
package main

import (
	"fmt"

	"peers/kernel"
)

func countPrimes(limit int) int {
	isPrime := make([]bool, limit+1)
	for i := range isPrime {
		isPrime[i] = true
	}
	found := 0
	for n := 2; n <= limit; n++ {
		if isPrime[n] {
			found++
			for multiple := n * n; multiple <= limit; multiple += n {
				isPrime[multiple] = false
			}
		}
	}
	return found
}

func main() {
	kernel.Run(10000000, func(limit int) {
		fmt.Printf("%d primes up to %d\n", countPrimes(limit), limit)
	})
}
