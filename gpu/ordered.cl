/* The blocks of the ordered sum, as defined by trireme/sum.h: lane l of a block adds its elements l, l + 32,
 * ... in ascending order, starting from -0; then the upper half of the lanes is added to the lower half until
 * one lane is left. Group g processes blocks [g per_group, (g + 1) per_group) and writes sums[block]. */
kernel void ordered(global const double *x, ulong offset, ulong count, ulong per_group, global double *sums) {
    ulong blocks = (count + ORDERED_BLOCK - 1) / ORDERED_BLOCK, from = get_group_id(0) * per_group,
          to = min(from + per_group, blocks);
#if ONE_ITEM
    for (ulong block = from; block < to; block++) {
        global const double *y = x + offset + block * ORDERED_BLOCK;
        uint n = (uint)min((ulong)ORDERED_BLOCK, count - block * ORDERED_BLOCK), i = 0;
        double8 a = -0.0, b = -0.0, c = -0.0, d = -0.0;
        for (; i + ORDERED_LANES <= n; i += ORDERED_LANES) {
            a += vload8(0, y + i);
            b += vload8(1, y + i);
            c += vload8(2, y + i);
            d += vload8(3, y + i);
        }
        if (i < n) {
            double rest[ORDERED_LANES];
            for (uint l = 0; l < ORDERED_LANES; l++)
                rest[l] = i + l < n ? y[i + l] : -0.0; /* adding -0 changes nothing */
            a += vload8(0, rest);
            b += vload8(1, rest);
            c += vload8(2, rest);
            d += vload8(3, rest);
        }
        a += c;
        b += d;
        a += b;
        double4 e = a.lo + a.hi;
        double2 f = e.lo + e.hi;
        double s = f.x + f.y;
        sums[block] = s == s ? s : NOT_A_NUMBER;
    }
#else
    /* 32 items per block; a group processes GROUP / 32 blocks at a time. */
    local double lanes[GROUP];
    const uint lane = ITEM % ORDERED_LANES;
    for (ulong row = from; row < to; row += GROUP / ORDERED_LANES) {
        ulong block = row + ITEM / ORDERED_LANES;
        double s = -0.0;
        if (block < to) {
            ulong begin = block * ORDERED_BLOCK, end = min(begin + ORDERED_BLOCK, count);
            for (ulong i = begin + lane; i < end; i += ORDERED_LANES)
                s += x[offset + i];
        }
        lanes[ITEM] = s;
        for (uint half_width = ORDERED_LANES / 2; half_width; half_width /= 2) {
            BARRIER;
            if (lane < half_width) lanes[ITEM] += lanes[ITEM + half_width];
        }
        s = lanes[ITEM];
        if (!lane && block < to) sums[block] = s == s ? s : NOT_A_NUMBER;
        BARRIER;
    }
#endif
}
