// The sieve of Eratosthenes.
#define USUAL 10000000
#include "kernel.h"

static int count_primes(size_t limit) {
    bool *is_prime = new_array(bool, limit + 1);
    memset(is_prime, true, limit + 1);
    int found = 0;
    for (size_t n = 2; n <= limit; n++) {
        if (is_prime[n]) {
            found++;
            uint64_t first = (uint64_t)n * n;  // which may be too large for an address
            if (first > limit) continue;
            for (size_t multiple = first; multiple <= limit; multiple += n) is_prime[multiple] = false;
        }
    }
    free(is_prime);
    return found;
}

static void kernel(int64_t limit) {
    print_int(count_primes(limit));
    print_text(" primes up to ");
    print_int(limit);
    print_text("\n");
}
