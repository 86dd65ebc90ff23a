/* The sum in the fastest order; group g writes partial[g]. */
kernel void plain(global const double *x, ulong offset, ulong count, ulong per_group,
                  global double *partial) {
    ulong from = get_group_id(0) * per_group, n = min(per_group, count - from), i = 0;
    global const double *y = x + offset + from;
#if ONE_ITEM
    double8 a[8];
    for (uint k = 0; k < 8; k++)
        a[k] = 0;
    for (; i + 64 <= n; i += 64)
        for (uint k = 0; k < 8; k++) {
            a[k] += vload8(k, y + i);
            READ_AHEAD(y + i + 8 * k);
        }
    a[0] += a[4], a[1] += a[5], a[2] += a[6], a[3] += a[7];
    double s = lane_sum((a[0] + a[2]) + (a[1] + a[3]));
    for (; i < n; i++)
        s += y[i];
    partial[get_group_id(0)] = s;
#else
    local double sums[GROUP];
    double a = 0, b = 0, c = 0, d = 0;
    for (; i + 4 * ITEMS <= n; i += 4 * ITEMS) {
        a += y[i + ITEM];
        b += y[i + ITEM + ITEMS];
        c += y[i + ITEM + 2 * ITEMS];
        d += y[i + ITEM + 3 * ITEMS];
    }
    for (i += ITEM; i < n; i += ITEMS)
        a += y[i];
    sums[ITEM] = (a + b) + (c + d);
    for (uint half_width = ITEMS / 2; half_width; half_width /= 2) {
        BARRIER;
        if (ITEM < half_width) sums[ITEM] += sums[ITEM + half_width];
    }
    if (!ITEM) partial[get_group_id(0)] = sums[0];
#endif
}
