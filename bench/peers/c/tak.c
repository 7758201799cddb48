// Takeuchi's function: nothing but calls.
#define USUAL 24
#include "kernel.h"

static int tak(int x, int y, int z) {
    return y >= x ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

static void kernel(int64_t size) {
    int n = (int)size;
    print_int(tak(n, n - 8, n - 18));
    print_text("\n");
}
