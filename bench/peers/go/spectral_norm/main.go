// The spectral norm of the infinite matrix 1, 1/2, 1/3, 1/4, ... by the power method.
package main

import (
	"fmt"
	"math"

	"peers/kernel"
)

func cell(i, j int) float64 {
	return 1 / float64((i+j)*(i+j+1)/2+i+1)
}

func multiply(v []float64, n int) []float64 {
	result := make([]float64, n)
	for i := range result {
		total := 0.0
		for j := 0; j < n; j++ {
			total += cell(i, j) * v[j]
		}
		result[i] = total
	}
	return result
}

func multiplyTransposed(v []float64, n int) []float64 {
	result := make([]float64, n)
	for i := range result {
		total := 0.0
		for j := 0; j < n; j++ {
			total += cell(j, i) * v[j]
		}
		result[i] = total
	}
	return result
}

func multiplyTwice(v []float64, n int) []float64 {
	return multiplyTransposed(multiply(v, n), n)
}

func main() {
	kernel.Run(1000, func(n int) {
		u := make([]float64, n)
		v := make([]float64, n)
		for i := range u {
			u[i] = 1
		}
		for i := 0; i < 10; i++ {
			v = multiplyTwice(u, n)
			u = multiplyTwice(v, n)
		}
		uv, vv := 0.0, 0.0
		for i := range u {
			uv += u[i] * v[i]
			vv += v[i] * v[i]
		}
		fmt.Printf("%.9f\n", math.Sqrt(uv/vv))
	})
}
