/* The object that the files of place/ share. Internal. */
#ifndef PLACE_PLACE_H
#define PLACE_PLACE_H

#include <hwloc.h>

#include "trireme/place.h"

struct tri_place {
    hwloc_topology_t topology;
    hwloc_topology_t devices;     /* with I/O devices; NULL until first needed */
    hwloc_bitmap_t mask;          /* the binding of the calling thread */
    hwloc_bitmap_t mine, scratch; /* mine: the cpus of this rank */
    int *cpus;                    /* the info.cpus cpus of `mine`, in the order of the threads */
    tri_place_info info;
};

TRI_MUST_CHECK tri_status tri_place_load(int with_devices, hwloc_topology_t *out);

/* Appends "core 3" or "cores 0-3" to a text of TRI_PLACE_TEXT bytes: the logical indices of the objects of a
 * type that have a cpu in `set`. If the topology has no such type, uses the next lower one. */
void tri_place_append(hwloc_topology_t topology, hwloc_const_bitmap_t set, hwloc_obj_type_t type,
                      const char *one, const char *many, char *text);

/* Appends ", package 0, NUMA 0". */
void tri_place_append_memory(hwloc_topology_t topology, hwloc_const_bitmap_t set, char *text);

/* Sets place->info from place->mine; `sharing` as in tri_place_info. */
void tri_place_inform(tri_place *place, int sharing);

#endif
