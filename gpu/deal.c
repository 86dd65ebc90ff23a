/* Which rank of a node gets which device. */
#include "trireme/gpu.h"

void tri_gpu_deal(size_t ranks, size_t devices, const int *distance, size_t *dealt) {
    for (size_t r = 0; r < ranks; r++)
        dealt[r] = r * devices / ranks;
    /* Each change makes the sum smaller, so this ends. */
    for (size_t changed = 1; changed;) {
        changed = 0;
        for (size_t a = 0; a < ranks; a++)
            for (size_t b = a + 1; b < ranks; b++) {
                size_t of_a = dealt[a], of_b = dealt[b];
                const int *from_a = distance + a * devices, *from_b = distance + b * devices;
                if (from_a[of_b] + from_b[of_a] >= from_a[of_a] + from_b[of_b]) continue;
                dealt[a] = of_b;
                dealt[b] = of_a;
                changed = 1;
            }
    }
}
