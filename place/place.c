#include "trireme/place.h"

#include <errno.h>
#include <hwloc.h>
#include <stdlib.h>
#include <string.h>

#include "place/place.h"

/* hwloc components that start drivers (opencl loads every ICD with its compiler, the others open GPUs or X
 * displays) and report no cores. For components that it does not have, hwloc returns -1, which is ignored. */
static const char *const unwanted[] = {"opencl", "cuda", "nvml", "rsmi", "levelzero", "gl"};

tri_status tri_place_load(int with_devices, hwloc_topology_t *out) {
    hwloc_topology_t topology;
    if (hwloc_topology_init(&topology)) return tri_fail(TRI_ERR_SYSTEM, "hwloc_topology_init failed");
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        (void)hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, unwanted[i]);
    if (with_devices) hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_ALL);
    if (hwloc_topology_load(topology)) {
        int error = errno;
        hwloc_topology_destroy(topology);
        return tri_fail(TRI_ERR_SYSTEM, "hwloc cannot read this machine's topology: %s", strerror(error));
    }
    *out = topology;
    return TRI_OK;
}

/* Finds the binding of the calling thread: all cpus if the topology comes from a file or a description, or if
 * a sandbox hides the binding. */
static tri_status find_mask(tri_place *p) {
    hwloc_const_bitmap_t all = hwloc_topology_get_topology_cpuset(p->topology);
    if (hwloc_bitmap_last(all) >= TRI_PLACE_MASK_CPUS)
        return tri_fail(TRI_ERR_SYSTEM, "cpu %d exceeds the %d cpus of a mask", hwloc_bitmap_last(all),
                        TRI_PLACE_MASK_CPUS);
    int known = hwloc_topology_is_thissystem(p->topology) &&
                !hwloc_get_cpubind(p->topology, p->mask, HWLOC_CPUBIND_THREAD) &&
                hwloc_bitmap_intersects(p->mask, all);
    if (known ? hwloc_bitmap_and(p->mask, p->mask, all) : hwloc_bitmap_copy(p->mask, all))
        return tri_fail(TRI_ERR_MEMORY, "no memory for a set of cpus");
    return TRI_OK;
}

static tri_status fill(tri_place *p) {
    TRI_TRY(tri_place_load(0, &p->topology));
    p->mask = hwloc_bitmap_alloc();
    p->mine = hwloc_bitmap_alloc();
    p->scratch = hwloc_bitmap_alloc();
    p->cpus = calloc(TRI_PLACE_MASK_CPUS, sizeof *p->cpus);
    if (!p->mask || !p->mine || !p->scratch || !p->cpus)
        return tri_fail(TRI_ERR_MEMORY, "no memory for the sets of cpus");
    TRI_TRY(find_mask(p));
    tri_place_mask alone;
    tri_place_mask_get(p, &alone);
    return tri_place_share(p, 1, 0, &alone);
}

tri_status tri_place_create(tri_place **out) {
    tri_place *p = calloc(1, sizeof *p);
    if (!p) return tri_fail(TRI_ERR_MEMORY, "no memory for a place");
    tri_status status = fill(p);
    if (status != TRI_OK)
        tri_place_destroy(&p);
    else
        *out = p;
    return status;
}

void tri_place_destroy(tri_place **place) {
    if (!place || !*place) return;
    tri_place *p = *place;
    if (p->topology) hwloc_topology_destroy(p->topology);
    if (p->devices) hwloc_topology_destroy(p->devices);
    hwloc_bitmap_free(p->mask);
    hwloc_bitmap_free(p->mine);
    hwloc_bitmap_free(p->scratch);
    free(p->cpus);
    free(p);
    *place = NULL;
}

void tri_place_mask_get(const tri_place *place, tri_place_mask *out) {
    hwloc_bitmap_to_ulongs(place->mask, sizeof out->words / sizeof *out->words, out->words);
}

const tri_place_info *tri_place_describe(const tri_place *place) {
    return &place->info;
}

void tri_place_cpus(const tri_place *place, int threads, int *cpus) {
    for (int i = 0; i < threads; i++)
        cpus[i] = place->cpus[i % place->info.cpus];
}

size_t tri_place_numa_bytes(const tri_place *place, int numa) {
    hwloc_obj_t node = hwloc_get_obj_by_type(place->topology, HWLOC_OBJ_NUMANODE, (unsigned)numa);
    return node ? (size_t)node->attr->numanode.local_memory : 0;
}
