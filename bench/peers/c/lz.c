// Compression by references to what came before (LZ77 with a hash table of the last places), and back; over bytes.
#define USUAL 4000
#include "kernel.h"

#define HASH_SIZE 65536
#define SHORTEST 4
#define FARTHEST 65535

// Kilobytes of bytes that repeat themselves in part.
static Bytes sample(int kilobytes) {
    Bytes bytes = {0};
    uint32_t x = 7;
    while (bytes.count < (size_t)kilobytes * 1000) {
        x = (x * 1103515245u + 12345u) & 0x7fffffff;
        if ((x >> 16) % 4 == 0 || bytes.count < 2000) {
            for (int i = 0; i < 8; i++) push(&bytes, (uint8_t)(x >> (3 * i)));
        } else {
            size_t start = bytes.count - 1 - (x >> 8) % 1900, length = 5 + (x >> 20) % 40;
            for (size_t i = 0; i < length; i++) push(&bytes, bytes.at[start + i]);
        }
    }
    return bytes;
}

static uint32_t hash_of(const uint8_t *bytes) {
    uint32_t word = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return word * 2654435761u >> 16;
}

// Literals as 0, byte; copies as length, distance low, distance high.
static Bytes compress(Bytes in) {
    int n = (int)in.count, *places = new_array(int, HASH_SIZE);
    for (int i = 0; i < HASH_SIZE; i++) places[i] = -1;
    Bytes out = {0};
    for (int at = 0; at < n;) {
        int length = 0, candidate = -1;
        if (at + SHORTEST <= n) {
            uint32_t hash = hash_of(in.at + at);
            candidate = places[hash];
            places[hash] = at;
            if (candidate >= 0 && at - candidate <= FARTHEST) {
                while (length < 255 && at + length < n && in.at[candidate + length] == in.at[at + length]) length++;
            }
        }
        if (length >= SHORTEST) {
            int distance = at - candidate;
            push(&out, (uint8_t)length);
            push(&out, (uint8_t)distance);
            push(&out, (uint8_t)(distance >> 8));
            at += length;
        } else {
            push(&out, 0);
            push(&out, in.at[at++]);
        }
    }
    free(places);
    return out;
}

static Bytes expand(Bytes packed) {
    Bytes out = {0};
    for (size_t at = 0; at < packed.count;) {
        int length = packed.at[at];
        if (length == 0) {
            push(&out, packed.at[at + 1]);
            at += 2;
            continue;
        }
        size_t start = out.count - (packed.at[at + 1] | packed.at[at + 2] << 8);
        for (int i = 0; i < length; i++) push(&out, out.at[start + i]);
        at += 3;
    }
    return out;
}

static uint32_t checksum(Bytes bytes) {
    uint32_t sum = 0;
    for (size_t i = 0; i < bytes.count; i++) sum = sum * 31 + bytes.at[i];
    return sum;
}

static void kernel(int64_t kilobytes) {
    Bytes bytes = sample((int)kilobytes), packed = compress(bytes), back = expand(packed);
    print_int(bytes.count);
    print_text(" -> ");
    print_int(packed.count);
    print_text(" -> ");
    print_int(back.count);
    print_text("\n");
    print_int(checksum(packed));
    print_text(checksum(back) == checksum(bytes) ? " true\n" : " false\n");
}
