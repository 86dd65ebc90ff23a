/* Distributes the cpus of a node over its ranks. */
#include "place/place.h"
#include "trireme/size.h"

#include <string.h>

/* Adds to `out` the cpus of `mask` in objects [range) at `depth`, counting only objects with a cpu in
 * `mask`. */
static void take(hwloc_topology_t topology, int depth, hwloc_const_bitmap_t mask, tri_range range,
                 hwloc_bitmap_t out) {
    hwloc_obj_t object = NULL;
    size_t index = 0;
    while (index < range.first + range.count &&
           (object = hwloc_get_next_obj_by_depth(topology, depth, object)) != NULL) {
        if (!hwloc_bitmap_intersects(object->cpuset, mask)) continue;
        if (index++ >= range.first) hwloc_bitmap_or(out, out, object->cpuset);
    }
    hwloc_bitmap_and(out, out, mask);
}

static size_t count_at(hwloc_topology_t topology, int depth, hwloc_const_bitmap_t mask) {
    hwloc_obj_t object = NULL;
    size_t count = 0;
    while ((object = hwloc_get_next_obj_by_depth(topology, depth, object)) != NULL)
        count += hwloc_bitmap_intersects(object->cpuset, mask) != 0;
    return count;
}

/* Sets `out` to the cpus of rank `rank` among `size` ranks with the same mask. */
static void share_of(hwloc_topology_t topology, hwloc_const_bitmap_t mask, size_t size, size_t rank,
                     hwloc_bitmap_t out) {
    int core_depth = hwloc_get_type_or_below_depth(topology, HWLOC_OBJ_CORE);
    int cpu_depth = hwloc_get_type_depth(topology, HWLOC_OBJ_PU);
    size_t cores = count_at(topology, core_depth, mask), cpus = count_at(topology, cpu_depth, mask);
    hwloc_bitmap_zero(out);
    if (size <= cores)
        take(topology, core_depth, mask, tri_range_block(cores, size, rank), out);
    else if (size <= cpus)
        take(topology, cpu_depth, mask, tri_range_block(cpus, size, rank), out);
    else
        take(topology, cpu_depth, mask, (tri_range){rank * cpus / size, 1}, out);
}

/* Sets `out` to the cpus of local rank `rank`. Returns 0 if its mask has no cpu of this machine. */
static int share_of_rank(tri_place *p, int local_size, int rank, const tri_place_mask *masks,
                         hwloc_bitmap_t out) {
    size_t same = 0, before = 0;
    for (int i = 0; i < local_size; i++)
        if (!memcmp(&masks[i], &masks[rank], sizeof *masks)) {
            same++;
            before += i < rank;
        }
    hwloc_bitmap_t mask = p->scratch;
    hwloc_bitmap_from_ulongs(mask, sizeof masks->words / sizeof *masks->words, masks[rank].words);
    hwloc_bitmap_and(mask, mask, hwloc_topology_get_topology_cpuset(p->topology));
    if (hwloc_bitmap_iszero(mask)) return 0;
    share_of(p->topology, mask, same, before, out);
    return 1;
}

/* Orders the cpus for threads: the first of each core, then the second of each. */
static void order_cpus(tri_place *p) {
    int depth = hwloc_get_type_or_below_depth(p->topology, HWLOC_OBJ_CORE);
    int total = hwloc_bitmap_weight(p->mine), count = 0;
    for (int pass = 0; count < total; pass++) {
        hwloc_obj_t core = NULL;
        while ((core = hwloc_get_next_obj_by_depth(p->topology, depth, core)) != NULL) {
            hwloc_bitmap_and(p->scratch, core->cpuset, p->mine);
            int cpu = hwloc_bitmap_first(p->scratch);
            for (int i = 0; i < pass && cpu >= 0; i++)
                cpu = hwloc_bitmap_next(p->scratch, cpu);
            if (cpu >= 0) p->cpus[count++] = cpu;
        }
    }
}

tri_status tri_place_share(tri_place *place, int local_size, int local_rank, const tri_place_mask *masks) {
    if (local_rank < 0 || local_rank >= local_size)
        return tri_fail(TRI_ERR_ARGUMENT, "local rank %d of %d ranks", local_rank, local_size);
    hwloc_bitmap_t mine = hwloc_bitmap_alloc(), other = hwloc_bitmap_alloc();
    tri_status status = TRI_OK;
    int sharing = 0;
    if (!mine || !other)
        status = tri_fail(TRI_ERR_MEMORY, "no memory for a set of cpus");
    else if (!share_of_rank(place, local_size, local_rank, masks, mine))
        status =
            tri_fail(TRI_ERR_ARGUMENT, "the mask of local rank %d has no cpu of this machine", local_rank);
    for (int i = 0; status == TRI_OK && i < local_size; i++)
        if (i != local_rank && share_of_rank(place, local_size, i, masks, other))
            sharing += hwloc_bitmap_intersects(mine, other) != 0;
    if (status == TRI_OK) {
        hwloc_bitmap_t before = place->mine;
        place->mine = mine;
        mine = before;
        order_cpus(place);
        tri_place_inform(place, sharing);
    }
    hwloc_bitmap_free(mine);
    hwloc_bitmap_free(other);
    return status;
}
