// A million words in one text replaced by longer ones, ten times.
#define USUAL 1000000
#include "texts.h"

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

static void kernel(int64_t n) {
    Bytes text = {0};
    for (int64_t i = 0; i < n; i++) push_text(&text, TEXT("the cat sat on "));
    int64_t total = 0;
    for (int turn = 0; turn < 10; turn++) {
        Bytes new = {0};
        push_text(&new, TEXT("lion"));
        push_int(&new, turn);
        Bytes changed = replace(text_of(text), TEXT("cat"), text_of(new));
        total += characters(text_of(changed));
        free(changed.at);
        free(new.at);
    }
    print_int(total);
    print_text(" characters\n");
}
