/* The filters for processors with AVX-512. */
#if defined(__x86_64__)
#define NAME(x) avx512_##x
#include "apps/image/kernels_body.h"
#endif
