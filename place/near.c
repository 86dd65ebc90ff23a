/* The cores near a device. */
#include "place/place.h"

#include <string.h>

tri_status tri_place_near_pci(tri_place *place, const char *address, tri_place_near *out) {
    if (!place->devices) TRI_TRY(tri_place_load(1, &place->devices));
    hwloc_obj_t device = hwloc_get_pcidev_by_busidstring(place->devices, address);
    if (!device)
        return tri_fail(TRI_ERR_ARGUMENT, "no PCI device '%s' on this machine (lspci -D lists them)",
                        address);
    hwloc_const_bitmap_t near = hwloc_get_non_io_ancestor_obj(place->devices, device)->cpuset;
    tri_place_near found = {.distance = 2};
    if (hwloc_bitmap_intersects(near, place->mine))
        found.distance = 0;
    else {
        hwloc_obj_t package = NULL;
        while ((package = hwloc_get_next_obj_by_type(place->devices, HWLOC_OBJ_PACKAGE, package)) != NULL)
            if (hwloc_bitmap_intersects(package->cpuset, near) &&
                hwloc_bitmap_intersects(package->cpuset, place->mine))
                found.distance = 1;
    }
    tri_place_append(place->devices, near, HWLOC_OBJ_CORE, "near core", "near cores", found.text);
    tri_place_append_memory(place->devices, near, found.text);
    *out = found;
    return TRI_OK;
}
