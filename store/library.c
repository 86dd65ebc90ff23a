/* The version of the HDF5 library. */
#include <hdf5.h>
#include <stdio.h>

#include "trireme/store.h"

tri_status tri_store_describe(tri_store_library *out) {
    unsigned major, minor, release;
    if (H5get_libversion(&major, &minor, &release) < 0)
        return tri_fail(TRI_ERR_SYSTEM, "HDF5 does not report its version");
    *out = (tri_store_library){0};
    snprintf(out->compiled, sizeof out->compiled, "%d.%d.%d", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
    snprintf(out->loaded, sizeof out->loaded, "%u.%u.%u", major, minor, release);
#ifdef H5_HAVE_PARALLEL
    out->parallel = 1;
#endif
    return TRI_OK;
}
