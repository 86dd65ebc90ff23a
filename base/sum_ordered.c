/* Ordered sums: the tree over blocks. A kernel sums each block. */
#include <math.h>

#include "base/sum_kernels.h"
#include "trireme/sum.h"

void tri_ordered_clear(tri_ordered *ordered) {
    ordered->count = 0;
}

/* The NaN that an addition yields depends on the order of its operands, which the compiler chooses. */
static double add(double left, double right) {
    double sum = left + right;
    return sum == sum ? sum : (double)NAN;
}

/* The block after the last one of `ordered`. */
static uint64_t next_block(const tri_ordered *ordered) {
    const tri_ordered_node *last = ordered->node + ordered->count - 1;
    return (last->index + 1) << last->level;
}

static tri_status push(tri_ordered *ordered, tri_ordered_node node) {
    if (node.level > 63) return tri_fail(TRI_ERR_ARGUMENT, "invalid level of a node of an ordered sum");
    if (ordered->count && node.index << node.level != next_block(ordered))
        return tri_fail(TRI_ERR_ARGUMENT, "an ordered sum ends before block %llu, but block %llu was added",
                        (unsigned long long)next_block(ordered),
                        (unsigned long long)node.index << node.level);
    /* Replaces siblings by their parent. A contiguous range thus never holds more than two nodes of a
     * level. */
    while (ordered->count) {
        tri_ordered_node *left = ordered->node + ordered->count - 1;
        if (left->level != node.level || !(node.index & 1)) break;
        node = (tri_ordered_node){node.level + 1, node.index / 2, add(left->value, node.value)};
        ordered->count--;
    }
    ordered->node[ordered->count++] = node;
    return TRI_OK;
}

tri_status tri_ordered_add_at(tri_simd level, tri_ordered *ordered, uint64_t first_block, const double *x,
                              size_t count) {
    const tri_sum_kernels *kernels = tri_sum_kernels_at(level);
    for (size_t done = 0; done < count; done += TRI_ORDERED_BLOCK, first_block++) {
        size_t left = count - done, block = left < TRI_ORDERED_BLOCK ? left : TRI_ORDERED_BLOCK;
        TRI_TRY(push(ordered, (tri_ordered_node){0, first_block, kernels->ordered_block(x + done, block)}));
        if (left < TRI_ORDERED_BLOCK) break;
    }
    return TRI_OK;
}

tri_status tri_ordered_add(tri_ordered *ordered, uint64_t first_block, const double *x, size_t count) {
    return tri_ordered_add_at(tri_simd_level(), ordered, first_block, x, count);
}

tri_status tri_ordered_append(tri_ordered *ordered, const tri_ordered_node *nodes, size_t count) {
    tri_ordered result = *ordered; /* an invalid list leaves *ordered unchanged */
    for (size_t i = 0; i < count; i++)
        TRI_TRY(push(&result, nodes[i]));
    *ordered = result;
    return TRI_OK;
}

double tri_ordered_result(const tri_ordered *ordered) {
    if (!ordered->count) return 0;
    double sum = ordered->node[ordered->count - 1].value;
    for (size_t i = ordered->count - 1; i-- > 0;)
        sum = add(ordered->node[i].value, sum);
    return sum;
}

double tri_sum_plain_at(tri_simd level, const double *x, size_t count) {
    return tri_sum_kernels_at(level)->plain(x, count);
}

double tri_sum_plain(const double *x, size_t count) {
    return tri_sum_plain_at(tri_simd_level(), x, count);
}
