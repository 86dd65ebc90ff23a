/* Sum, squares and extremes in one pass: see exact.cl. Group g processes elements [g per_group, (g + 1)
 * per_group) of the `count` elements from x[offset]. It writes to state[g MOMENTS_STATE ...] a tri_sum, a
 * tri_squares, the bits of the smallest element, its index counted from `first`, and the same for the largest
 * element. */
kernel void moments(global const double *x, ulong offset, ulong count, ulong first, ulong per_group,
                    global long *state) {
    ulong from = get_group_id(0) * per_group;
    global long *out = state + get_group_id(0) * MOMENTS_STATE, *extremes = out + SUM_WORDS + SQUARES_WORDS;
    Item item;
#if ONE_ITEM
    Words words = out;
    for (uint i = 0; i < SUM_WORDS + SQUARES_WORDS; i++)
        words[i] = 0;
    ulong table[TABLE_WORDS + SQUARE_TABLE_WORDS];
    item.table = table;
#else
    local uint words[2 * (SUM_WORDS + SQUARES_WORDS)];
    local double mins[GROUP], maxs[GROUP];
    local ulong min_indices[GROUP], max_indices[GROUP];
    for (uint i = ITEM; i < 2 * (SUM_WORDS + SQUARES_WORDS); i += ITEMS)
        words[i] = 0;
    BARRIER;
#endif
    begin(&item, words, true);
    add_elements(&item, x + offset + from, min(per_group, count - from), first + from, true);
    end(&item, true);
#if !ONE_ITEM
    mins[ITEM] = item.min, min_indices[ITEM] = item.min_index;
    maxs[ITEM] = item.max, max_indices[ITEM] = item.max_index;
    BARRIER;
    for (uint i = ITEM; i < SUM_WORDS + SQUARES_WORDS; i += ITEMS)
        out[i] = (long)((ulong)words[2 * i + 1] << 32 | words[2 * i]);
    if (ITEM) return;
    /* Equal extremes: the lowest index wins. NO_INDEX is the largest number. */
    for (uint i = 1; i < ITEMS; i++) {
        if (min_indices[i] != NO_INDEX && (item.min_index == NO_INDEX || mins[i] < item.min ||
                                           (mins[i] == item.min && min_indices[i] < item.min_index)))
            item.min = mins[i], item.min_index = min_indices[i];
        if (max_indices[i] != NO_INDEX && (item.max_index == NO_INDEX || maxs[i] > item.max ||
                                           (maxs[i] == item.max && max_indices[i] < item.max_index)))
            item.max = maxs[i], item.max_index = max_indices[i];
    }
#endif
    extremes[0] = as_long(item.min);
    extremes[1] = (long)item.min_index;
    extremes[2] = as_long(item.max);
    extremes[3] = (long)item.max_index;
}
