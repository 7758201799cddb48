// The derivative of 3x² + ax² + bx + 5 as a new expression, many times.
#define USUAL 1000000
#include "kernel.h"

// What a derivative takes over from the expression is shared, so nodes count how many have them.
enum Kind { NUM, VAR, ADD, MUL };

typedef struct Expr {
    enum Kind kind;
    int users, value;
    struct Expr *left, *right;
} Expr;

static Expr *made(enum Kind kind, int value, Expr *left, Expr *right) {
    Expr *e = new_array(Expr, 1);
    *e = (Expr){kind, 1, value, left, right};
    return e;
}

static Expr *shared(Expr *e) {
    e->users++;
    return e;
}

static void release(Expr *e) {
    if (--e->users) return;
    if (e->kind >= ADD) {
        release(e->left);
        release(e->right);
    }
    free(e);
}

static Expr *derivative(Expr *e, int name) {
    switch (e->kind) {
        case NUM: return made(NUM, 0, NULL, NULL);
        case VAR: return made(NUM, e->value == name, NULL, NULL);
        case ADD: return made(ADD, 0, derivative(e->left, name), derivative(e->right, name));
        default:
            return made(ADD, 0, made(MUL, 0, shared(e->left), derivative(e->right, name)),
                        made(MUL, 0, derivative(e->left, name), shared(e->right)));
    }
}

static int nodes(const Expr *e) { return e->kind < ADD ? 1 : 1 + nodes(e->left) + nodes(e->right); }

static Expr *polynomial(void) {
    Expr *x = made(VAR, 0, NULL, NULL);
    Expr *three = made(NUM, 3, NULL, NULL), *a = made(VAR, 1, NULL, NULL), *b = made(VAR, 2, NULL, NULL);
    Expr *squares = made(ADD, 0, made(MUL, 0, three, made(MUL, 0, x, shared(x))),
                         made(MUL, 0, a, made(MUL, 0, shared(x), shared(x))));
    return made(ADD, 0, squares, made(ADD, 0, made(MUL, 0, b, shared(x)), made(NUM, 5, NULL, NULL)));
}

static void kernel(int64_t turns) {
    Expr *e = polynomial();
    int64_t total = 0;
    for (int64_t i = 0; i < turns; i++) {
        Expr *result = derivative(e, 0);
        total += nodes(result);
        release(result);
    }
    print_int(total);
    print_text(" nodes\n");
    release(e);
}
