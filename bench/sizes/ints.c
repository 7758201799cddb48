// What every kernel has that works on an array and prints integers: reading a size, memory, printing.
#define USUAL 1
#include "../peers/c/kernel.h"

static void kernel(int64_t n) {
    int64_t *numbers = new_array(int64_t, n);
    for (int64_t i = 0; i < n; i++) numbers[i] = n;
    print_int(numbers[n - 1]);
    print_text(" of ");
    print_int(n);
    print_text("\n");
    free(numbers);
}
