/* Assigns devices to the ranks of a node. */
#include "trireme/gpu.h"

void tri_gpu_assign(size_t ranks, size_t devices, const int *distance, size_t *assigned) {
    for (size_t r = 0; r < ranks; r++)
        assigned[r] = r * devices / ranks;
    /* Each exchange decreases the sum of distances, so the loop ends. */
    for (size_t changed = 1; changed;) {
        changed = 0;
        for (size_t a = 0; a < ranks; a++)
            for (size_t b = a + 1; b < ranks; b++) {
                size_t of_a = assigned[a], of_b = assigned[b];
                const int *from_a = distance + a * devices, *from_b = distance + b * devices;
                if (from_a[of_b] + from_b[of_a] >= from_a[of_a] + from_b[of_b]) continue;
                assigned[a] = of_b;
                assigned[b] = of_a;
                changed = 1;
            }
    }
}
