// Pancakes: for each order of n of them, how many flips it takes until number 1 lies on top.
#define USUAL 10
#include "kernel.h"

static int fannkuch(int n, int *most_flips) {
    int *order = new_array(int, n), *flipped = new_array(int, n), *counts = new_array(int, n);
    int checksum = 0, left = n;
    bool is_even = true;
    for (int i = 0; i < n; i++) order[i] = i;
    for (;;) {
        for (; left > 1; left--) counts[left - 1] = left;

        int top = order[0];
        if (top != 0) {
            for (int i = 0; i < n; i++) flipped[i] = order[i];
            int flips = 0;
            while (top != 0) {
                for (int low = 0, high = top; low < high; low++, high--) {
                    int pancake = flipped[low];
                    flipped[low] = flipped[high];
                    flipped[high] = pancake;
                }
                flips++;
                top = flipped[0];
            }
            if (flips > *most_flips) *most_flips = flips;
            checksum += is_even ? flips : -flips;
        }

        is_even = !is_even;
        for (;;) {
            if (left == n) return checksum;
            int front = order[0];
            for (int i = 0; i < left; i++) order[i] = order[i + 1];
            order[left] = front;
            if (--counts[left] > 0) break;
            left++;
        }
    }
}

static void kernel(int64_t n) {
    int most_flips = 0;
    print_int(fannkuch((int)n, &most_flips));
    print_text("\nPfannkuchen(");
    print_int(n);
    print_text(") = ");
    print_int(most_flips);
    print_text("\n");
}
