// A value that may be missing in every turn.
#define USUAL 10000000
#include "kernel.h"

typedef struct {
    bool some;
    int64_t value;
} Option;

static Option odd(int64_t i) { return i % 2 == 0 ? (Option){false, 0} : (Option){true, i}; }

static int64_t unwrap_or(Option option, int64_t other) { return option.some ? option.value : other; }

static void kernel(int64_t turns) {
    int64_t total = 0;
    for (int64_t i = 0; i < turns; i++) total += unwrap_or(odd(i), 7);
    print_int(total);
    print_text("\n");
}
