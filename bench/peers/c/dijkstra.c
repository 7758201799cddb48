// Dijkstra's shortest paths over a random graph of five edges a node, with a binary heap.
#define USUAL 200000
#include "kernel.h"

#define EDGES 5
#define FAR 1000000000000

// The heap: keys (distances) with their nodes, the least first.
typedef struct {
    int64_t key;
    int node;
} Entry;

typedef struct {
    Entry *at;
    int count, room;
} Heap;

static void push_entry(Heap *heap, Entry entry) {
    if (heap->count == heap->room) {
        heap->room = heap->room ? 2 * heap->room : 64;
        heap->at = realloc(heap->at, heap->room * sizeof(Entry));
        if (!heap->at) fail("out of memory");
    }
    int at = heap->count++;
    for (int parent; at > 0 && heap->at[parent = (at - 1) / 2].key > entry.key; at = parent) {
        heap->at[at] = heap->at[parent];
    }
    heap->at[at] = entry;
}

static void remove_first(Heap *heap) {
    Entry entry = heap->at[--heap->count];
    int n = heap->count, at = 0;
    for (;;) {
        int child = 2 * at + 1;
        if (child >= n) break;
        if (child + 1 < n && heap->at[child + 1].key < heap->at[child].key) child++;
        if (heap->at[child].key >= entry.key) break;
        heap->at[at] = heap->at[child];
        at = child;
    }
    heap->at[at] = entry;
}

static int64_t *shortest(const int *targets, const int *weights, int n) {
    int64_t *distance = new_array(int64_t, n);
    for (int i = 0; i < n; i++) distance[i] = FAR;
    distance[0] = 0;
    Heap heap = {0};
    push_entry(&heap, (Entry){0, 0});
    while (heap.count > 0) {
        Entry first = heap.at[0];
        remove_first(&heap);
        if (first.key != distance[first.node]) continue;
        for (int edge = first.node * EDGES; edge < (first.node + 1) * EDGES; edge++) {
            int64_t through = first.key + weights[edge];
            if (through < distance[targets[edge]]) {
                distance[targets[edge]] = through;
                push_entry(&heap, (Entry){through, targets[edge]});
            }
        }
    }
    free(heap.at);
    return distance;
}

static void kernel(int64_t size) {
    int n = (int)size, reached = 0;
    int *targets = new_array(int, n * EDGES), *weights = new_array(int, n * EDGES);
    uint32_t x = 3;
    for (int i = 0; i < n * EDGES; i++) {
        x = (x * 1103515245u + 12345u) & 0x7fffffff;
        targets[i] = (int)((x >> 8) % (uint32_t)n);
        weights[i] = (int)(1 + x % 1000);
    }
    int64_t *distance = shortest(targets, weights, n), farthest = 0, total = 0;
    for (int i = 0; i < n; i++) {
        if (distance[i] < FAR) {
            reached++;
            total += distance[i];
            if (distance[i] > farthest) farthest = distance[i];
        }
    }
    print_int(reached);
    print_text(" of ");
    print_int(n);
    print_text(" nodes, ");
    print_int(farthest);
    print_text(" to the farthest, ");
    print_int(total);
    print_text(" in all\n");
    free(targets);
    free(weights);
    free(distance);
}
