// A counter, called in every turn: a function and what it remembers.
#define USUAL 10000000
#include "kernel.h"

typedef struct {
    int64_t count, step;
} Counter;

static int64_t next(Counter *counter) { return counter->count += counter->step; }

static void kernel(int64_t turns) {
    Counter counter = {0, turns % 7 + 1};
    int64_t last = 0;
    for (int64_t i = 0; i < turns; i++) last = next(&counter);
    print_int(last);
    print_text("\n");
}
