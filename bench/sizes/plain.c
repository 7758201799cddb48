// What every kernel has: reading a size, printing an integer.
#define USUAL 1
#include "../peers/c/kernel.h"

static void kernel(int64_t n) {
    print_int(n);
    print_text(" of ");
    print_int(n);
    print_text("\n");
}
