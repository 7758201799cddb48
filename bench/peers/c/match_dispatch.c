// Areas of shapes of four kinds, by a switch in a loop.
#define USUAL 10000000
#include "kernel.h"

enum Kind { CIRCLE, SQUARE, RECTANGLE, TRIANGLE };

typedef struct {
    enum Kind kind;
    double a, b;
} Shape;

static double area(const Shape *shape) {
    switch (shape->kind) {
        case CIRCLE: return 3 * shape->a * shape->a;
        case SQUARE: return shape->a * shape->a;
        case RECTANGLE: return shape->a * shape->b;
        case TRIANGLE: return 0.5 * shape->a * shape->b;
    }
    __builtin_unreachable();
}

static void kernel(int64_t turns) {
    const Shape shapes[] = {{CIRCLE, 1.5, 0}, {SQUARE, 2, 0}, {RECTANGLE, 2, 3}, {TRIANGLE, 4, 5}};
    double total = 0;
    for (int64_t i = 0; i < turns; i++) total += area(&shapes[i % 4]);
    print_int((int64_t)total);
    print_text("\n");
}
