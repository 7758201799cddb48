// Fibonacci numbers by a loop that carries two values, which wrap around at 64 bits.
#define USUAL 50000000
#include "kernel.h"

static int64_t fib(int64_t n) {
    uint64_t a = 0, b = 1;
    for (int64_t i = 0; i < n; i++) {
        uint64_t next = a + b;
        a = b;
        b = next;
    }
    return (int64_t)a;
}

static void kernel(int64_t n) {
    print_text("fib(");
    print_int(n);
    print_text(") = ");
    print_int(fib(n));
    print_text("\n");
}
