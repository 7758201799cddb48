// A million texts asked for a part each, ten times.
#define USUAL 1000000
#include "texts.h"

static void kernel(int64_t n) {
    Text *texts = new_array(Text, n);
    for (int64_t i = 0; i < n; i++) {
        Bytes bytes = {0};
        push_text(&bytes, TEXT("the quick brown fox number "));
        push_int(&bytes, i);
        push_text(&bytes, TEXT(" jumps over the lazy dog"));
        texts[i] = text_of(bytes);
    }
    int64_t count = 0;
    for (int turn = 0; turn < 10; turn++) {
        Bytes wanted = {0};
        push_int(&wanted, turn);
        push_text(&wanted, TEXT("7 jumps"));
        for (int64_t i = 0; i < n; i++) count += found(texts[i], text_of(wanted)) != NULL;
        free(wanted.at);
    }
    print_int(count);
    print_text(" found\n");
}
