// Building one long text from pieces, cutting it up again and looking at what comes out.
#define USUAL 200000
#include "texts.h"

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

static Bytes replace(Text text, Text old, Text new) {
    Bytes out = {new_array(uint8_t, text.count + 1), 0, text.count + 1};
    const char *end = text.at + text.count;
    for (const char *at; (at = found(text, old)); text = (Text){at + old.count, end - at - old.count}) {
        push_text(&out, (Text){text.at, at - text.at});
        push_text(&out, new);
    }
    push_text(&out, text);
    return out;
}

static Text build(int64_t n) {
    Text *pieces = new_array(Text, n);
    for (int64_t i = 0; i < n; i++) {
        Bytes bytes = {0};
        push_text(&bytes, TEXT("item "));
        push_int(&bytes, i);
        push_text(&bytes, TEXT(" of "));
        push_int(&bytes, n);
        pieces[i] = text_of(bytes);
    }
    return text_of(join(pieces, n, TEXT("; ")));
}

static void kernel(int64_t n) {
    Text text = build(n), *pieces;
    size_t count = split(text, TEXT("; "), &pieces);
    int64_t letters = 0, sevens = 0;
    for (size_t i = 0; i < count; i++) {
        letters += characters(pieces[i]);
        sevens += found(pieces[i], TEXT("7")) != NULL;
    }
    Bytes shout = replace(text, TEXT("item"), TEXT("thing"));
    for (size_t i = 0; i < shout.count; i++) {
        if (shout.at[i] >= 'a' && shout.at[i] <= 'z') shout.at[i] -= 32;
    }
    print_int(characters(text));
    print_text(" characters in ");
    print_int(count);
    print_text(" pieces\n");
    print_int(letters);
    print_text(" without separators, ");
    print_int(sevens);
    print_text(" pieces with a 7\n");
    print_int(characters(text_of(shout)));
    print_text(" characters: ");
    print_bytes(shout.at, 24);
    print_text(" ... ");
    print_bytes(shout.at + shout.count - 16, 16);
    print_text("\n");
}
