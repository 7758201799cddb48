// The spectral norm of the infinite matrix 1, 1/2, 1/3, 1/4, ... by the power method.
#define USUAL 1000
#include "kernel.h"

static double cell(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static double *multiply(const double *v, int n) {
    double *result = new_array(double, n);
    for (int i = 0; i < n; i++) {
        double total = 0;
        for (int j = 0; j < n; j++) total += cell(i, j) * v[j];
        result[i] = total;
    }
    return result;
}

static double *multiply_transposed(const double *v, int n) {
    double *result = new_array(double, n);
    for (int i = 0; i < n; i++) {
        double total = 0;
        for (int j = 0; j < n; j++) total += cell(j, i) * v[j];
        result[i] = total;
    }
    return result;
}

static double *multiply_twice(const double *v, int n) {
    double *once = multiply(v, n), *twice = multiply_transposed(once, n);
    free(once);
    return twice;
}

static void kernel(int64_t size) {
    int n = (int)size;
    double *u = new_array(double, n), *v = NULL;
    for (int i = 0; i < n; i++) u[i] = 1;
    for (int i = 0; i < 10; i++) {
        free(v);
        v = multiply_twice(u, n);
        free(u);
        u = multiply_twice(v, n);
    }
    double uv = 0, vv = 0;
    for (int i = 0; i < n; i++) {
        uv += u[i] * v[i];
        vv += v[i] * v[i];
    }
    print_fixed(square_root(uv / vv), 9);
    print_text("\n");
}
