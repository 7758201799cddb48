// The compensated sum (Neumaier) of an array of a million numbers, a hundred times.
#define USUAL 1000000
#include "kernel.h"

static double sum(const double *xs, int64_t n) {
    double total = 0, lost = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = xs[i], next = total + x;
        lost += __builtin_fabs(total) >= __builtin_fabs(x) ? (total - next) + x : (x - next) + total;
        total = next;
    }
    return total + lost;
}

static void kernel(int64_t n) {
    double *xs = new_array(double, n), total = 0;
    for (int64_t i = 0; i < n; i++) xs[i] = 1 / (double)(i + 1);
    for (int turn = 0; turn < 100; turn++) {
        xs[turn] = turn;
        total += sum(xs, n);
    }
    print_fixed(total, 6);
    print_text("\n");
    free(xs);
}
