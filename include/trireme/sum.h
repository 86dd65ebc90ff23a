/** @file
 * Sums of doubles in three ways.
 *
 *  - exact, tri_sum: the correctly rounded sum of all terms, the same bits for every order, split and
 *    machine. The accumulator is a fixed-point integer wide enough for every double (a superaccumulator:
 *    Kulisch; Neal 2015, "Fast exact summation using small and large superaccumulators", section 2), after
 *    error-free extraction in vector registers (Demmel, Nguyen 2015, "Parallel reproducible summation",
 *    section 3; Collange, Defour, Graillat, Iakymchuk 2015).
 *  - ordered, tri_ordered: a fixed tree over blocks of the global index. Rounded at every addition, but the
 *    same bits for every split at block boundaries.
 *  - plain, tri_sum_plain(): what a vectorised loop gives.
 *
 * Arithmetic must be in the default mode (round to nearest, subnormals kept). doc/sum.md has the errors, the
 * special values and the speed. All functions are local and thread-safe; one thread at a time uses an object.
 */
#ifndef TRIREME_SUM_H
#define TRIREME_SUM_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/simd.h"
#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The size of tri_sum. */
enum {
    TRI_SUM_WORDS = 74 /**< in 64-bit integers */
};

/** An exact accumulator for up to 2^63 terms. Adding two accumulators is adding their integers:
 * MPI_Allreduce(MPI_IN_PLACE, sum.word, TRI_SUM_WORDS, MPI_INT64_T, MPI_SUM, comm), after tri_sum_normalise()
 * on every rank, for up to 2^30 accumulators. The result may be added to, merged, normalised and added again.
 * Nothing is allocated. */
typedef struct tri_sum {
    /** Private: 68 digits of radix 2^32, the lowest worth 2^-1088; the counts of NaN, +Inf, -Inf; marks for
     * negative zeros and for other terms; a bound on |digit| / 2^32. */
    int64_t word[TRI_SUM_WORDS];
} tri_sum;

/** Makes the empty sum: all bytes zero. */
TRI_API void tri_sum_clear(tri_sum *sum);

/** Adds x. */
TRI_API void tri_sum_add(tri_sum *sum, double x);

/** Adds x[0] to x[count - 1]. Calls are cheapest with 64 Ki elements or more. */
TRI_API void tri_sum_add_array(tri_sum *sum, const double *x, size_t count);

/** tri_sum_add_array() with the kernel of a SIMD level instead of tri_simd_level(). The result is the same. A
 * level above tri_simd_best() is undefined behaviour. */
TRI_API void tri_sum_add_array_at(tri_simd level, tri_sum *sum, const double *x, size_t count);

/** Adds signed integers, exactly. */
TRI_API void tri_sum_add_i64(tri_sum *sum, const int64_t *x, size_t count);

/** Adds unsigned integers, exactly. */
TRI_API void tri_sum_add_u64(tri_sum *sum, const uint64_t *x, size_t count);

/** Adds the terms of another accumulator; neither needs tri_sum_normalise(). */
TRI_API void tri_sum_merge(tri_sum *into, const tri_sum *from);

/** Brings the digits into their unique form: accumulators of the same terms are then equal byte by byte, and
 * 2^30 of them can be added as integers. */
TRI_API void tri_sum_normalise(tri_sum *sum);

/** The sum of all terms, rounded once, to nearest, ties to even:
 *  - any NaN, or +Inf together with -Inf: NaN (the positive quiet one); otherwise any Inf: that Inf;
 *  - a sum of magnitude 2^1024 - 2^970 or more: Inf of its sign; partial sums do not overflow;
 *  - subnormal sums are exact;
 *  - exactly zero: -0 if there were terms and all of them were -0, otherwise +0. */
TRI_API double tri_sum_round(const tri_sum *sum);

/** The sum divided by `divisor`, rounded once by the rules of tri_sum_round(); divisor 0 gives NaN. */
TRI_API double tri_sum_divide(const tri_sum *sum, uint64_t divisor);

/** The size of tri_squares. */
enum {
    TRI_SQUARES_WORDS = 140 /**< in 64-bit integers */
};

/** An exact accumulator of squares; otherwise as tri_sum. */
typedef struct tri_squares {
    int64_t word[TRI_SQUARES_WORDS]; /**< private: 134 digits, the lowest worth 2^-2176, and as in tri_sum */
} tri_squares;

/** Makes the empty sum: all bytes zero. */
TRI_API void tri_squares_clear(tri_squares *squares);

/** Adds x * x, exactly. */
TRI_API void tri_squares_add(tri_squares *squares, double x);

/** Adds the squares of x[0] to x[count - 1]. */
TRI_API void tri_squares_add_array(tri_squares *squares, const double *x, size_t count);

/** tri_squares_add_array() with the kernel of a SIMD level; see tri_sum_add_array_at(). */
TRI_API void tri_squares_add_array_at(tri_simd level, tri_squares *squares, const double *x, size_t count);

/** Adds the squares of signed integers, exactly. */
TRI_API void tri_squares_add_i64(tri_squares *squares, const int64_t *x, size_t count);

/** Adds the squares of unsigned integers, exactly. */
TRI_API void tri_squares_add_u64(tri_squares *squares, const uint64_t *x, size_t count);

/** Adds the squares of another accumulator; see tri_sum_merge(). */
TRI_API void tri_squares_merge(tri_squares *into, const tri_squares *from);

/** Brings the digits into their unique form; see tri_sum_normalise(). */
TRI_API void tri_squares_normalise(tri_squares *squares);

/** The sum of squares, rounded once: NaN with any NaN; otherwise +Inf with any Inf or from 2^1024 - 2^970
 * on. */
TRI_API double tri_squares_round(const tri_squares *squares);

/** The square root of the exact sum, rounded once: finite even where the sum of squares exceeds the
 * doubles. */
TRI_API double tri_squares_root(const tri_squares *squares);

/** The plain sum of x[0] to x[count - 1] in the fastest order; the bits depend on tri_simd_level(). count 0
 * gives +0. */
TRI_API double tri_sum_plain(const double *x, size_t count);

/** tri_sum_plain() with the kernel of a SIMD level, on which the bits depend. */
TRI_API double tri_sum_plain_at(tri_simd level, const double *x, size_t count);

/** The shape of ordered sums. Blocks of 4096 doubles (32 KiB) make the work at their ends negligible, fit the
 * first cache and are fine enough to divide among many workers; 32 lanes are four vectors of AVX-512. */
enum {
    TRI_ORDERED_BLOCK = 4096, /**< elements of a block */
    TRI_ORDERED_LANES = 32    /**< lanes in a block */
};

/** A node of the tree: plain data of 24 bytes. */
typedef struct tri_ordered_node {
    uint64_t level; /**< 0: a block */
    uint64_t index; /**< from the left among the nodes of its level */
    double value;   /**< the sum of its elements */
} tri_ordered_node;

/** The capacity of tri_ordered. */
enum {
    TRI_ORDERED_NODES = 128 /**< enough for any contiguous range of blocks */
};

/** An ordered sum: the nodes of a contiguous range of blocks, in the order of the blocks, as few as possible.
 *
 * The vector is divided into blocks of TRI_ORDERED_BLOCK elements; the last one may be short. In a block,
 * element i is added to lane i % TRI_ORDERED_LANES in ascending order, each lane starting from -0; then lane
 * i + L/2 is added to lane i, for L = TRI_ORDERED_LANES, and so on with half as many. Above the blocks is the
 * aligned binary tree: node (level l, index i) is the sum of nodes (l - 1, 2 i) and (l - 1, 2 i + 1). The
 * nodes that are left at the end (at most one per level) are added from right to left. A NaN is always the
 * positive quiet one. So the bits depend on the elements and their order alone, at every SIMD level. Nothing
 * is allocated. */
typedef struct tri_ordered {
    size_t count;                             /**< number of nodes */
    tri_ordered_node node[TRI_ORDERED_NODES]; /**< the nodes */
} tri_ordered;

/** Makes the empty sum. */
TRI_API void tri_ordered_clear(tri_ordered *ordered);

/** Appends x[0] to x[count - 1], which begin at global block `first_block`: the one after the last block of
 * `ordered`, or any block when it is empty. Only the last block of the whole vector may be short. A worker
 * that takes a run of 2^k blocks beginning at a multiple of 2^k gets exactly one node. TRI_ERR_ARGUMENT:
 * first_block is not the next block. */
TRI_API TRI_MUST_CHECK tri_status tri_ordered_add(tri_ordered *ordered, uint64_t first_block, const double *x,
                                                  size_t count);

/** tri_ordered_add() with the kernel of a SIMD level; see tri_sum_add_array_at(). */
TRI_API TRI_MUST_CHECK tri_status tri_ordered_add_at(tri_simd level, tri_ordered *ordered,
                                                     uint64_t first_block, const double *x, size_t count);

/** Appends `count` nodes that another worker or rank made, the next ones in the order of the blocks.
 * TRI_ERR_ARGUMENT: they are not the next ones. */
TRI_API TRI_MUST_CHECK tri_status tri_ordered_append(tri_ordered *ordered, const tri_ordered_node *nodes,
                                                     size_t count);

/** The sum of the elements in `ordered`; +0 for none. It is that of the whole vector where `ordered` has all
 * blocks. */
TRI_API double tri_ordered_result(const tri_ordered *ordered);

#ifdef __cplusplus
}
#endif
#endif
