// One text cut into a million pieces, ten times.
#define USUAL 1000000
#include "texts.h"

// The numbers below n as texts.
static Text *numbers(int64_t n) {
    Text *texts = new_array(Text, n);
    for (int64_t i = 0; i < n; i++) {
        Bytes bytes = {0};
        push_int(&bytes, i);
        texts[i] = text_of(bytes);
    }
    return texts;
}

static Bytes join(const Text *texts, size_t count, Text separator) {
    size_t room = count ? separator.count * (count - 1) : 0;
    for (size_t i = 0; i < count; i++) room += texts[i].count;
    Bytes out = {new_array(uint8_t, room + 1), 0, room + 1};
    for (size_t i = 0; i < count; i++) {
        if (i) push_text(&out, separator);
        push_text(&out, texts[i]);
    }
    return out;
}

static size_t split(Text text, Text separator, Text **pieces) {
    size_t count = 0, room = 64;
    *pieces = new_array(Text, room);
    for (const char *end = text.at + text.count, *next; text.at; text.at = next ? next + separator.count : NULL) {
        next = found((Text){text.at, end - text.at}, separator);
        if (count == room) {
            room *= 2;
            *pieces = realloc(*pieces, room * sizeof(Text));
            if (!*pieces) fail("out of memory");
        }
        (*pieces)[count++] = (Text){text.at, (next ? next : end) - text.at};
    }
    return count;
}

static void kernel(int64_t n) {
    Text text = text_of(join(numbers(n), n, TEXT(",")));
    int64_t total = 0;
    for (int turn = 0; turn < 10; turn++) {
        Text *pieces;
        total += split(text, TEXT(","), &pieces);
        total += pieces[n - 1 - turn].count;
        free(pieces);
    }
    print_int(total);
    print_text("\n");
}
