/* What the files of place/ share. */
#ifndef PLACE_PLACE_H
#define PLACE_PLACE_H

#include <hwloc.h>

#include "trireme/place.h"

struct tri_place {
    hwloc_topology_t topology;
    hwloc_topology_t devices;     /* with I/O devices; NULL until asked for */
    hwloc_bitmap_t mask;          /* what the calling thread was bound to */
    hwloc_bitmap_t mine, scratch; /* what this rank was dealt */
    int *cpus;                    /* of `mine`, in the order in which threads take them; info.cpus of them */
    tri_place_info info;
};

TRI_MUST_CHECK tri_status tri_place_load(int with_devices, hwloc_topology_t *out);

/* Appends "core 3" or "cores 0-3" to a text of TRI_PLACE_TEXT bytes: the logical indices of the objects of a
 * type (where there are none: of what is below) that have a cpu of `set`; nothing where there are none. */
void tri_place_append(hwloc_topology_t topology, hwloc_const_bitmap_t set, hwloc_obj_type_t type,
                      const char *one, const char *many, char *text);

/* Appends ", package 0, NUMA 0". */
void tri_place_append_memory(hwloc_topology_t topology, hwloc_const_bitmap_t set, char *text);

/* Fills in place->info from place->mine; `sharing` as in tri_place_info. */
void tri_place_inform(tri_place *place, int sharing);

#endif
