/* Definitions for all kernels. This file precedes all others; gpu/program.c defines ONE_ITEM and POCL.
 *
 * Each kernel has two variants in one source. ONE_ITEM = 1 is for processors: a work-group is one work-item,
 * which uses vectors of 8. ONE_ITEM = 0 is for GPUs: a work-group is GROUP work-items, which use scalars and
 * read neighbouring elements. V is the vector or the scalar, W its width. */
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
/* For the same bits everywhere: no implicit fused multiply-add. */
#pragma OPENCL FP_CONTRACT OFF

#define NO_INDEX ULONG_MAX /* TRI_NO_INDEX */
/* The positive quiet NaN. */
#define NOT_A_NUMBER as_double(0x7ff8000000000000UL)
#define INLINE       static inline __attribute__((always_inline))

/* Prefetches 2 KiB ahead in sequential loops, which otherwise reach half the memory bandwidth if they do more
 * than add. PoCL ignores prefetch(). The builtin of its compiler takes a pointer without address space, hence
 * the conversion through an integer. */
#if POCL && ONE_ITEM
#define READ_AHEAD(x) __builtin_prefetch((const void *)((size_t)(x) + 2048))
#else
#define READ_AHEAD(x)
#endif

#if ONE_ITEM
#define W 8
typedef double8 V;
typedef long8 VL;
#define LOAD(x, i)  vload8(0, (x) + (i))
#define AS_BITS(v)  as_long8(v)
#define lane_any(v) any(v)
#define ITEM        0
#define ITEMS       1
#define BARRIER
INLINE double lane_min(V v) {
    double4 a = min(v.lo, v.hi);
    double2 b = min(a.lo, a.hi);
    return min(b.x, b.y);
}
INLINE double lane_max(V v) {
    double4 a = max(v.lo, v.hi);
    double2 b = max(a.lo, a.hi);
    return max(b.x, b.y);
}
INLINE double lane_sum(V v) {
    double4 a = v.lo + v.hi;
    double2 b = a.lo + a.hi;
    return b.x + b.y;
}
INLINE long lane_total(VL v) {
    long4 a = v.lo + v.hi;
    long2 b = a.lo + a.hi;
    return b.x + b.y;
}
INLINE long lane_most(VL v) {
    long4 a = max(v.lo, v.hi);
    long2 b = max(a.lo, a.hi);
    return max(b.x, b.y);
}
INLINE long lane_least(VL v) {
    long4 a = min(v.lo, v.hi);
    long2 b = min(a.lo, a.hi);
    return min(b.x, b.y);
}
INLINE long lane_or(VL v) {
    long4 a = v.lo | v.hi;
    long2 b = a.lo | a.hi;
    return b.x | b.y;
}
#else
#define W             1
typedef double V;
typedef long VL;
#define LOAD(x, i)    (x)[i]
#define AS_BITS(v)    as_long(v)
#define lane_any(v)   (v)
#define ITEM          get_local_id(0)
#define ITEMS         GROUP
#define BARRIER       barrier(CLK_LOCAL_MEM_FENCE)
#define lane_min(v)   (v)
#define lane_max(v)   (v)
#define lane_sum(v)   (v)
#define lane_total(v) (v)
#define lane_most(v)  (v)
#define lane_least(v) (v)
#define lane_or(v)    (v)
#endif

/* Loops over the elements of this work-item in an element-wise kernel. Each group has `per_group` consecutive
 * elements. */
#define EACH(i, count, per_group)                                                                            \
    for (ulong i = get_group_id(0) * (per_group) + ITEM,                                                     \
               end_ = min((ulong)(count), (get_group_id(0) + 1) * (ulong)(per_group));                       \
         i < end_; i += ITEMS)
