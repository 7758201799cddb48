// A result is made and asked in every turn.
#define USUAL 10000000
#include "kernel.h"

typedef struct {
    bool ok;
    int64_t value;
} Result;

static Result checked(int64_t i) { return i % 3 == 0 ? (Result){false, 0} : (Result){true, i}; }

static void kernel(int64_t turns) {
    int64_t total = 0;
    for (int64_t i = 0; i < turns; i++) {
        Result outcome = checked(i);
        if (outcome.ok) total += outcome.value;
    }
    print_int(total);
    print_text("\n");
}
