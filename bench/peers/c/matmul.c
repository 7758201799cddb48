// The product of two square matrices, each an array of rows.
#define USUAL 200
#include "kernel.h"

typedef double Cell(int i, int j, int n);

static double **matrix(int n, Cell *cell) {
    double **rows = new_array(double *, n);
    for (int i = 0; i < n; i++) {
        rows[i] = new_array(double, n);
        for (int j = 0; j < n; j++) rows[i][j] = cell(i, j, n);
    }
    return rows;
}

static double zero(int i, int j, int n) { return 0; }
static double left(int i, int j, int n) { return (double)(i + j) / n; }
static double right(int i, int j, int n) { return (double)(i - j + 1) / n; }

static double **multiply(double **a, double **b, int n) {
    double **result = matrix(n, zero);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            double total = 0;
            for (int k = 0; k < n; k++) total += a[i][k] * b[k][j];
            result[i][j] = total;
        }
    }
    return result;
}

static void kernel(int64_t size) {
    int n = (int)size;
    double **c = multiply(matrix(n, left), matrix(n, right), n);
    double trace = 0;
    for (int i = 0; i < n; i++) trace += c[i][i];
    print_text("trace ");
    print_fixed(trace, 6);
    print_text("\ncorners ");
    print_fixed(c[0][0], 6);
    print_text(" ");
    print_fixed(c[0][n - 1], 6);
    print_text(" ");
    print_fixed(c[n - 1][0], 6);
    print_text("\n");
}
