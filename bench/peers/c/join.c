// A million short texts joined to one, ten times.
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

static void kernel(int64_t n) {
    Text *pieces = numbers(n);
    int64_t total = 0;
    for (int turn = 0; turn < 10; turn++) {
        Bytes piece = {0};
        push_text(&piece, TEXT("turn "));
        push_int(&piece, turn);
        pieces[turn] = text_of(piece);
        Bytes joined = join(pieces, n, TEXT(", "));
        total += characters(text_of(joined));
        free(joined.at);
    }
    print_int(total);
    print_text(" characters\n");
}
