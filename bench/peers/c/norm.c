// The Euclidean norm of an array of a million numbers, a hundred times.
#define USUAL 1000000
#include "kernel.h"

static double norm(const double *xs, int64_t n) {
    double total = 0;
    for (int64_t i = 0; i < n; i++) total += xs[i] * xs[i];
    return square_root(total);
}

static void kernel(int64_t n) {
    double *xs = new_array(double, n), total = 0;
    for (int64_t i = 0; i < n; i++) xs[i] = (double)(i % 100);
    for (int turn = 0; turn < 100; turn++) {
        xs[turn] = turn;
        total += norm(xs, n);
    }
    print_fixed(total, 6);
    print_text("\n");
    free(xs);
}
