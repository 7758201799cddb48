// The last element of a million, found a hundred times.
#define USUAL 1000000
#include "kernel.h"

static int64_t find(const int64_t *xs, size_t count, int64_t wanted) {
    for (size_t i = 0; i < count; i++) {
        if (xs[i] == wanted) return xs[i];
    }
    return 0;
}

static void kernel(int64_t n) {
    int64_t *xs = new_array(int64_t, n), total = 0;
    for (int64_t i = 0; i < n; i++) xs[i] = i * 2;
    for (int turn = 0; turn < 100; turn++) total += find(xs, n, 2 * (n - 1 - turn));
    print_int(total);
    print_text("\n");
    free(xs);
}
