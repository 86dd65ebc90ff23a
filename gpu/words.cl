/* Accumulators in the format of base/accumulator.h: of one work-item, or shared by the items of a group. */
#if ONE_ITEM
typedef global long *Words;
INLINE void add_word(Words words, int at, long value) {
    words[at] += value;
}
#else
/* A 64-bit addition by two 32-bit atomics: OpenCL 1.2 has no 64-bit atomics without an extension. The old
 * value determines the carry, so the order of the items does not matter. */
typedef local uint *Words;
INLINE void add_word(Words words, int at, long value) {
    uint low = (uint)value, old = atomic_add(words + 2 * at, low);
    uint high = (uint)(value >> 32) + (old + low < old);
    if (high) atomic_add(words + 2 * at + 1, high);
}
#endif

/* Adds the 128-bit magnitude high:low * 2^(place + base), or subtracts it if negative. */
static void add_bits(Words words, ulong low, ulong high, int place, bool negative) {
    int at = place >> 5, shift = place & 31;
    ulong above = 0;
    for (int i = 0; i < 5; i++, at++) {
        ulong word = i < 2 ? low : i < 4 ? high : 0;
        above += (i & 1 ? word >> 32 : word & 0xffffffffUL) << shift;
        long digit = above & 0xffffffffUL;
        if (digit) add_word(words, at, negative ? -digit : digit);
        above >>= 32;
    }
}

/* Adds total * 2^exponent. */
INLINE void add_total(Words words, int base, long total, int exponent) {
    if (total) add_bits(words, abs(total), 0, exponent - base, total < 0);
}
