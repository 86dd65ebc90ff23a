/* Replaces place/ in a build without hwloc. */
#include "trireme/place.h"

#include <string.h>

tri_status tri_place_create(tri_place **out) {
    (void)out;
    return tri_fail(TRI_ERR_ABSENT, "this build has no hwloc: install it and configure again "
                                    "(Debian: libhwloc-dev), or give --threads");
}

void tri_place_destroy(tri_place **place) {
    (void)place;
}

/* Not reached: there is no place. */

void tri_place_mask_get(const tri_place *place, tri_place_mask *out) {
    (void)place;
    memset(out, 0, sizeof *out);
}

tri_status tri_place_share(tri_place *place, int local_size, int local_rank, const tri_place_mask *masks) {
    (void)place, (void)local_size, (void)local_rank, (void)masks;
    return TRI_ERR_ABSENT;
}

const tri_place_info *tri_place_describe(const tri_place *place) {
    (void)place;
    return NULL;
}

void tri_place_cpus(const tri_place *place, int threads, int *cpus) {
    (void)place;
    memset(cpus, 0, (size_t)threads * sizeof *cpus);
}

int tri_place_pair(const tri_place *place, tri_place_distance distance, int cpus[2]) {
    (void)place, (void)distance, (void)cpus;
    return 0;
}

size_t tri_place_numa_bytes(const tri_place *place, int numa) {
    (void)place, (void)numa;
    return 0;
}

tri_status tri_place_near_pci(tri_place *place, const char *address, tri_place_near *out) {
    (void)place, (void)address, (void)out;
    return TRI_ERR_ABSENT;
}
