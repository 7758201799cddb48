// The entry of a C peer on bare WebAssembly: printing and memory on the host's imports, in as little code as possible,
// because its size is measured too. The host measures the time.

#define IMPORT(symbol) __attribute__((import_module("env"), import_name(symbol)))

IMPORT("write") void host_write(const void *bytes, size_t count);
IMPORT("arg_count") int host_arg_count(void);
IMPORT("arg_size") int host_arg_size(int number);
IMPORT("arg_read") void host_arg_read(int number, char *to);

#define memset __builtin_memset
#define memcpy __builtin_memcpy

// ---- output, gathered so that the host is called rarely ----

static char pending[4096];
static size_t pending_count;

static void flush(void) {
    host_write(pending, pending_count);
    pending_count = 0;
}

HARNESS void print_bytes(const void *bytes, size_t count) {
    const char *at = bytes;
    while (count--) {
        if (pending_count == sizeof pending) flush();
        pending[pending_count++] = *at++;
    }
}

HARNESS void print_text(const char *text) {
    size_t count = 0;
    while (text[count]) count++;
    print_bytes(text, count);
}

// The digits of a number, at least `least` of them.
static void print_digits(uint64_t value, int least) {
    char digits[20];
    int at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value || (int)sizeof digits - at < least);
    print_bytes(digits + at, sizeof digits - at);
}

HARNESS void print_int(int64_t value) {
    if (value < 0) print_bytes("-", 1);
    print_digits(value < 0 ? -(uint64_t)value : (uint64_t)value, 1);
}

HARNESS void print_fixed(double value, int digits) {
    uint64_t scale = 1;
    for (int i = 0; i < digits; i++) scale *= 10;
    if (value < 0) print_bytes("-", 1);
    double magnitude = value < 0 ? -value : value;
    uint64_t whole = (uint64_t)magnitude;
    uint64_t part = (uint64_t)((magnitude - (double)whole) * (double)scale + 0.5);
    print_digits(whole + part / scale, 1);
    print_bytes(".", 1);
    print_digits(part % scale, digits);
}

_Noreturn HARNESS void fail(const char *message) {
    print_text(message);
    flush();
    __builtin_trap();
}

// ---- memory: cells of four sizes in every doubling (powers of two would put rows of matrices on the same lines of a
// cache); in front of each its size and its class, whose freed cells wait in a list ----

typedef struct {
    uint32_t size, class;
} Head;

extern char __heap_base;
static uintptr_t heap_end;
static void *freed[128];

HARNESS void *malloc(size_t bytes) {
    if (bytes > (size_t)1 << 30) return NULL;
    uint32_t size = (uint32_t)((bytes + sizeof(Head) + 7) & ~7u), class = size / 8;
    if (size > 64) {
        int shift = 29 - __builtin_clz(size - 1);  // of a quarter of the power of two below
        class = 4 * shift + ((size - 1) >> shift);
        size = (((size - 1) >> shift) + 1) << shift;
    }
    void **cell = freed[class];
    if (cell) {
        freed[class] = *cell;
        return cell;
    }
    if (!heap_end) heap_end = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
    uintptr_t start = heap_end, end = start + size, room = (uintptr_t)__builtin_wasm_memory_size(0) << 16;
    if (end < start) return NULL;
    if (end > room) {
        // A quarter more than needed, for growing costs the host a call.
        uintptr_t pages = ((end - room) >> 16) + 1 + (room >> 18);
        if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) return NULL;
    }
    heap_end = end;
    *(Head *)start = (Head){size, class};
    return (Head *)start + 1;
}

HARNESS void free(void *cell) {
    if (!cell) return;
    uint32_t class = ((Head *)cell)[-1].class;
    *(void **)cell = freed[class];
    freed[class] = cell;
}

HARNESS void *realloc(void *cell, size_t bytes) {
    if (!cell) return malloc(bytes);
    size_t room = ((Head *)cell)[-1].size - sizeof(Head);
    if (bytes <= room) return cell;
    void *moved = malloc(bytes);
    if (moved) {
        memcpy(moved, cell, room);
        free(cell);
    }
    return moved;
}

// ---- entry ----

HARNESS int64_t size_given(void) {
    if (!host_arg_count()) return USUAL;
    char digits[20];
    int64_t size = 0;
    int count = host_arg_size(0);
    host_arg_read(0, digits);
    for (int i = 0; i < count; i++) size = size * 10 + digits[i] - '0';
    return size;
}

__attribute__((export_name("_start"))) void start(void) {
    kernel(size_given());
    flush();
}
