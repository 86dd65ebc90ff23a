/* Exact accumulation for sum.cl and moments.cl. words.cl has the accumulators. The method and its references
 * are in base/sum_kernels.h.
 *
 * A work-item processes a chunk of ROWS rows of one V at a time. A chunk has a window: |x| < 2^top. Slice s
 * of the window receives the bits of weight 2^(top - SLICE (s + 1)) and up: with b = 1.5 * 2^(top + 8 - SLICE
 * s), t = b + x rounds x to a multiple of that weight, q = t - b and r = x - q are exact, and t is the next
 * b. The bits of the last b minus those of the first, as integers, are the sum of all q in units of the
 * weight. The binade of b reaches 2^(top + 7) to either side, so 128 terms do not leave it. If a chunk leaves
 * residues after the last slice, further slices process the residues. Chunks with NaN or Inf, with squares
 * that may over- or underflow, or with zeros only are added element by element in integers. */
enum { ROWS = 128, SLICE = 44, SUM_SLICES = 2, SQUARE_SLICES = 4, SPAN = 256 };
/* The table for data that fit no window: see add_to_table(). A chunk that fits no window adds DECLINED to
 * `trouble`. From TOO_MUCH on, chunks go to the table, and the next STRAIGHT chunks do not try the window.
 * The table holds up to 2^22 elements (sums of squared significands); gpu/stream.c limits a group to
 * fewer. */
enum {
    FIELDS = 2048,
    TABLE_WORDS = 4 * FIELDS,
    SQUARE_TABLE_WORDS = 2 * FIELDS,
    DECLINED = 4,
    TOO_MUCH = 8,
    STRAIGHT = 31
};
/* The possible windows: for sums, and for sums with squares that are exact as p + e. */
enum { TOP_LEAST = -986, TOP_MOST = 1015, SQUARES_TOP_LEAST = -447, SQUARES_TOP_MOST = 507 };

/* The state of a work-item. */
typedef struct Item {
    Words sum, square;
    uint bound;  /* maximum additions to one digit so far, for the accumulator's bound */
    bool others; /* there was a term other than -0 */
    bool negative_zero;
    int top, chunks;
    bool deep; /* use the fourth slice of squares; three are faster, but suffice only for narrow data */
    VL total[SUM_SLICES], square_total[SQUARE_SLICES];
    double min, max;
    ulong min_index, max_index;
#if ONE_ITEM
    ulong *table; /* TABLE_WORDS and, with squares, SQUARE_TABLE_WORDS */
    int trouble, straight;
    bool tabled; /* the table is in use and has been cleared */
#endif
} Item;

INLINE double power(int exponent) {
    return as_double((long)(exponent + 1023) << 52);
}

/* The initial value of slice s of a window. */
INLINE double bias(int top, int s) {
    return 1.5 * power(top + 8 - SLICE * s);
}

/* The weight of one unit in slice s. */
INLINE int weight(int top, int s) {
    return top - SLICE * (s + 1);
}

INLINE void empty_window(Item *item, bool squares) {
    for (int s = 0; s < SUM_SLICES; s++) {
        add_total(item->sum, SUM_BASE, lane_total(item->total[s]), weight(item->top, s));
        item->total[s] = 0;
    }
    if (squares)
        for (int s = 0; s < SQUARE_SLICES; s++) {
            add_total(item->square, SQUARES_BASE, lane_total(item->square_total[s]),
                      weight(2 * item->top, s));
            item->square_total[s] = 0;
        }
    item->bound += SUM_SLICES + SQUARE_SLICES;
    item->chunks = 0;
}

INLINE void see(Item *item, double x, ulong index) {
    if (item->min_index == NO_INDEX || x < item->min) item->min = x, item->min_index = index;
    if (item->max_index == NO_INDEX || x > item->max) item->max = x, item->max_index = index;
}

/* Updates the extremes by those of a chunk. Searches for the first rows with them only if they change. */
INLINE void see_chunk(Item *item, global const double *x, uint rows, ulong stride, ulong index, double least,
                      double most) {
    bool lower = item->min_index == NO_INDEX || least < item->min,
         higher = item->max_index == NO_INDEX || most > item->max;
    for (uint row = 0; row < rows && (lower || higher); row++) {
        V v = LOAD(x, row * stride);
        bool low_here = lower && lane_any(v == least), high_here = higher && lane_any(v == most);
        if (!low_here && !high_here) continue;
        for (uint lane = 0; lane < W; lane++)
            see(item, x[row * stride + lane], index + row * stride + lane);
        lower &= !low_here;
        higher &= !high_here;
    }
}

/* Adds one element in integers. */
static void add_element(Item *item, double x, ulong index, bool squares) {
    ulong bits = as_ulong(x), magnitude = bits & 0xfffffffffffffUL;
    int field = (int)(bits >> 52 & 0x7ff);
    bool negative = bits >> 63;
    item->bound++;
    if (field == 0x7ff) {
        item->others = true;
        int what = magnitude ? TAIL_NAN : negative ? TAIL_NEGATIVE_INF : TAIL_POSITIVE_INF;
        add_word(item->sum, SUM_DIGITS + what, 1);
        if (squares) {
            add_word(item->square, SQUARES_DIGITS + (magnitude ? TAIL_NAN : TAIL_POSITIVE_INF), 1);
            if (!magnitude) see(item, x, index);
        }
        return;
    }
    if (field) magnitude |= 1UL << 52;
    int exponent = max(field, 1) - 1075;
    if (magnitude || !negative)
        item->others = true;
    else
        item->negative_zero = true;
    add_bits(item->sum, magnitude, 0, exponent - SUM_BASE, negative);
    if (squares) {
        add_bits(item->square, magnitude * magnitude, mul_hi(magnitude, magnitude),
                 2 * exponent - SQUARES_BASE, false);
        see(item, x, index);
    }
}

/* t = b + x; x becomes the residue. */
#define EXTRACT(b, x)                                                                                        \
    {                                                                                                        \
        V t_ = (b) + (x);                                                                                    \
        (x) -= t_ - (b);                                                                                     \
        (b) = t_;                                                                                            \
    }

/* Adds a chunk within the window; squares use the first `squares` slices, 0: no squares. Returns false, with
 * nothing changed, if the chunk does not fit. */
INLINE bool add_chunk_by(Item *item, global const double *x, uint rows, ulong stride, ulong index,
                         int squares) {
    V b0 = bias(item->top, 0), b1 = bias(item->top, 1), low = LOAD(x, 0), high = low;
    V s0 = bias(2 * item->top, 0), s1 = bias(2 * item->top, 1), s2 = bias(2 * item->top, 2),
      s3 = bias(2 * item->top, 3);
    VL left = 0;
    for (uint row = 0; row < rows; row++) {
        V v = LOAD(x, row * stride), r = v;
        READ_AHEAD(x + row * stride);
        low = v < low ? v : low;
        high = v > high ? v : high;
        EXTRACT(b0, r)
        EXTRACT(b1, r)
        left |= AS_BITS(r);
        if (squares) {
            V p = v * v, e = fma(v, v, -p);
            EXTRACT(s0, p)
            EXTRACT(s1, e)
            EXTRACT(s1, p)
            EXTRACT(s2, e)
            EXTRACT(s2, p)
            if (squares > 3) {
                EXTRACT(s3, e)
                EXTRACT(s3, p)
            }
            left |= AS_BITS(p) | AS_BITS(e);
        }
    }
    double least = lane_min(low), most = lane_max(high), limit = power(item->top);
    /* Residues may be -0. A NaN leaves a NaN as residue. */
    if (lane_or(left) << 1 || !(least > -limit && most < limit) || (least == 0 && most == 0)) return false;
    item->others = true;
#if ONE_ITEM
    item->trouble -= item->trouble > 0;
#endif
    item->total[0] += AS_BITS(b0) - AS_BITS((V)bias(item->top, 0));
    item->total[1] += AS_BITS(b1) - AS_BITS((V)bias(item->top, 1));
    if (squares) {
        item->square_total[0] += AS_BITS(s0) - AS_BITS((V)bias(2 * item->top, 0));
        item->square_total[1] += AS_BITS(s1) - AS_BITS((V)bias(2 * item->top, 1));
        item->square_total[2] += AS_BITS(s2) - AS_BITS((V)bias(2 * item->top, 2));
        if (squares > 3) item->square_total[3] += AS_BITS(s3) - AS_BITS((V)bias(2 * item->top, 3));
        see_chunk(item, x, rows, stride, index, least, most);
    }
    if (++item->chunks == SPAN) empty_window(item, squares);
    return true;
}

INLINE bool add_chunk(Item *item, global const double *x, uint rows, ulong stride, ulong index,
                      bool squares) {
    if (!squares) return add_chunk_by(item, x, rows, stride, index, 0);
    if (!item->deep) return add_chunk_by(item, x, rows, stride, index, 3);
    return add_chunk_by(item, x, rows, stride, index, 4);
}

/* Adds buf[0 .. rows - 1], |buf| < 2^top, by as many slices as necessary, three at a time. */
static void add_residues(Words words, int base, V *buf, uint rows, int top, uint *bound) {
    for (;;) {
        /* No lower window exists, and this one leaves no residue. */
        top = max(top, TOP_LEAST + SLICE);
        V b0 = bias(top, 0), b1 = bias(top, 1), b2 = bias(top, 2);
        VL left = 0;
        for (uint row = 0; row < rows; row++) {
            V r = buf[row];
            EXTRACT(b0, r)
            EXTRACT(b1, r)
            EXTRACT(b2, r)
            buf[row] = r;
            left |= AS_BITS(r);
        }
        add_total(words, base, lane_total(AS_BITS(b0) - AS_BITS((V)bias(top, 0))), weight(top, 0));
        add_total(words, base, lane_total(AS_BITS(b1) - AS_BITS((V)bias(top, 1))), weight(top, 1));
        add_total(words, base, lane_total(AS_BITS(b2) - AS_BITS((V)bias(top, 2))), weight(top, 2));
        *bound += 3;
        if (!(lane_or(left) << 1)) return;
        top -= 3 * SLICE;
    }
}

/* The bits of the largest magnitude and of the smallest nonzero magnitude, which determine how a chunk is
 * added. */
INLINE void measure(global const double *x, uint rows, ulong stride, ulong *largest, ulong *smallest) {
    VL most = 0, least = LONG_MAX;
    for (uint row = 0; row < rows; row++) {
        VL bits = AS_BITS(LOAD(x, row * stride)) & LONG_MAX;
        most = max(most, bits);
        least = min(least, (bits - 1) & LONG_MAX);
    }
    *largest = lane_most(most);
    *smallest = lane_least(least);
}

/* Adds exact squares as two terms each: p = v * v rounded, and the error e. */
INLINE void add_squares(Item *item, global const double *x, uint rows, ulong stride, int top, V *buf) {
    for (uint row = 0; row < rows; row++) {
        V v = LOAD(x, row * stride);
        buf[row] = v * v;
    }
    add_residues(item->square, SQUARES_BASE, buf, rows, 2 * top, &item->bound);
    for (uint row = 0; row < rows; row++) {
        V v = LOAD(x, row * stride), p = v * v;
        buf[row] = fma(v, v, -p);
    }
    add_residues(item->square, SQUARES_BASE, buf, rows, 2 * top - 53, &item->bound);
}

#if ONE_ITEM
/* entry += high:low. Computes the carry by bit operations: a comparison may become a branch, whose
 * mispredictions would dominate the cost. */
INLINE void add_entry(ulong *entry, ulong low, ulong high) {
    ulong old = entry[0], sum = old + low;
    entry[0] = sum;
    entry[1] += high + (((old & low) | ((old | low) & ~sum)) >> 63);
}

/* Neal's large superaccumulator, as in base/sum_table.c: for each sign and exponent field the sum of the bit
 * patterns in 96 bits, with their number above; for each exponent field the sum of the squared significands
 * in 128 bits. */
INLINE void add_to_table(Item *item, global const double *x, uint rows, bool squares) {
    ulong *table = item->table, *square_table = item->table + TABLE_WORDS;
    for (uint i = 0; !item->tabled && i < TABLE_WORDS + (squares ? SQUARE_TABLE_WORDS : 0); i++)
        table[i] = 0;
    item->tabled = true;
    for (uint i = 0; i < rows * W; i++) {
        ulong bits = as_ulong(x[i]), field = bits >> 52 & (FIELDS - 1);
        add_entry(table + 2 * (bits >> 52), bits, 1UL << 32);
        if (!squares) continue;
        ulong significand = (bits & 0xfffffffffffffUL) | (ulong)(field > 0) << 52;
        add_entry(square_table + 2 * field, significand * significand, mul_hi(significand, significand));
    }
}

static void empty_table(Item *item, bool squares) {
    for (uint key = 0; item->tabled && key < 2 * FIELDS; key++) {
        ulong low = item->table[2 * key], high = item->table[2 * key + 1] & 0xffffffffUL,
              terms = item->table[2 * key + 1] >> 32, field = key % FIELDS;
        if (!terms) continue;
        /* The upper bits that all patterns have in common. */
        ulong upper = terms * (field ? key - 1 : key), below = upper << 52;
        high -= (upper >> 12) + (low < below);
        low -= below;
        if (low | high | !key)
            item->others = true;
        else
            item->negative_zero = true;
        add_bits(item->sum, low, high, max((int)field, 1) - 1075 - SUM_BASE, key >= FIELDS);
        item->bound++;
    }
    for (uint field = 0; squares && item->tabled && field < FIELDS; field++) {
        ulong low = item->table[TABLE_WORDS + 2 * field], high = item->table[TABLE_WORDS + 2 * field + 1];
        if (!(low | high)) continue;
        add_bits(item->square, low, high, 2 * (max((int)field, 1) - 1075) - SQUARES_BASE, false);
        item->bound++;
    }
    item->tabled = false;
}

/* Adds a chunk by the table; returns false if it has a NaN or Inf. */
static bool add_by_table(Item *item, global const double *x, uint rows, ulong index, bool squares) {
    V low = LOAD(x, 0), high = low;
    VL most = 0;
    for (uint row = 0; row < rows; row++) {
        V v = LOAD(x, row * W);
        READ_AHEAD(x + row * W);
        low = min(low, v);
        high = max(high, v);
        most = max(most, AS_BITS(v) & LONG_MAX);
    }
    if (lane_most(most) >= 0x7ffL << 52) return false;
    if (squares) see_chunk(item, x, rows, W, index, lane_min(low), lane_max(high));
    add_to_table(item, x, rows, squares);
    return true;
}

/* Handles a chunk that fits no window; returns whether the table added it. */
INLINE bool declined(Item *item, global const double *x, uint rows, ulong index, bool squares) {
    item->trouble += DECLINED;
    if (item->trouble < TOO_MUCH || !add_by_table(item, x, rows, index, squares)) return false;
    item->trouble = TOO_MUCH - DECLINED;
    item->straight = STRAIGHT;
    return true;
}

/* Whether the table added the chunk without trying the window. */
INLINE bool straight(Item *item, global const double *x, uint rows, ulong index, bool squares) {
    if (!item->straight) return false;
    item->straight--;
    return add_by_table(item, x, rows, index, squares);
}
#else
#define declined(item, x, rows, index, squares) false
#define straight(item, x, rows, index, squares) false
#endif

/* Adds a chunk that does not fit: moves the window, or else splits the elements. */
static void add_awkward(Item *item, global const double *x, uint rows, ulong stride, ulong index,
                        bool squares) {
    ulong largest, smallest;
    measure(x, rows, stride, &largest, &smallest);
    int top = (int)(largest >> 52) - 1023 + 1, most = squares ? SQUARES_TOP_MOST : TOP_MOST;
    if (!largest || top > most || (squares && smallest < (1023UL - 484) << 52)) {
        if (largest && declined(item, x, rows, index, squares)) return;
        for (uint row = 0; row < rows; row++)
            for (uint lane = 0; lane < W; lane++)
                add_element(item, x[row * stride + lane], index + row * stride + lane, squares);
        return;
    }
    /* With a margin, so that the next chunk fits too. */
    int wanted = clamp(top + 3, squares ? SQUARES_TOP_LEAST : TOP_LEAST, most);
    if (wanted != item->top) {
        empty_window(item, squares);
        item->top = wanted;
        item->deep = false;
        if (add_chunk(item, x, rows, stride, index, squares)) return;
    }
    if (squares && !item->deep) {
        item->deep = true;
        if (add_chunk(item, x, rows, stride, index, squares)) return;
    }
    if (declined(item, x, rows, index, squares)) return;
    V buf[ROWS], low = LOAD(x, 0), high = low;
    for (uint row = 0; row < rows; row++) {
        V v = buf[row] = LOAD(x, row * stride);
        low = min(low, v);
        high = max(high, v);
    }
    item->others = true;
    add_residues(item->sum, SUM_BASE, buf, rows, top, &item->bound);
    if (!squares) return;
    see_chunk(item, x, rows, stride, index, lane_min(low), lane_max(high));
    add_squares(item, x, rows, stride, top, buf);
}

/* Adds x[0 .. count - 1], distributed over the items of this group; x[0] has global index `first`. */
INLINE void add_elements(Item *item, global const double *x, ulong count, ulong first, bool squares) {
    const ulong stride = ITEMS * W, whole = count / stride;
    for (ulong row = 0; row < whole; row += ROWS) {
        uint rows = (uint)min((ulong)ROWS, whole - row);
        ulong at = row * stride + ITEM * W;
        if (straight(item, x + at, rows, first + at, squares)) continue;
        if (!add_chunk(item, x + at, rows, stride, first + at, squares))
            add_awkward(item, x + at, rows, stride, first + at, squares);
    }
    for (ulong i = whole * stride + ITEM; i < count; i += ITEMS)
        add_element(item, x[i], first + i, squares);
    empty_window(item, squares);
#if ONE_ITEM
    empty_table(item, squares);
#endif
}

INLINE void begin(Item *item, Words words, bool squares) {
    item->sum = words;
    item->square = words + (ONE_ITEM ? 1 : 2) * SUM_WORDS;
    item->bound = 1;
    item->others = item->negative_zero = item->deep = false;
    item->top = item->chunks = 0;
    for (int s = 0; s < SUM_SLICES; s++)
        item->total[s] = 0;
    for (int s = 0; s < SQUARE_SLICES; s++)
        item->square_total[s] = 0;
    item->min = item->max = 0;
    item->min_index = item->max_index = NO_INDEX;
#if ONE_ITEM
    item->trouble = item->straight = 0;
    item->tabled = false;
#endif
}

/* Adds the marks and the bound. They are counts, so that those of items and groups can be added. */
INLINE void end(Item *item, bool squares) {
    if (item->others) add_word(item->sum, SUM_DIGITS + TAIL_OTHERS, 1);
    if (item->negative_zero) add_word(item->sum, SUM_DIGITS + TAIL_NEGATIVE_ZERO, 1);
    add_word(item->sum, SUM_DIGITS + TAIL_BOUND, item->bound);
    if (!squares) return;
    if (item->others || item->negative_zero) add_word(item->square, SQUARES_DIGITS + TAIL_OTHERS, 1);
    add_word(item->square, SQUARES_DIGITS + TAIL_BOUND, item->bound);
}
