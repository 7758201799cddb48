// The sum of the pixels of a picture of the Mandelbrot set.
#define USUAL 600
#include "kernel.h"

#define LIMIT 200

static int escape(double cr, double ci) {
    double zr = 0, zi = 0;
    int n = 0;
    while (n < LIMIT && zr * zr + zi * zi <= 4) {
        double next = zr * zr - zi * zi + cr;
        zi = 2 * zr * zi + ci;
        zr = next;
        n++;
    }
    return n;
}

static void kernel(int64_t size) {
    int n = (int)size, total = 0;
    for (int y = 0; y < n; y++) {
        for (int x = 0; x < n; x++) total += escape(3.0 * x / n - 2.25, 3.0 * y / n - 1.5);
    }
    print_text("checksum ");
    print_int(total);
    print_text("\n");
}
