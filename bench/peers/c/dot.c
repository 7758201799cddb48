// The dot product of two arrays of a million numbers, a hundred times.
#define USUAL 1000000
#include "kernel.h"

static double dot(const double *xs, const double *ys, int64_t n) {
    double total = 0;
    for (int64_t i = 0; i < n; i++) total += xs[i] * ys[i];
    return total;
}

static void kernel(int64_t n) {
    double *xs = new_array(double, n), *ys = new_array(double, n), total = 0;
    for (int64_t i = 0; i < n; i++) {
        xs[i] = (double)(i % 100);
        ys[i] = (double)(i % 7);
    }
    for (int turn = 0; turn < 100; turn++) {
        xs[turn] = turn;
        total += dot(xs, ys, n);
    }
    print_fixed(total, 1);
    print_text("\n");
    free(xs);
    free(ys);
}
