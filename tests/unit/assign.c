/* Compares the assignment of devices with the best of all possible ones. */
#include <stdlib.h>

#include "check.h"
#include "trireme/gpu.h"
#include "trireme/random.h"

enum { RANKS = 8, DEVICES = 4 };

static int distance[RANKS * DEVICES];

static int total(size_t ranks, size_t devices, const size_t *assigned) {
    int sum = 0;
    for (size_t r = 0; r < ranks; r++)
        sum += distance[r * devices + assigned[r]];
    return sum;
}

/* The least sum of distances over all assignments with the block sizes of the default. */
static int least(size_t ranks, size_t devices, size_t rank, size_t *left) {
    int best = rank < ranks ? 1 << 20 : 0;
    for (size_t d = 0; d < devices && rank < ranks; d++) {
        if (!left[d]) continue;
        left[d]--;
        int sum = distance[rank * devices + d] + least(ranks, devices, rank + 1, left);
        left[d]++;
        if (sum < best) best = sum;
    }
    return best;
}

/* A random machine: each rank and device belongs to one of `nodes` memory nodes; distance 0 on one node, else
 * 2. */
static void machine(size_t ranks, size_t devices, size_t nodes, uint64_t seed) {
    size_t assigned[RANKS], left[DEVICES] = {0}, have[DEVICES] = {0};
    size_t of_device[DEVICES];
    for (size_t d = 0; d < devices; d++)
        of_device[d] = tri_random_bits(seed, d) % nodes;
    for (size_t r = 0; r < ranks; r++) {
        size_t of_rank = tri_random_bits(seed + 1, r) % nodes;
        left[r * devices / ranks]++;
        for (size_t d = 0; d < devices; d++)
            distance[r * devices + d] = of_rank == of_device[d] ? 0 : 2;
    }
    tri_gpu_assign(ranks, devices, distance, assigned);
    for (size_t r = 0; r < ranks; r++)
        have[assigned[r]]++;
    for (size_t d = 0; d < devices; d++)
        CHECK(have[d] == left[d], "%zu ranks, %zu devices: device %zu has %zu ranks", ranks, devices, d,
              have[d]);
    int sum = total(ranks, devices, assigned), best = least(ranks, devices, 0, left);
    CHECK(sum == best, "%zu ranks, %zu devices, %zu nodes, seed %llu: %d instead of %d", ranks, devices,
          nodes, (unsigned long long)seed, sum, best);
}

/* Two packages whose devices are numbered in the opposite order of their cores. */
static void crossed(void) {
    size_t assigned[RANKS];
    for (size_t r = 0; r < RANKS; r++)
        for (size_t d = 0; d < 2; d++)
            distance[r * 2 + d] = (r < 4) == (d == 1) ? 0 : 2;
    tri_gpu_assign(RANKS, 2, distance, assigned);
    for (size_t r = 0; r < RANKS; r++)
        CHECK(assigned[r] == (r < 4), "rank %zu has device %zu", r, assigned[r]);
}

static void equal(void) {
    for (size_t ranks = 1; ranks <= RANKS; ranks++)
        for (size_t devices = 1; devices <= DEVICES; devices++) {
            size_t assigned[RANKS];
            for (size_t k = 0; k < ranks * devices; k++)
                distance[k] = 1;
            tri_gpu_assign(ranks, devices, distance, assigned);
            for (size_t r = 0; r < ranks; r++)
                CHECK(assigned[r] == r * devices / ranks, "%zu ranks, %zu devices: %zu", ranks, devices, r);
        }
}

int main(void) {
    tri_gpu *gpu = NULL;
    if (tri_gpu_open(NULL, -1, 1, &gpu) == TRI_ERR_ABSENT) return 77;
    crossed();
    equal();
    for (size_t ranks = 1; ranks <= RANKS; ranks++)
        for (size_t devices = 1; devices <= DEVICES; devices++)
            for (size_t nodes = 1; nodes <= 3; nodes++)
                for (uint64_t seed = 0; seed < 5; seed++)
                    machine(ranks, devices, nodes, 1000 * ranks + seed);
    return check_result("dealing out devices");
}
