/* The filters for every processor, and the choice of a level. */
#define NAME(x) plain_##x
#include "apps/image/kernels_body.h"

extern const image_kernels avx2_kernels, avx512_kernels;

const image_kernels *image_kernels_choose(void) {
#if defined(__x86_64__)
    tri_simd level = tri_simd_level();
    if (level >= TRI_SIMD_avx512) return &avx512_kernels;
    if (level == TRI_SIMD_avx2) return &avx2_kernels;
#endif
    return &plain_kernels;
}
