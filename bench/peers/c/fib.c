// Fibonacci numbers by plain recursion.
#define USUAL 40
#include "kernel.h"

static int64_t fib(int64_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static void kernel(int64_t n) {
    print_text("fib(");
    print_int(n);
    print_text(") = ");
    print_int(fib(n));
    print_text("\n");
}
