// Dijkstra's shortest paths over a random graph of five edges a node, with a binary heap.
package main

import (
	"fmt"

	"peers/kernel"
)

const (
	edges = 5
	far   = 1000000000000
)

// A heap of keys (distances) and nodes in two slices, the least first.
type heap struct{ keys, nodes []int }

func (h *heap) push(key, node int) {
	h.keys, h.nodes = append(h.keys, key), append(h.nodes, node)
	at := len(h.keys) - 1
	for at > 0 {
		parent := (at - 1) / 2
		if h.keys[parent] <= key {
			break
		}
		h.keys[at], h.nodes[at] = h.keys[parent], h.nodes[parent]
		at = parent
	}
	h.keys[at], h.nodes[at] = key, node
}

func (h *heap) removeFirst() {
	n := len(h.keys) - 1
	key, node := h.keys[n], h.nodes[n]
	h.keys, h.nodes = h.keys[:n], h.nodes[:n]
	if n == 0 {
		return
	}
	at := 0
	for {
		child := 2*at + 1
		if child >= n {
			break
		}
		if child+1 < n && h.keys[child+1] < h.keys[child] {
			child++
		}
		if h.keys[child] >= key {
			break
		}
		h.keys[at], h.nodes[at] = h.keys[child], h.nodes[child]
		at = child
	}
	h.keys[at], h.nodes[at] = key, node
}

func shortest(targets, weights []int, n int) []int {
	distance := make([]int, n)
	for i := range distance {
		distance[i] = far
	}
	distance[0] = 0
	h := &heap{[]int{0}, []int{0}}
	for len(h.keys) > 0 {
		key, node := h.keys[0], h.nodes[0]
		h.removeFirst()
		if key != distance[node] {
			continue
		}
		for edge := node * edges; edge < (node+1)*edges; edge++ {
			target, through := targets[edge], key+weights[edge]
			if through < distance[target] {
				distance[target] = through
				h.push(through, target)
			}
		}
	}
	return distance
}

func main() {
	kernel.Run(200000, func(n int) {
		targets, weights := make([]int, 0), make([]int, 0)
		x := 3
		for i := 0; i < n*edges; i++ {
			x = (x*1103515245 + 12345) % 2147483648
			targets = append(targets, (x>>8)%n)
			weights = append(weights, 1+x%1000)
		}
		reached, farthest, total := 0, 0, 0
		for _, d := range shortest(targets, weights, n) {
			if d < far {
				reached++
				total += d
				if d > farthest {
					farthest = d
				}
			}
		}
		fmt.Printf("%d of %d nodes, %d to the farthest, %d in all\n", reached, n, farthest, total)
	})
}
