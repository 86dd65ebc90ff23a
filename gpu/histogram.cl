/* Counts as defined by tri_histogram_add(), with the numbers of tri_bins_make(). Group g writes `bins`
 * counts, then the counts below, above and of NaN. */
#if ONE_ITEM
#define COUNT(place) counts[place]++
#else
#define COUNT(place) atomic_inc(counts + (place))
#endif

INLINE ulong guess_bin(double v, double start, double step, double slope, double offset, ulong bins) {
    ulong k = (ulong)rint(clamp(v * slope - offset, 0.0, (double)(bins - 1)));
    return k - (v < start + (double)k * step);
}

INLINE ulong search_bin(double v, double start, double step, int halves, ulong bins) {
    ulong from = 0;
    for (ulong to = bins; to - from > 1;) {
        ulong middle = from + (to - from) / 2;
        double edge = start + (double)middle * step;
        if (v < (halves ? 2 * edge : edge))
            to = middle;
        else
            from = middle;
    }
    return from;
}

kernel void histogram(global const double *x, ulong offset, ulong count, ulong per_group, global uint *out,
                      double low, double high, double start, double step, double slope, double bins_offset,
                      int halves, int search, ulong bins) {
    const ulong from = get_group_id(0) * per_group, n = min(per_group, count - from);
    global uint *counts = out + get_group_id(0) * (bins + 3);
    for (ulong i = ITEM; i < bins + 3; i += ITEMS)
        counts[i] = 0;
#if !ONE_ITEM
    barrier(CLK_GLOBAL_MEM_FENCE);
#endif
    for (ulong i = ITEM; i < n; i += ITEMS) {
        double v = x[offset + from + i];
        if (v >= low && v <= high)
            COUNT(search ? search_bin(v, start, step, halves, bins)
                         : guess_bin(v, start, step, slope, bins_offset, bins));
        else
            COUNT(bins + (v < low ? 0 : v > high ? 1 : 2));
    }
}
