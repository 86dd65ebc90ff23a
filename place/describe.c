/* Describes the placement of a rank in words and numbers. */
#include "place/place.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static TRI_PRINTF(2, 3) void append(char *text, const char *format, ...) {
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, TRI_PLACE_TEXT - used, format, args);
    va_end(args);
}

/* Writes the logical indices of the objects at `depth` with a cpu in `set` as "0-3,8"; returns their
 * number. */
static int list_indices(hwloc_topology_t topology, int depth, hwloc_const_bitmap_t set, char *list,
                        size_t bytes) {
    hwloc_bitmap_t indices = hwloc_bitmap_alloc();
    int count = 0;
    hwloc_obj_t object = NULL;
    while (indices && (object = hwloc_get_next_obj_by_depth(topology, depth, object)) != NULL)
        if (hwloc_bitmap_intersects(object->cpuset, set)) {
            hwloc_bitmap_set(indices, object->logical_index);
            count++;
        }
    list[0] = 0;
    if (indices) hwloc_bitmap_list_snprintf(list, bytes, indices);
    hwloc_bitmap_free(indices);
    return count;
}

void tri_place_append(hwloc_topology_t topology, hwloc_const_bitmap_t set, hwloc_obj_type_t type,
                      const char *one, const char *many, char *text) {
    char list[TRI_PLACE_TEXT];
    int count = list_indices(topology, hwloc_get_type_or_below_depth(topology, type), set, list, sizeof list);
    if (count) append(text, "%s %s", count == 1 ? one : many, list);
}

void tri_place_append_memory(hwloc_topology_t topology, hwloc_const_bitmap_t set, char *text) {
    if (hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE) > 0)
        tri_place_append(topology, set, HWLOC_OBJ_PACKAGE, ", package", ", packages", text);
    tri_place_append(topology, set, HWLOC_OBJ_NUMANODE, ", NUMA", ", NUMA", text);
}

static size_t memory_near(hwloc_topology_t topology, hwloc_const_bitmap_t set) {
    hwloc_obj_t node = NULL;
    size_t bytes = 0;
    while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != NULL)
        if (hwloc_bitmap_intersects(node->cpuset, set)) bytes += (size_t)node->attr->numanode.local_memory;
    return bytes;
}

void tri_place_inform(tri_place *place, int sharing) {
    hwloc_topology_t topology = place->topology;
    hwloc_const_bitmap_t mine = place->mine, all = hwloc_topology_get_topology_cpuset(topology);
    int core_depth = hwloc_get_type_or_below_depth(topology, HWLOC_OBJ_CORE);
    char cores[TRI_PLACE_TEXT], cpus[TRI_PLACE_TEXT];
    place->info = (tri_place_info){
        .cores = list_indices(topology, core_depth, mine, cores, sizeof cores),
        .cpus = hwloc_bitmap_weight(mine),
        .sharing = sharing,
        .node_cores = (int)hwloc_get_nbobjs_by_depth(topology, core_depth),
        .node_cpus = hwloc_bitmap_weight(all),
        .numa_nodes = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE),
        .node_bytes = memory_near(topology, all),
        .local_bytes = memory_near(topology, mine),
    };
    char *text = place->info.text;
    tri_place_append(topology, mine, HWLOC_OBJ_CORE, "core", "cores", text);
    append(text, " of %d", place->info.node_cores);
    hwloc_bitmap_list_snprintf(cpus, sizeof cpus, mine);
    if (strcmp(cores, cpus)) append(text, " (cpu%s %s)", place->info.cpus == 1 ? "" : "s", cpus);
    tri_place_append_memory(topology, mine, text);
    if (sharing) append(text, ", shared with %d other rank%s", sharing, sharing == 1 ? "" : "s");
}
