/* Sums of doubles in three ways.
 *
 *   exact    tri_sum: the correctly rounded sum of all terms, the same bits for every order, split and machine.
 *            Method: a fixed-point integer wide enough for every double (a superaccumulator: Kulisch; Neal 2015,
 *            "Fast exact summation using small and large superaccumulators", section 2), with error-free
 *            extraction in vector registers in front of it (Demmel, Nguyen 2015, "Parallel reproducible
 *            summation", section 3; Collange, Defour, Graillat, Iakymchuk 2015).
 *   ordered  tri_ordered: a fixed tree over blocks of the global index. Rounded at every addition, but the same
 *            bits for every split at block boundaries.
 *   plain    tri_sum_plain: what a vectorised loop gives.
 *
 * Arithmetic must be in the default mode (round to nearest, subnormals kept). doc/sum.md has the errors, the
 * special values and the speed. */
#ifndef TRIREME_SUM_H
#define TRIREME_SUM_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/simd.h"
#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- exact ----
 *
 * An accumulator is an array of integers and nothing else, and adding two accumulators is adding them element
 * by element: MPI_Allreduce(MPI_IN_PLACE, sum.word, TRI_SUM_WORDS, MPI_INT64_T, MPI_SUM, comm), after
 * tri_sum_normalise() on every rank, for up to 2^30 accumulators. The sums so made may be added to, merged,
 * normalised and added again. Up to 2^63 terms in all. Layout (private, for debugging): 68 digits of radix
 * 2^32, the lowest worth 2^-1088; the counts of NaN, +Inf, -Inf; marks for negative zeros and for other
 * terms; a bound on |digit| / 2^32. */
enum { TRI_SUM_WORDS = 74 };

typedef struct tri_sum {
    int64_t word[TRI_SUM_WORDS];
} tri_sum;

/* The empty sum; so is an accumulator of zero bytes. */
TRI_API void tri_sum_clear(tri_sum *sum);

TRI_API void tri_sum_add(tri_sum *sum, double x);

/* Adds x[0] ... x[count - 1]. `level` chooses the kernel, not the result; above tri_simd_best() it is
 * undefined behaviour. The short form uses tri_simd_level(). Calls are cheapest with 64 Ki elements or more.
 */
TRI_API void tri_sum_add_array(tri_sum *sum, const double *x, size_t count);
TRI_API void tri_sum_add_array_at(tri_simd level, tri_sum *sum, const double *x, size_t count);

/* Exact integer terms. */
TRI_API void tri_sum_add_i64(tri_sum *sum, const int64_t *x, size_t count);
TRI_API void tri_sum_add_u64(tri_sum *sum, const uint64_t *x, size_t count);

/* into += from, without tri_sum_normalise(). */
TRI_API void tri_sum_merge(tri_sum *into, const tri_sum *from);

/* Brings the digits into their unique form, so that accumulators of the same terms are equal byte by byte,
 * and so that 2^30 of them can be added as integers. */
TRI_API void tri_sum_normalise(tri_sum *sum);

/* The sum of all terms, rounded once, to nearest, ties to even:
 *   - any NaN, or +Inf together with -Inf: NaN (the positive quiet one); else any Inf: that Inf;
 *   - a sum of magnitude 2^1024 - 2^970 or more: Inf of its sign. Sums that only pass through such values do
 *     not overflow;
 *   - subnormal sums are exact;
 *   - exactly zero: -0 if there were terms and all of them were -0, else +0 (so +0 for the empty sum). */
TRI_API double tri_sum_round(const tri_sum *sum);

/* sum / divisor, rounded once by the same rules; divisor 0 gives NaN. */
TRI_API double tri_sum_divide(const tri_sum *sum, uint64_t divisor);

/* The same for squares of doubles: 134 digits, the lowest worth 2^-2176. */
enum { TRI_SQUARES_WORDS = 140 };

typedef struct tri_squares {
    int64_t word[TRI_SQUARES_WORDS];
} tri_squares;

TRI_API void tri_squares_clear(tri_squares *squares);
TRI_API void tri_squares_add(tri_squares *squares, double x); /* adds x * x, exactly */
TRI_API void tri_squares_add_array(tri_squares *squares, const double *x, size_t count);
TRI_API void tri_squares_add_array_at(tri_simd level, tri_squares *squares, const double *x, size_t count);
TRI_API void tri_squares_add_i64(tri_squares *squares, const int64_t *x, size_t count);
TRI_API void tri_squares_add_u64(tri_squares *squares, const uint64_t *x, size_t count);
TRI_API void tri_squares_merge(tri_squares *into, const tri_squares *from);
TRI_API void tri_squares_normalise(tri_squares *squares);

/* Any NaN: NaN; else any Inf: +Inf; else the sum of squares, rounded once (+Inf from 2^1024 - 2^970). */
TRI_API double tri_squares_round(const tri_squares *squares);

/* The square root of the exact sum, rounded once: finite even where the sum of squares is not a double. */
TRI_API double tri_squares_root(const tri_squares *squares);

/* ---- plain ---- */

/* The sum in the order that is quickest at this level; the bits depend on the level. count 0 gives +0. */
TRI_API double tri_sum_plain(const double *x, size_t count);
TRI_API double tri_sum_plain_at(tri_simd level, const double *x, size_t count);

/* ---- ordered ----
 *
 * The vector is cut into blocks of TRI_ORDERED_BLOCK elements, the last one may be short. In a block, element
 * i is added to lane i % TRI_ORDERED_LANES in ascending order, each lane starting from -0; then lane i + L/2
 * is added to lane i, for L = TRI_ORDERED_LANES, and so on with half as many. Over the blocks lies the
 * aligned binary tree: node (level l, index i) is the sum of nodes (l - 1, 2 i) and (l - 1, 2 i + 1), level 0
 * being the blocks. The nodes that are left at the end (at most one per level) are added from the right to
 * the left. A NaN is always the positive quiet one. So the bits depend on the elements and their order alone,
 * on every level.
 *
 * Blocks of 4096 (32 KiB) make the work at their ends vanish against the elements, fit the first cache, and
 * are fine enough to be shared out among many workers. 32 lanes are four vectors of AVX-512. */
enum { TRI_ORDERED_BLOCK = 4096, TRI_ORDERED_LANES = 32 };

/* A node of the tree: plain data of 24 bytes. */
typedef struct tri_ordered_node {
    uint64_t level, index;
    double value;
} tri_ordered_node;

/* The nodes of any one range of blocks that is contiguous, in the order of the blocks, as few as possible. */
enum { TRI_ORDERED_NODES = 128 };
typedef struct tri_ordered {
    size_t count;
    tri_ordered_node node[TRI_ORDERED_NODES];
} tri_ordered;

TRI_API void tri_ordered_clear(tri_ordered *ordered);

/* Appends x[0] ... x[count - 1], which begin at global block `first_block`: the block after the last one that
 * `ordered` holds, or any block when it is empty. Only the very last block of the whole vector may be short.
 * TRI_ERR_ARGUMENT: `first_block` is not the next block. A worker that takes a run of 2^k blocks beginning at
 * a multiple of 2^k gets exactly one node. */
TRI_API TRI_MUST_CHECK tri_status tri_ordered_add(tri_ordered *ordered, uint64_t first_block, const double *x,
                                                  size_t count);
TRI_API TRI_MUST_CHECK tri_status tri_ordered_add_at(tri_simd level, tri_ordered *ordered,
                                                     uint64_t first_block, const double *x, size_t count);

/* Appends nodes that another worker or rank made, the next ones in the order of the blocks.
 * TRI_ERR_ARGUMENT: they are not the next ones. */
TRI_API TRI_MUST_CHECK tri_status tri_ordered_append(tri_ordered *ordered, const tri_ordered_node *nodes,
                                                     size_t count);

/* The sum of what `ordered` holds; +0 for nothing. It is the sum of the whole vector where the first block is
 * block 0 and the last one the last. */
TRI_API double tri_ordered_result(const tri_ordered *ordered);

#ifdef __cplusplus
}
#endif
#endif
