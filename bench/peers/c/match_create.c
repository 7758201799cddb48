// A shape is made and matched in every turn.
#define USUAL 10000000
#include "kernel.h"

enum Kind { CIRCLE, RECTANGLE };

typedef struct {
    enum Kind kind;
    double a, b;
} Shape;

static double area(const Shape *shape) {
    switch (shape->kind) {
        case CIRCLE: return 3 * shape->a * shape->a;
        case RECTANGLE: return shape->a * shape->b;
    }
    __builtin_unreachable();
}

static void kernel(int64_t turns) {
    double total = 0;
    for (int64_t i = 0; i < turns; i++) {
        double x = (double)(i % 8);
        Shape shape = i % 2 == 0 ? (Shape){CIRCLE, x, 0} : (Shape){RECTANGLE, x, 2};
        total += area(&shape);
    }
    print_int((int64_t)total);
    print_text("\n");
}
