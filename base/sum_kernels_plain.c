#define TRI_KERNELS tri_sum_kernels_plain
#include "base/sum_kernels_body.h"
