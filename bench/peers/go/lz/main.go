// Compression by references to what came before (LZ77 with a hash table of the last places), and back; over bytes.
package main

import (
	"fmt"

	"peers/kernel"
)

const (
	hashSize = 65536
	shortest = 4
	farthest = 65535
)

// Kilobytes of bytes that repeat themselves in part.
func sample(kilobytes int) []byte {
	bytes := make([]byte, 0)
	x := 7
	for len(bytes) < kilobytes*1000 {
		x = (x*1103515245 + 12345) % 2147483648
		if (x>>16)%4 == 0 || len(bytes) < 2000 {
			for i := 0; i < 8; i++ {
				bytes = append(bytes, byte(x>>(3*i)))
			}
		} else {
			start := len(bytes) - 1 - (x>>8)%1900
			length := 5 + (x>>20)%40
			for i := 0; i < length; i++ {
				bytes = append(bytes, bytes[start+i])
			}
		}
	}
	return bytes
}

func hashOf(bytes []byte, at int) int {
	word := int(bytes[at]) | int(bytes[at+1])<<8 | int(bytes[at+2])<<16 | int(bytes[at+3])<<24
	return word * 2654435761 >> 16 & (hashSize - 1)
}

// Literals as 0, byte; copies as length, distance low, distance high.
func compress(bytes []byte) []byte {
	n := len(bytes)
	places := make([]int, hashSize)
	for i := range places {
		places[i] = -1
	}
	out := make([]byte, 0)
	for at := 0; at < n; {
		length, candidate := 0, -1
		if at+shortest <= n {
			hash := hashOf(bytes, at)
			candidate = places[hash]
			places[hash] = at
			if candidate >= 0 && at-candidate <= farthest {
				for length < 255 && at+length < n && bytes[candidate+length] == bytes[at+length] {
					length++
				}
			}
		}
		if length >= shortest {
			distance := at - candidate
			out = append(out, byte(length), byte(distance), byte(distance>>8))
			at += length
		} else {
			out = append(out, 0, bytes[at])
			at++
		}
	}
	return out
}

func expand(packed []byte) []byte {
	out := make([]byte, 0)
	for at := 0; at < len(packed); {
		length := int(packed[at])
		if length == 0 {
			out = append(out, packed[at+1])
			at += 2
			continue
		}
		start := len(out) - (int(packed[at+1]) | int(packed[at+2])<<8)
		for i := 0; i < length; i++ {
			out = append(out, out[start+i])
		}
		at += 3
	}
	return out
}

func checksum(bytes []byte) uint32 {
	sum := uint32(0)
	for _, b := range bytes {
		sum = sum*31 + uint32(b)
	}
	return sum
}

func main() {
	kernel.Run(4000, func(kilobytes int) {
		bytes := sample(kilobytes)
		packed := compress(bytes)
		back := expand(packed)
		fmt.Println(len(bytes), "->", len(packed), "->", len(back))
		fmt.Println(checksum(packed), checksum(back) == checksum(bytes))
	})
}
