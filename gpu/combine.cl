/* into[i] = from[i] op into[i], then into[i] = from[stride + i] op into[i], and so on for `sources` vectors.
 * One kernel serves all types and operations, to be compiled once; each work-item branches once. The elements
 * of a group stay in the caches from one source to the next. Offsets and stride are in elements. */
#define COMBINE(type, op, expression)                                                                        \
    case op: {                                                                                               \
        global type *b_ = (global type *)into + into_offset;                                                 \
        global const type *a_ = (global const type *)from + from_offset;                                     \
        for (ulong s = 0; s < sources; s++, a_ += stride)                                                    \
            EACH(i, count, per_group) {                                                                      \
                type a = a_[i], b = b_[i];                                                                   \
                b_[i] = expression;                                                                          \
            }                                                                                                \
        break;                                                                                               \
    }
#define COMBINE_ANY(type)                                                                                    \
    COMBINE(type, OP_SUM, a + b)                                                                             \
    COMBINE(type, OP_PRODUCT, a *b)                                                                          \
    COMBINE(type, OP_MIN, b < a ? b : a)                                                                     \
    COMBINE(type, OP_MAX, b > a ? b : a)
#define COMBINE_BITS(type)                                                                                   \
    COMBINE(type, OP_AND, a &b)                                                                              \
    COMBINE(type, OP_OR, a | b)                                                                              \
    COMBINE(type, OP_XOR, a ^ b)
#define COMBINE_REAL(name, type)                                                                             \
    case name:                                                                                               \
        switch (op) { COMBINE_ANY(type) }                                                                    \
        break;
#define COMBINE_INTEGER(name, type)                                                                          \
    case name:                                                                                               \
        switch (op) { COMBINE_ANY(type) COMBINE_BITS(type) }                                                 \
        break;

kernel void combine(int element, int op, global char *into, ulong into_offset, global const char *from,
                    ulong from_offset, ulong sources, ulong stride, ulong count, ulong per_group) {
    switch (element) {
        COMBINE_REAL(TYPE_DOUBLE, double)
        COMBINE_REAL(TYPE_FLOAT, float)
        COMBINE_INTEGER(TYPE_INT32, int)
        COMBINE_INTEGER(TYPE_INT64, long)
        COMBINE_INTEGER(TYPE_UINT32, uint)
        COMBINE_INTEGER(TYPE_UINT64, ulong)
    }
}
