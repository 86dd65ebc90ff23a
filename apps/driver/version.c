/* --version: the program, and the libraries below it with the files that are loaded. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "apps/driver/options.h"
#include "commit.h"

/* The version of hwloc, as 0x00020900; 0: unknown. By name, since only place/ is compiled with hwloc.h. */
static unsigned hwloc_version(void *function) {
    unsigned (*version)(void) = NULL;
    if (function) memcpy(&version, &function, sizeof version);
    return version ? version() : 0;
}

/* One line: the library, its version, and the file that `function` comes from. A folder of the library in
 * TRIREME_ABSENT was built without it. */
static void write_library(const char *name, const char *folder, const char *function, const char *version,
                          FILE *to) {
    char *file = NULL;
    Dl_info info;
    void *address = dlsym(RTLD_DEFAULT, function);
    if (strstr("," TRIREME_ABSENT ",", folder)) {
        fprintf(to, "  %-8s not in this build\n", name);
        return;
    }
    if (address && dladdr(address, &info) && info.dli_fname) file = realpath(info.dli_fname, NULL);
    fprintf(to, "  %-8s %s%s%s\n", name, version, *version ? "  " : "", file ? file : "");
    free(file);
}

void tri_version_write(const char *name, FILE *to) {
    char mpi[128], hwloc[32] = "";
    tri_store_library store = {.loaded = ""};
    tri_mpi_library(mpi, sizeof mpi);
    unsigned version = hwloc_version(dlsym(RTLD_DEFAULT, "hwloc_get_api_version"));
    if (version)
        snprintf(hwloc, sizeof hwloc, "%u.%u.%u", version >> 16, version >> 8 & 0xff, version & 0xff);
    if (tri_store_describe(&store) != TRI_OK) store.loaded[0] = 0;
    fprintf(to, "%s (trireme %s, commit %s)\n", name, TRIREME_VERSION_TEXT, TRIREME_COMMIT);
    write_library("MPI", ",mpi,", "MPI_Get_library_version", mpi, to);
    write_library("HDF5", ",store,", "H5get_libversion", store.loaded, to);
    write_library("hwloc", ",place,", "hwloc_get_api_version", hwloc, to);
    write_library("OpenCL", ",gpu,", "clGetPlatformIDs", "", to);
    fprintf(to, "  %-8s %s\n", "SIMD", tri_simd_name(tri_simd_level()));
}
