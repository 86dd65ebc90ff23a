/* What the kernels share. This file stands before all others; ONE_ITEM and POCL are given by the build.
 *
 * Each kernel exists in two forms from one source. ONE_ITEM = 1 is for processors: a work-group is one work-item
 * that works on vectors of 8. ONE_ITEM = 0 is for GPUs: a work-group is GROUP work-items, each with scalars, that
 * read neighbouring elements. V is the vector or the scalar; W its width. */
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
/* The same bits everywhere: no silent fused multiply-add. */
#pragma OPENCL FP_CONTRACT OFF

#define NO_INDEX ULONG_MAX /* TRI_NO_INDEX */
/* The positive quiet one. */
#define NOT_A_NUMBER as_double(0x7ff8000000000000UL)
#define INLINE static inline __attribute__((always_inline))

/* Two KiB ahead of a loop that reads in order: such a loop, if it does more than add, runs at half of the memory's
 * speed otherwise. PoCL ignores prefetch(); its compiler's own function wants a pointer without an address space,
 * so the way is by an integer. */
#if POCL && ONE_ITEM
#define READ_AHEAD(x) __builtin_prefetch((const void *)((size_t)(x) + 2048))
#else
#define READ_AHEAD(x)
#endif

#if ONE_ITEM
#define W 8
typedef double8 V;
typedef long8 VL;
#define LOAD(x, i) vload8(0, (x) + (i))
#define AS_BITS(v) as_long8(v)
#define lane_any(v) any(v)
#define ITEM 0
#define ITEMS 1
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
#define W 1
typedef double V;
typedef long VL;
#define LOAD(x, i) (x)[i]
#define AS_BITS(v) as_long(v)
#define lane_any(v) (v)
#define ITEM get_local_id(0)
#define ITEMS GROUP
#define BARRIER barrier(CLK_LOCAL_MEM_FENCE)
#define lane_min(v) (v)
#define lane_max(v) (v)
#define lane_sum(v) (v)
#define lane_total(v) (v)
#define lane_most(v) (v)
#define lane_least(v) (v)
#define lane_or(v) (v)
#endif

/* The elements of this work-item, for kernels that work on each alone: a run of `per_group` to a group. */
#define EACH(i, count, per_group)                                                                                      \
    for (ulong i = get_group_id(0) * (per_group) + ITEM,                                                               \
               end_ = min((ulong)(count), (get_group_id(0) + 1) * (ulong)(per_group));                                 \
         i < end_; i += ITEMS)
