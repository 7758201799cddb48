// What every kernel has that works on an array and prints floating-point numbers: reading a size, memory, printing.
#define USUAL 1
#include "../peers/c/kernel.h"

static void kernel(int64_t n) {
    double *numbers = new_array(double, n);
    for (int64_t i = 0; i < n; i++) numbers[i] = (double)n / 3;
    print_fixed(numbers[n - 1], 9);
    print_text(" of ");
    print_int(n);
    print_text("\n");
    free(numbers);
}
