/* Pairs of cpus by their distance. */
#include "place/place.h"

#include <stdlib.h>

static tri_place_distance distance(hwloc_topology_t topology, hwloc_obj_t a, hwloc_obj_t b) {
    hwloc_obj_t common = hwloc_get_common_ancestor_obj(topology, a, b);
    while (common && common->type != HWLOC_OBJ_CORE)
        common = common->parent;
    if (common) return TRI_PLACE_CORE;
    return hwloc_bitmap_isequal(a->nodeset, b->nodeset) ? TRI_PLACE_PACKAGE : TRI_PLACE_NUMA;
}

int tri_place_pair(const tri_place *place, tri_place_distance wanted, int cpus[2]) {
    int count = place->info.cpus;
    hwloc_obj_t *objects = malloc((size_t)count * sizeof *objects);
    int found = 0;
    for (int i = 0; objects && i < count; i++)
        objects[i] = hwloc_get_pu_obj_by_os_index(place->topology, (unsigned)place->cpus[i]);
    for (int i = 0; objects && i < count && !found; i++)
        for (int j = i + 1; j < count && !found; j++)
            if (objects[i] && objects[j] && distance(place->topology, objects[i], objects[j]) == wanted) {
                cpus[0] = place->cpus[i];
                cpus[1] = place->cpus[j];
                found = 1;
            }
    free(objects);
    return found;
}
