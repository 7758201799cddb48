// The edit distance of two texts, letter by letter.
#define USUAL 2000
#include "kernel.h"

static int smallest(int a, int b, int c) {
    if (a < b) return a < c ? a : c;
    return b < c ? b : c;
}

static int distance(const char *source, int source_count, const char *target, int target_count) {
    int *above = new_array(int, target_count + 1), *current = new_array(int, target_count + 1);
    for (int j = 0; j <= target_count; j++) above[j] = j;
    for (int i = 0; i < source_count; i++) {
        current[0] = i + 1;
        for (int j = 0; j < target_count; j++) {
            int cost = source[i] == target[j] ? 0 : 1;
            current[j + 1] = smallest(above[j + 1] + 1, current[j] + 1, above[j] + cost);
        }
        int *row = above;
        above = current;
        current = row;
    }
    int result = above[target_count];
    free(above);
    free(current);
    return result;
}

static char *text(int n, uint32_t seed) {
    char *letters = new_array(char, n);
    uint32_t x = seed;
    for (int i = 0; i < n; i++) {
        x = (x * 1103515245u + 12345u) & 0x7fffffff;
        letters[i] = "abcdefgh"[(x >> 16) % 8];
    }
    return letters;
}

static void kernel(int64_t size) {
    int n = (int)size;
    print_text("kitten -> sitting: ");
    print_int(distance("kitten", 6, "sitting", 7));
    print_text("\nflaw -> lawn: ");
    print_int(distance("flaw", 4, "lawn", 4));
    print_text("\n");
    print_int(n);
    print_text(" letters: ");
    print_int(distance(text(n, 1), n, text(n, 2), n));
    print_text("\n");
}
