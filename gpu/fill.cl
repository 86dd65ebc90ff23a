kernel void fill(global double *x, ulong offset, double value, ulong count, ulong per_group) {
    EACH(i, count, per_group) x[offset + i] = value;
}
