/* to[i] = from[i] after `rounds` fused multiply-adds v * factor + term. Eight independent vectors hide the
 * latency of the multiply-add. */
kernel void peak(global double *to, ulong to_offset, global const double *from, ulong from_offset,
                 double factor, double term, ulong rounds, ulong count, ulong per_group) {
    global double *b = to + to_offset;
    global const double *a = from + from_offset;
#if ONE_ITEM
    enum { CHAINS = 8 };
    ulong i = get_group_id(0) * per_group;
    const ulong end = min(count, i + per_group);
    for (; i + 8 * CHAINS <= end; i += 8 * CHAINS) {
        double8 v[CHAINS];
#pragma unroll
        for (uint k = 0; k < CHAINS; k++)
            v[k] = vload8(k, a + i);
        for (ulong round = 0; round < rounds; round++) {
#pragma unroll
            for (uint k = 0; k < CHAINS; k++)
                v[k] = fma(v[k], (double8)factor, (double8)term);
        }
#pragma unroll
        for (uint k = 0; k < CHAINS; k++)
            vstore8(v[k], k, b + i);
    }
    for (; i < end; i++) {
        double v = a[i];
        for (ulong round = 0; round < rounds; round++)
            v = fma(v, factor, term);
        b[i] = v;
    }
#else
    EACH(i, count, per_group) {
        double v = a[i];
        for (ulong round = 0; round < rounds; round++)
            v = fma(v, factor, term);
        b[i] = v;
    }
#endif
}
