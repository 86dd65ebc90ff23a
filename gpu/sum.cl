/* The exact sum: see exact.cl. Group g processes elements [g per_group, (g + 1) per_group) of the `count`
 * elements from x[offset], and writes one accumulator (a tri_sum) to state[g SUM_WORDS ...]. */
kernel void sum(global const double *x, ulong offset, ulong count, ulong per_group, global long *state) {
    ulong from = get_group_id(0) * per_group;
    Item item;
#if ONE_ITEM
    Words words = state + get_group_id(0) * SUM_WORDS;
    for (uint i = 0; i < SUM_WORDS; i++)
        words[i] = 0;
    ulong table[TABLE_WORDS];
    item.table = table;
#else
    local uint words[2 * SUM_WORDS];
    for (uint i = ITEM; i < 2 * SUM_WORDS; i += ITEMS)
        words[i] = 0;
    BARRIER;
#endif
    begin(&item, words, false);
    add_elements(&item, x + offset + from, min(per_group, count - from), 0, false);
    end(&item, false);
#if !ONE_ITEM
    BARRIER;
    for (uint i = ITEM; i < SUM_WORDS; i += ITEMS)
        state[get_group_id(0) * SUM_WORDS + i] = (long)((ulong)words[2 * i + 1] << 32 | words[2 * i]);
#endif
}
