// The fast Fourier transform (radix 2, in place) and back, five times.
#define USUAL 17
#include "kernel.h"

static void swap(double *xs, int i, int j) {
    double x = xs[i];
    xs[i] = xs[j];
    xs[j] = x;
}

static void reorder(double *re, double *im, int n) {
    for (int i = 0, j = 0; i < n; i++) {
        if (i < j) {
            swap(re, i, j);
            swap(im, i, j);
        }
        int bit = n >> 1;
        for (; bit > 0 && (j & bit); bit >>= 1) j ^= bit;
        j |= bit;
    }
}

static void transform(double *re, double *im, int n, double direction) {
    reorder(re, im, n);
    double step_cos = -1, step_sin = 0;
    for (int half = 1; half < n; half <<= 1) {
        double wr = 1, wi = 0;
        for (int k = 0; k < half; k++) {
            for (int i = k; i < n; i += 2 * half) {
                int j = i + half;
                double tr = wr * re[j] - wi * im[j], ti = wr * im[j] + wi * re[j];
                re[j] = re[i] - tr;
                im[j] = im[i] - ti;
                re[i] += tr;
                im[i] += ti;
            }
            double next = wr * step_cos - wi * step_sin;
            wi = wr * step_sin + wi * step_cos;
            wr = next;
        }
        // half the angle
        double cosine = square_root((1 + step_cos) / 2);
        step_sin = half == 1 ? direction : step_sin / (2 * cosine);
        step_cos = half == 1 ? 0 : cosine;
    }
}

static void kernel(int64_t size) {
    int n = 1 << size;
    double *re = new_array(double, n), *im = new_array(double, n);
    uint32_t x = 7;
    for (int i = 0; i < n; i++) {
        x = (x * 1103515245u + 12345u) & 0x7fffffff;
        re[i] = x / 2147483648.0;
        im[i] = 0;
    }
    double first = re[0], peak = 0;
    for (int turn = 0; turn < 5; turn++) {
        transform(re, im, n, -1);
        peak = square_root(re[1] * re[1] + im[1] * im[1]);
        transform(re, im, n, 1);
        for (int i = 0; i < n; i++) {
            re[i] /= n;
            im[i] /= n;
        }
    }
    print_int(n);
    print_text(" points, peak ");
    print_fixed(peak, 6);
    print_text(", first ");
    print_fixed(first, 9);
    print_text(" ");
    print_fixed(re[0], 9);
    print_text(", middle ");
    print_fixed(re[n >> 1], 9);
    print_text("\n");
    free(re);
    free(im);
}
