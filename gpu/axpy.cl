/* y += a x; rounds the product, then the sum. */
kernel void axpy(double a, global const double *x, ulong x_offset, global double *y, ulong y_offset,
                 ulong count, ulong per_group) {
    EACH(i, count, per_group) y[y_offset + i] += a * x[x_offset + i];
}
