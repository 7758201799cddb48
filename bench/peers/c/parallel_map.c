// A costly function of many numbers, each on its own, on one thread.
#define USUAL 300000
#include "kernel.h"

static int steps_to_one(int64_t n) {
    int taken = 0;
    for (; n != 1; taken++) n = n % 2 == 0 ? n >> 1 : 3 * n + 1;
    return taken;
}

static void kernel(int64_t n) {
    int *results = new_array(int, n);
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++) results[i] = steps_to_one(i + 1);
    for (int64_t i = 0; i < n; i++) total += results[i];
    print_int(n);
    print_text(" numbers, ");
    print_int(total);
    print_text(" steps, ");
    print_int(results[n - 1]);
    print_text(" for the last\n");
    free(results);
}
