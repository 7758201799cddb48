// Squares of a million numbers, those that 3 divides, their sum; in one loop, as a user of C writes it.
#define USUAL 1000000
#include "kernel.h"

static void kernel(int64_t n) {
    int64_t *xs = new_array(int64_t, n), total = 0;
    for (int64_t i = 0; i < n; i++) xs[i] = i;
    for (int turn = 0; turn < 10; turn++) {
        for (int64_t i = 0; i < n; i++) {
            int64_t y = xs[i] * xs[i] + turn;
            if (y % 3 == 0) total += y;
        }
    }
    print_int(total);
    print_text("\n");
    free(xs);
}
