// Binary trees of the benchmarks game: many small trees live shortly, one lives through all.
#define USUAL 18
#include "kernel.h"

typedef struct Tree {
    struct Tree *left, *right;
} Tree;

static Tree *bottom_up(int depth) {
    if (depth == 0) return NULL;
    Tree *tree = new_array(Tree, 1);
    tree->left = bottom_up(depth - 1);
    tree->right = bottom_up(depth - 1);
    return tree;
}

static int check(const Tree *tree) { return tree ? 1 + check(tree->left) + check(tree->right) : 1; }

static void release(Tree *tree) {
    if (!tree) return;
    release(tree->left);
    release(tree->right);
    free(tree);
}

static int check_and_release(Tree *tree) {
    int result = check(tree);
    release(tree);
    return result;
}

static void kernel(int64_t size) {
    int deepest = (int)size;
    print_text("stretch ");
    print_int(check_and_release(bottom_up(deepest + 1)));
    Tree *lasting = bottom_up(deepest);
    for (int depth = 4; depth <= deepest; depth += 2) {
        int turns = 1 << (deepest - depth + 4);
        int64_t total = 0;
        for (int i = 0; i < turns; i++) total += check_and_release(bottom_up(depth));
        print_text("\n");
        print_int(turns);
        print_text(" trees of depth ");
        print_int(depth);
        print_text(": ");
        print_int(total);
    }
    print_text("\nlong lived ");
    print_int(check_and_release(lasting));
    print_text("\n");
}
