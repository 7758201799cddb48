// The number below a limit that takes longest to reach 1: halve it if even, else take 3n + 1.
#define USUAL 1000000
#include "kernel.h"

static int steps_to_one(int64_t n) {
    int taken = 0;
    for (; n != 1; taken++) n = n % 2 == 0 ? n >> 1 : 3 * n + 1;
    return taken;
}

static void kernel(int64_t limit) {
    int64_t best = 1;
    int longest = 0;
    for (int64_t n = 1; n < limit; n++) {
        int taken = steps_to_one(n);
        if (taken > longest) {
            best = n;
            longest = taken;
        }
    }
    print_int(best);
    print_text(" takes ");
    print_int(longest);
    print_text(" steps\n");
}
