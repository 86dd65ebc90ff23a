/* The filters for processors with AVX2. */
#if defined(__x86_64__)
#define NAME(x) avx2_##x
#include "apps/image/kernels_body.h"
#endif
