// A million numbers with fractions in order; a few of them and a checksum of all places.
#define USUAL 1000000
#include "kernel.h"

// Quicksort by the median of three, insertion for the last few: the C library's qsort calls a function to compare, and
// WebAssembly has no C library.
static void sort(double *xs, int count) {
    while (count > 16) {
        double a = xs[0], b = xs[count / 2], c = xs[count - 1];
        double pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
        int low = 0, high = count - 1;
        for (;; low++, high--) {
            while (xs[low] < pivot) low++;
            while (xs[high] > pivot) high--;
            if (low >= high) break;
            double x = xs[low];
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
        double x = xs[i];
        int j = i;
        for (; j > 0 && xs[j - 1] > x; j--) xs[j] = xs[j - 1];
        xs[j] = x;
    }
}

static void kernel(int64_t size) {
    int n = (int)size;
    double *xs = new_array(double, n), checksum = 0;
    uint32_t x = 42;
    for (int i = 0; i < n; i++) {
        x = (x * 1103515245u + 12345u) & 0x7fffffff;
        xs[i] = ((double)x - 1000000000) / 4096;
    }
    sort(xs, n);
    for (int i = 0; i < n; i++) checksum += xs[i] * (i % 10);
    print_fixed(xs[0], 6);
    print_text(" ");
    print_fixed(xs[n / 2], 6);
    print_text(" ");
    print_fixed(xs[n - 1], 6);
    print_text(" ");
    print_fixed(checksum, 6);
    print_text("\n");
    free(xs);
}
