// Texts for the C peers: views of bytes, building them, searching. The C library's functions where there is one.
#pragma once

#include "kernel.h"

typedef struct {
    const char *at;
    size_t count;
} Text;

#define TEXT(literal) ((Text){literal, sizeof(literal) - 1})

__attribute__((unused)) static void push_text(Bytes *bytes, Text text) {
    if (bytes->room - bytes->count < text.count) {
        while (bytes->room - bytes->count < text.count) bytes->room = bytes->room ? 2 * bytes->room : 64;
        bytes->at = realloc(bytes->at, bytes->room);
        if (!bytes->at) fail("out of memory");
    }
    memcpy(bytes->at + bytes->count, text.at, text.count);
    bytes->count += text.count;
}

__attribute__((unused)) static void push_int(Bytes *bytes, uint64_t value) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    push_text(bytes, (Text){digits + at, sizeof digits - at});
}

__attribute__((unused)) static Text text_of(Bytes bytes) { return (Text){(const char *)bytes.at, bytes.count}; }

__attribute__((unused)) static bool is_same(Text a, Text b) {
    if (a.count != b.count) return false;
    for (size_t i = 0; i < a.count; i++) {
        if (a.at[i] != b.at[i]) return false;
    }
    return true;
}

// Below 0, 0 or above 0, as a comes before b, is b, or comes after it.
__attribute__((unused)) static int compared(Text a, Text b) {
    for (size_t i = 0; i < a.count && i < b.count; i++) {
        if (a.at[i] != b.at[i]) return (uint8_t)a.at[i] - (uint8_t)b.at[i];
    }
    return (a.count > b.count) - (a.count < b.count);
}

// Where the first `wanted` is, or NULL.
__attribute__((unused)) static const char *found(Text text, Text wanted) {
#ifdef __wasm__
    if (text.count < wanted.count) return NULL;
    const char *last = text.at + (text.count - wanted.count);
    for (const char *at = text.at; at <= last; at++) {
        if (*at == *wanted.at && is_same((Text){at, wanted.count}, wanted)) return at;
    }
    return NULL;
#else
    return memmem(text.at, text.count, wanted.at, wanted.count);
#endif
}

// How many characters UTF-8 bytes are.
__attribute__((unused)) static size_t characters(Text text) {
    size_t count = 0;
    for (size_t i = 0; i < text.count; i++) count += (text.at[i] & 0xc0) != 0x80;
    return count;
}
