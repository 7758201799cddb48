// The product of two square matrices, each a slice of rows.
package main

import (
	"fmt"

	"peers/kernel"
)

func matrix(n int, cell func(i, j int) float64) [][]float64 {
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, n)
		for j := range rows[i] {
			rows[i][j] = cell(i, j)
		}
	}
	return rows
}

func multiply(a, b [][]float64, n int) [][]float64 {
	result := matrix(n, func(i, j int) float64 { return 0 })
	for i := 0; i < n; i++ {
		for j := 0; j < n; j++ {
			total := 0.0
			for k := 0; k < n; k++ {
				total += a[i][k] * b[k][j]
			}
			result[i][j] = total
		}
	}
	return result
}

func main() {
	kernel.Run(200, func(n int) {
		a := matrix(n, func(i, j int) float64 { return float64(i+j) / float64(n) })
		b := matrix(n, func(i, j int) float64 { return float64(i-j+1) / float64(n) })
		c := multiply(a, b, n)
		trace := 0.0
		for i := 0; i < n; i++ {
			trace += c[i][i]
		}
		fmt.Printf("trace %.6f\n", trace)
		fmt.Printf("corners %.6f %.6f %.6f\n", c[0][0], c[0][n-1], c[n-1][0])
	})
}
