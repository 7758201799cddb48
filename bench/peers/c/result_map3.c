// Three maps over a result in every turn.
#define USUAL 10000000
#include "kernel.h"

typedef struct {
    bool ok;
    int64_t value;
} Result;

static Result map(Result result, int64_t (*f)(int64_t)) {
    return result.ok ? (Result){true, f(result.value)} : result;
}

static int64_t more(int64_t x) { return x + 1; }
static int64_t twice(int64_t x) { return x * 2; }
static int64_t less(int64_t x) { return x - 1; }

static void kernel(int64_t turns) {
    int64_t total = 0;
    for (int64_t i = 0; i < turns; i++) total += map(map(map((Result){true, i}, more), twice), less).value;
    print_int(total);
    print_text("\n");
}
