/* Preloaded into a program: exact sums take five times as long. */
#include <dlfcn.h>
#include <string.h>

#include "trireme/sum.h"

void tri_sum_add_array(tri_sum *sum, const double *x, size_t count) {
    void (*real)(tri_sum *, const double *, size_t);
    void *found = dlsym(RTLD_NEXT, "tri_sum_add_array");
    memcpy(&real, &found, sizeof real);
    for (int k = 0; k < 4; k++) {
        tri_sum other;
        tri_sum_clear(&other);
        real(&other, x, count);
    }
    real(sum, x, count);
}
