// Breadth-first search: how far the cells of a square maze are from its corner.
#define USUAL 1500
#include "kernel.h"

static bool *maze(int n) {
    bool *open = new_array(bool, n * n);
    memset(open, true, (size_t)n * n);
    uint32_t x = 5;
    for (int row = 1; row < n; row++) {
        for (int column = 1; column < n; column++) {
            x = (x * 1103515245u + 12345u) & 0x7fffffff;
            if ((x >> 16) % 3 == 0) open[row * n + column] = false;
        }
    }
    return open;
}

static int *distances(const bool *open, int n) {
    int *found = new_array(int, n * n), *queue = new_array(int, n * n);
    for (int i = 0; i < n * n; i++) found[i] = -1;
    int head = 0, tail = 1;
    found[0] = queue[0] = 0;
    while (head < tail) {
        int cell = queue[head++], column = cell % n, next = found[cell] + 1;
        if (cell >= n && open[cell - n] && found[cell - n] < 0) {
            found[cell - n] = next;
            queue[tail++] = cell - n;
        }
        if (column > 0 && open[cell - 1] && found[cell - 1] < 0) {
            found[cell - 1] = next;
            queue[tail++] = cell - 1;
        }
        if (column < n - 1 && open[cell + 1] && found[cell + 1] < 0) {
            found[cell + 1] = next;
            queue[tail++] = cell + 1;
        }
        if (cell < n * n - n && open[cell + n] && found[cell + n] < 0) {
            found[cell + n] = next;
            queue[tail++] = cell + n;
        }
    }
    free(queue);
    return found;
}

static void kernel(int64_t size) {
    int n = (int)size, reached = 0, farthest = 0;
    int64_t total = 0;
    bool *open = maze(n);
    int *found = distances(open, n);
    for (int i = 0; i < n * n; i++) {
        if (found[i] >= 0) {
            reached++;
            total += found[i];
            if (found[i] > farthest) farthest = found[i];
        }
    }
    print_int(reached);
    print_text(" of ");
    print_int(n * n);
    print_text(" cells, ");
    print_int(farthest);
    print_text(" steps to the farthest, ");
    print_int(total);
    print_text(" in all\n");
    free(open);
    free(found);
}
