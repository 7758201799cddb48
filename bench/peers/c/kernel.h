// What every C peer is built on: it defines `kernel` and includes this file, which has an entry for each target.
//
//     #define USUAL 40
//     #include "kernel.h"
//     static void kernel(int64_t size) { print_int(fib(size)); print_text("\n"); }
//
// Natively that is the C library. For wasm32 (freestanding, no library) it is the few functions of kernel_wasm.h on the
// imports that the programs of wasmlathe have too, so both run in the same engine under the same host.
#pragma once

#define _GNU_SOURCE  // for memmem, natively

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define square_root __builtin_sqrt

// The size of the run: the first argument, or else USUAL.
static void kernel(int64_t size);

// Not inlined, so that the kernel's code is the kernel's.
#define HARNESS __attribute__((unused, noinline)) static

HARNESS void print_text(const char *text);
HARNESS void print_bytes(const void *bytes, size_t count);
HARNESS void print_int(int64_t value);
// `digits` (at most 9) behind the point, rounded; for values below 1e15.
HARNESS void print_fixed(double value, int digits);
// Ends the run with a message and status 1.
_Noreturn HARNESS void fail(const char *message);

#ifdef __wasm__
#include "kernel_wasm.h"
#else
#include "kernel_native.h"
#endif

// An array of `count` elements of a type, not initialized.
#define new_array(type, count) ((type *)allocated((size_t)(count) * sizeof(type)))

HARNESS void *allocated(size_t bytes) {
    void *memory = malloc(bytes);
    if (!memory) fail("out of memory");
    return memory;
}

// Bytes that grow at their end, by doubling.
typedef struct {
    uint8_t *at;
    size_t count, room;
} Bytes;

__attribute__((unused)) static inline void push(Bytes *bytes, uint8_t byte) {
    if (__builtin_expect(bytes->count == bytes->room, 0)) {
        bytes->room = bytes->room ? 2 * bytes->room : 64;
        bytes->at = realloc(bytes->at, bytes->room);
        if (!bytes->at) fail("out of memory");
    }
    bytes->at[bytes->count++] = byte;
}
