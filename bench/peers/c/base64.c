// A text of a megabyte to base64 and back, a number of times.
#define USUAL 50
#include "kernel.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *encoded(const char *text, size_t count, size_t *coded_count) {
    char *out = new_array(char, (count + 2) / 3 * 4), *to = out;
    for (size_t i = 0; i < count; i += 3) {
        size_t left = count - i;
        uint32_t bits = (uint32_t)(uint8_t)text[i] << 16;
        if (left > 1) bits |= (uint32_t)(uint8_t)text[i + 1] << 8;
        if (left > 2) bits |= (uint8_t)text[i + 2];
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[bits & 63] : '=';
    }
    *coded_count = to - out;
    return out;
}

static char *decoded(const char *coded, size_t count, const int8_t *values, size_t *text_count) {
    char *out = new_array(char, count / 4 * 3), *to = out;
    for (size_t i = 0; i < count; i += 4) {
        uint32_t bits = 0;
        for (int j = 0; j < 4; j++) {
            if (values[(uint8_t)coded[i + j]] < 0) fail("no base64");
            bits = bits << 6 | values[(uint8_t)coded[i + j]];
        }
        *to++ = (char)(bits >> 16);
        if (coded[i + 2] != '=') *to++ = (char)(bits >> 8);
        if (coded[i + 3] != '=') *to++ = (char)bits;
    }
    *text_count = to - out;
    return out;
}

static bool is_equal(const char *a, const char *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (a[i] != b[i]) return false;
    }
    return true;
}

static void kernel(int64_t turns) {
    static const char piece[] = "0123456789 the quick brown fox ";
    size_t length = sizeof piece - 1, count = length * 32000;
    char *text = new_array(char, count);
    for (size_t i = 0; i < count; i++) text[i] = piece[i % length];
    int8_t values[256];
    memset(values, -1, sizeof values);
    for (int i = 0; i < 64; i++) values[(uint8_t)digits[i]] = (int8_t)i;
    values['='] = 0;
    int64_t total = 0;
    for (int64_t turn = 0; turn < turns; turn++) {
        size_t coded_count, back_count;
        char *coded = encoded(text, count, &coded_count);
        char *back = decoded(coded, coded_count, values, &back_count);
        total += coded_count + (back_count == count && is_equal(back, text, count));
        free(coded);
        free(text);
        text = back;
        text[0] = (char)('0' + turn % 10);
    }
    print_int(total);
    print_text(" ");
    print_bytes(text, 20);
    print_text("\n");
    free(text);
}
