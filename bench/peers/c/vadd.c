// A new array of the sums of two others, a million numbers each, a hundred times.
#define USUAL 1000000
#include "kernel.h"

static double *add(const double *xs, const double *ys, int64_t n) {
    double *sums = new_array(double, n);
    for (int64_t i = 0; i < n; i++) sums[i] = xs[i] + ys[i];
    return sums;
}

static void kernel(int64_t n) {
    double *xs = new_array(double, n), *ys = new_array(double, n), total = 0;
    for (int64_t i = 0; i < n; i++) {
        xs[i] = (double)(i % 100);
        ys[i] = (double)(i % 7);
    }
    for (int turn = 0; turn < 100; turn++) {
        xs[turn] = turn;
        double *sums = add(xs, ys, n);
        total += sums[turn] + sums[n - 1];
        free(sums);
    }
    print_fixed(total, 1);
    print_text("\n");
    free(xs);
    free(ys);
}
