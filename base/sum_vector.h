/* A vector of doubles of the width that the including file is compiled for: GNU C vectors, and intrinsics for
 * instructions that the language does not express. Internal. */
#ifndef TRIREME_BASE_SUM_VECTOR_H
#define TRIREME_BASE_SUM_VECTOR_H

#include <stdint.h>
#include <string.h>

#if defined(TRI_KERNEL_AVX512) || defined(TRI_KERNEL_AVX2)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#if defined(TRI_KERNEL_AVX512)
enum { WIDTH = 8 };
#elif defined(TRI_KERNEL_AVX2)
enum { WIDTH = 4 };
#else
enum { WIDTH = 2 };
#endif

typedef double vec __attribute__((vector_size(8 * WIDTH)));
typedef int64_t ivec __attribute__((vector_size(8 * WIDTH)));
#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const double *x) {
    vec v;
    memcpy(&v, x, sizeof v);
    return v;
}

INLINE void store(double *x, vec v) {
    memcpy(x, &v, sizeof v);
}

INLINE vec fill(double x) {
    return x - (vec){0}; /* keeps -0 */
}

/* The second if either is NaN or both are zero. */
INLINE vec smaller(vec a, vec b) {
#if defined(TRI_KERNEL_AVX512)
    return (vec)_mm512_min_pd((__m512d)a, (__m512d)b);
#elif defined(TRI_KERNEL_AVX2)
    return (vec)_mm256_min_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
    return (vec)_mm_min_pd((__m128d)a, (__m128d)b);
#else
    ivec mask = (ivec)(a < b);
    return (vec)(((ivec)a & mask) | ((ivec)b & ~mask));
#endif
}

INLINE vec larger(vec a, vec b) {
#if defined(TRI_KERNEL_AVX512)
    return (vec)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif defined(TRI_KERNEL_AVX2)
    return (vec)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
    return (vec)_mm_max_pd((__m128d)a, (__m128d)b);
#else
    ivec mask = (ivec)(a > b);
    return (vec)(((ivec)a & mask) | ((ivec)b & ~mask));
#endif
}

/* The larger of |x| and `limit`, which is not negative; `limit` where x is NaN. */
INLINE vec larger_magnitude(vec x, vec limit) {
#if defined(TRI_KERNEL_AVX512)
    return (vec)_mm512_range_pd((__m512d)x, (__m512d)limit, 11); /* largest magnitude, sign cleared */
#else
    return larger((vec)((ivec)x & INT64_MAX), limit);
#endif
}

/* x * x - product, exactly, where product = x * x rounded and nothing underflows or overflows. */
INLINE vec square_error(vec x, vec product) {
#if defined(TRI_KERNEL_AVX512)
    return (vec)_mm512_fmsub_pd((__m512d)x, (__m512d)x, (__m512d)product);
#elif defined(TRI_KERNEL_AVX2)
    return (vec)_mm256_fmsub_pd((__m256d)x, (__m256d)x, (__m256d)product);
#elif defined(__FP_FAST_FMA)
    vec error;
    for (int i = 0; i < WIDTH; i++)
        error[i] = __builtin_fma(x[i], x[i], -product[i]);
    return error;
#else
    /* Dekker 1971, "A floating-point technique for extending the available precision", section 5 */
    vec scaled = x * 0x1.0000002p27, high = scaled - (scaled - x), low = x - high;
    return ((high * high - product) + 2 * high * low) + low * low;
#endif
}

INLINE int any_bit(ivec v) {
#if defined(TRI_KERNEL_AVX512)
    return _mm512_test_epi64_mask((__m512i)v, (__m512i)v) != 0;
#else
    int64_t any = 0;
    for (int i = 0; i < WIDTH; i++)
        any |= v[i];
    return any != 0;
#endif
}

#endif
