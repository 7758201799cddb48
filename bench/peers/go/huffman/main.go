// Huffman's code for the bytes of a text: count them, make the tree, write the bits, read them back.
package main

import (
	"fmt"

	"peers/kernel"
)

// A leaf has no left and right.
type tree struct {
	count, byte int
	left, right *tree
}

// Kilobytes of bytes of which small ones are frequent.
func sample(kilobytes int) []byte {
	bytes := make([]byte, kilobytes*1000)
	x := 11
	for i := range bytes {
		x = (x*1103515245 + 12345) % 2147483648
		bytes[i] = byte((x >> 10) % 64 * ((x >> 16) % 64) >> 5)
	}
	return bytes
}

// The place of the tree with the least count, the first of equal ones.
func least(trees []*tree) int {
	best := 0
	for i, t := range trees {
		if t.count < trees[best].count {
			best = i
		}
	}
	return best
}

func grown(counts []int) *tree {
	trees := make([]*tree, 0)
	for b, count := range counts {
		if count > 0 {
			trees = append(trees, &tree{count: count, byte: b})
		}
	}
	take := func() *tree {
		at := least(trees)
		t := trees[at]
		trees[at] = trees[len(trees)-1]
		trees = trees[:len(trees)-1]
		return t
	}
	for len(trees) > 1 {
		left := take()
		right := take()
		trees = append(trees, &tree{count: left.count + right.count, left: left, right: right})
	}
	return trees[0]
}

func assign(t *tree, code, length int, codes, lengths []int) {
	if t.left == nil {
		codes[t.byte], lengths[t.byte] = code, length
		return
	}
	assign(t.left, code<<1, length+1, codes, lengths)
	assign(t.right, code<<1|1, length+1, codes, lengths)
}

func coded(bytes []byte, codes, lengths []int) []byte {
	out := make([]byte, len(bytes)*2)
	bits, held, at := 0, 0, 0
	for _, b := range bytes {
		bits = bits<<lengths[b] | codes[b]
		held += lengths[b]
		for held >= 8 {
			held -= 8
			out[at] = byte(bits >> held)
			at++
		}
		bits &= 1<<held - 1
	}
	if held > 0 {
		out[at] = byte(bits << (8 - held))
		at++
	}
	return out[:at]
}

func decoded(packed []byte, t *tree, count int) []byte {
	out := make([]byte, count)
	node, at := t, 0
	for i := 0; at < count; i++ {
		for bit := 7; bit >= 0 && at < count; bit-- {
			if packed[i]>>bit&1 == 0 {
				node = node.left
			} else {
				node = node.right
			}
			if node.left == nil {
				out[at] = byte(node.byte)
				at++
				node = t
			}
		}
	}
	return out
}

func checksum(bytes []byte) uint32 {
	total := uint32(0)
	for _, b := range bytes {
		total = total*31 + uint32(b)
	}
	return total
}

func main() {
	kernel.Run(4000, func(kilobytes int) {
		bytes := sample(kilobytes)
		counts, codes, lengths := make([]int, 256), make([]int, 256), make([]int, 256)
		for _, b := range bytes {
			counts[b]++
		}
		t := grown(counts)
		assign(t, 0, 0, codes, lengths)
		packed := coded(bytes, codes, lengths)
		back := decoded(packed, t, len(bytes))
		fmt.Printf("%d bytes, %d coded, %d, %t\n", len(bytes), len(packed), checksum(packed), checksum(back) == checksum(bytes))
	})
}
