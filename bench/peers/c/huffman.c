// Huffman's code for the bytes of a text: count them, make the tree, write the bits, read them back.
#define USUAL 4000
#include "kernel.h"

// A leaf has no left and right.
typedef struct Tree {
    int count, byte;
    struct Tree *left, *right;
} Tree;

// Kilobytes of bytes of which small ones are frequent.
static uint8_t *sample(size_t size) {
    uint8_t *bytes = new_array(uint8_t, size);
    uint32_t x = 11;
    for (size_t i = 0; i < size; i++) {
        x = (x * 1103515245u + 12345u) & 0x7fffffff;
        bytes[i] = (uint8_t)(((x >> 10) % 64 * ((x >> 16) % 64)) >> 5);
    }
    return bytes;
}

static Tree *made(int count, int byte, Tree *left, Tree *right) {
    Tree *tree = new_array(Tree, 1);
    *tree = (Tree){count, byte, left, right};
    return tree;
}

// Takes away the tree with the least count, the first of equal ones.
static Tree *take_least(Tree **trees, int *count) {
    int best = 0;
    for (int i = 1; i < *count; i++) {
        if (trees[i]->count < trees[best]->count) best = i;
    }
    Tree *tree = trees[best];
    trees[best] = trees[--*count];
    return tree;
}

static Tree *grown(const int *counts) {
    Tree *trees[256];
    int count = 0;
    for (int byte = 0; byte < 256; byte++) {
        if (counts[byte]) trees[count++] = made(counts[byte], byte, NULL, NULL);
    }
    while (count > 1) {
        Tree *left = take_least(trees, &count), *right = take_least(trees, &count);
        trees[count++] = made(left->count + right->count, 0, left, right);
    }
    return trees[0];
}

static void assign(const Tree *tree, int code, int length, int *codes, int *lengths) {
    if (!tree->left) {
        codes[tree->byte] = code;
        lengths[tree->byte] = length;
        return;
    }
    assign(tree->left, code << 1, length + 1, codes, lengths);
    assign(tree->right, code << 1 | 1, length + 1, codes, lengths);
}

// `size` becomes that of the code.
static uint8_t *coded(const uint8_t *bytes, size_t *size, const int *codes, const int *lengths) {
    uint8_t *out = new_array(uint8_t, *size * 2);
    size_t at = 0;
    int64_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < *size; i++) {
        bits = bits << lengths[bytes[i]] | codes[bytes[i]];
        for (held += lengths[bytes[i]]; held >= 8;) {
            held -= 8;
            out[at++] = (uint8_t)(bits >> held);
        }
        bits &= ((int64_t)1 << held) - 1;
    }
    if (held > 0) out[at++] = (uint8_t)(bits << (8 - held));
    *size = at;
    return out;
}

static uint8_t *decoded(const uint8_t *packed, const Tree *tree, size_t count) {
    uint8_t *out = new_array(uint8_t, count);
    const Tree *node = tree;
    for (size_t i = 0, at = 0; at < count; i++) {
        for (int bit = 7; bit >= 0 && at < count; bit--) {
            node = packed[i] >> bit & 1 ? node->right : node->left;
            if (!node->left) {
                out[at++] = (uint8_t)node->byte;
                node = tree;
            }
        }
    }
    return out;
}

static uint32_t checksum(const uint8_t *bytes, size_t count) {
    uint32_t total = 0;
    for (size_t i = 0; i < count; i++) total = total * 31 + bytes[i];
    return total;
}

static void kernel(int64_t kilobytes) {
    size_t size = (size_t)kilobytes * 1000, used = size;
    uint8_t *bytes = sample(size);
    int counts[256] = {0}, codes[256], lengths[256];
    for (size_t i = 0; i < size; i++) counts[bytes[i]]++;
    Tree *tree = grown(counts);
    assign(tree, 0, 0, codes, lengths);
    uint8_t *packed = coded(bytes, &used, codes, lengths), *back = decoded(packed, tree, size);
    print_int(size);
    print_text(" bytes, ");
    print_int(used);
    print_text(" coded, ");
    print_int(checksum(packed, used));
    print_text(checksum(back, size) == checksum(bytes, size) ? ", true\n" : ", false\n");
}
