/* The filters for processors with AVX-512. */
#if defined(__x86_64__)
#pragma GCC target("avx512f,avx512cd,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")
#define NAME(x) avx512_##x
#include "apps/image/kernels_body.h"
#endif
