/* One explicit step of the heat equation on planes x rows x columns inner points with a halo of one layer
 * (with one plane, none before and after it). trireme/gpu.h specifies the order of the additions. */
kernel void heat(global double *to, ulong to_offset, global const double *from, ulong from_offset,
                 ulong planes, ulong rows, ulong columns, double k, ulong count, ulong per_group) {
    const ulong line = columns + 2, plane = (rows + 2) * line;
    const bool solid = planes > 1;
    global double *b = to + to_offset + (solid ? plane : 0) + line + 1;
    global const double *a = from + from_offset + (solid ? plane : 0) + line + 1;
    /* On a processor, an element of the launch is a row of the grid, so that the loop over a row
     * vectorizes. */
#if ONE_ITEM
    EACH(r, count, per_group) {
        global const double *c = a + r / rows * plane + r % rows * line;
        global double *d = b + r / rows * plane + r % rows * line;
        if (solid)
            for (ulong i = 0; i < columns; i++)
                d[i] = c[i] + k * ((((c[i - 1] + c[i + 1]) + (c[i - line] + c[i + line])) +
                                    (c[i - plane] + c[i + plane])) -
                                   6.0 * c[i]);
        else
            for (ulong i = 0; i < columns; i++)
                d[i] = c[i] + k * (((c[i - 1] + c[i + 1]) + (c[i - line] + c[i + line])) - 4.0 * c[i]);
    }
#else
    EACH(n, count, per_group) {
        ulong r = n / columns, i = r / rows * plane + r % rows * line + n % columns;
        double sum = (a[i - 1] + a[i + 1]) + (a[i - line] + a[i + line]);
        if (solid) sum += a[i - plane] + a[i + plane];
        b[i] = a[i] + k * (sum - (solid ? 6.0 : 4.0) * a[i]);
    }
#endif
}
