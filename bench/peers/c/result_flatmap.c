// A flatMap over a result in every turn; a third of them fail.
#define USUAL 10000000
#include "kernel.h"

typedef struct {
    bool ok;
    int64_t value;
} Result;

static Result checked(int64_t x) { return x % 3 == 0 ? (Result){false, 0} : (Result){true, x * 2}; }

static Result flat_map(Result result, Result (*f)(int64_t)) { return result.ok ? f(result.value) : result; }

static int64_t unwrap_or(Result result, int64_t other) { return result.ok ? result.value : other; }

static void kernel(int64_t turns) {
    int64_t total = 0;
    for (int64_t i = 0; i < turns; i++) total += unwrap_or(flat_map((Result){true, i}, checked), 1);
    print_int(total);
    print_text("\n");
}
