/* base/folder.cmake sets the compiler options of this file; x86-64 only. */
#include "base/sum_kernels.h"
#if TRI_HAVE_X86_KERNELS
#define TRI_KERNEL_AVX2
#define TRI_KERNELS tri_sum_kernels_avx2
#include "base/sum_kernels_body.h"
#endif
