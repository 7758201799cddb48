// The entry of a C peer on the C library. With BENCH=1 in the environment the nanoseconds that the kernel took, without
// the start of the process, go to stderr.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

HARNESS void print_text(const char *text) { fputs(text, stdout); }

HARNESS void print_bytes(const void *bytes, size_t count) { fwrite(bytes, 1, count, stdout); }

HARNESS void print_int(int64_t value) { printf("%lld", (long long)value); }

HARNESS void print_fixed(double value, int digits) { printf("%.*f", digits, value); }

_Noreturn HARNESS void fail(const char *message) {
    fprintf(stderr, "%s\n", message);
    exit(1);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int count, char **words) {
    int64_t size = USUAL;
    if (count > 1) {
        char *end;
        size = strtoll(words[1], &end, 10);
        if (*end || end == words[1]) fail("the size is no number");
    }
    double start = seconds_now();
    kernel(size);
    fflush(stdout);
    if (getenv("BENCH")) fprintf(stderr, "%.0f\n", (seconds_now() - start) * 1e9);
    return 0;
}
