// A switch of ten arms over numbers.
#define USUAL 10000000
#include "kernel.h"

static int pick(int64_t n) {
    switch (n) {
        case 0: return 1;
        case 1: return 2;
        case 2: return 3;
        case 3: return 4;
        case 4: return 5;
        case 5: return 6;
        case 6: return 7;
        case 7: return 8;
        case 8: return 9;
        default: return 10;
    }
}

static void kernel(int64_t turns) {
    int64_t total = 0;
    for (int64_t i = 0; i < turns; i++) total += pick(i % 12);
    print_int(total);
    print_text("\n");
}
