/* Counts as defined by tri_histogram_add(). Group g writes `bins` counts, then the counts below, above and of
 * NaN. */
#if ONE_ITEM
#define COUNT(place) counts[place]++
#else
#define COUNT(place) atomic_inc(counts + (place))
#endif

kernel void histogram(global const double *x, ulong offset, ulong count, ulong per_group, global uint *out,
                      double low, double high, double scale, ulong bins) {
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
            COUNT(min((ulong)((v - low) * scale), bins - 1));
        else
            COUNT(bins + (v < low ? 0 : v > high ? 1 : 2));
    }
}
