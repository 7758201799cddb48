// A million whole numbers in order; a few of them and a checksum of all places.
#define USUAL 1000000
#include "kernel.h"

// Quicksort by the median of three, insertion for the last few: the C library's qsort calls a function to compare, and
// WebAssembly has no C library.
static void sort(int64_t *xs, int count) {
    while (count > 16) {
        int64_t a = xs[0], b = xs[count / 2], c = xs[count - 1];
        int64_t pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
        int low = 0, high = count - 1;
        for (;; low++, high--) {
            while (xs[low] < pivot) low++;
            while (xs[high] > pivot) high--;
            if (low >= high) break;
            int64_t x = xs[low];
            xs[low] = xs[high];
            xs[high] = x;
        }
        // The longer part is what the loop goes on with.
        if (low < count - low) {
            sort(xs, low);
            xs += low;
            count -= low;
        } else {
            sort(xs + low, count - low);
            count = low;
        }
    }
    for (int i = 1; i < count; i++) {
        int64_t x = xs[i];
        int j = i;
        for (; j > 0 && xs[j - 1] > x; j--) xs[j] = xs[j - 1];
        xs[j] = x;
    }
}

static void kernel(int64_t size) {
    int n = (int)size;
    int64_t *xs = new_array(int64_t, n), checksum = 0;
    uint32_t x = 42;
    for (int i = 0; i < n; i++) xs[i] = x = (x * 1103515245u + 12345u) & 0x7fffffff;
    sort(xs, n);
    for (int i = 0; i < n; i++) checksum = (checksum + xs[i] * (i % 10)) % 1000000007;
    print_int(xs[0]);
    print_text(" ");
    print_int(xs[n / 2]);
    print_text(" ");
    print_int(xs[n - 1]);
    print_text(" ");
    print_int(checksum);
    print_text("\n");
    free(xs);
}
