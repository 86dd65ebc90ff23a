/* Attributes and small datasets, which rank 0 writes. */
#include <stdlib.h>
#include <string.h>

#include "store/attribute.h"
#include "store/result.h"

hid_t tri_h5_text_type(void) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

/* Writes an attribute, replacing an existing one. Does not close space and types. */
static int write_attribute(hid_t object, const char *name, hid_t space, hid_t file_type, hid_t memory_type,
                           const void *value, int empty) {
    if (H5Aexists(object, name) > 0 && H5Adelete(object, name) < 0) return 0;
    hid_t attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0) return 0;
    int ok = empty || H5Awrite(attribute, memory_type, value) >= 0;
    return ok ? H5Aclose(attribute) >= 0 : (H5Aclose(attribute), 0);
}

int tri_h5_write_text(hid_t object, const char *name, const char *value) {
    hid_t type = tri_h5_text_type(), space = H5Screate(H5S_SCALAR);
    int ok = write_attribute(object, name, space, type, type, &value, 0);
    H5Sclose(space);
    H5Tclose(type);
    return ok;
}

int tri_h5_describe(hid_t dataset, const char *units, const char *long_name) {
    return tri_h5_write_text(dataset, "units", units) && tri_h5_write_text(dataset, "long_name", long_name);
}

/* True on rank 0 while the file can be written. */
static int begin(tri_result *result, tri_h5_quiet *quiet) {
    if (!result || !result->root || result->failed != TRI_OK || result->closed) return 0;
    *quiet = tri_h5_quiet_begin();
    return 1;
}

static void end(tri_result *result, tri_h5_quiet quiet, int ok, const char *name) {
    if (!ok) tri_result_keep(result, tri_result_h5_failure(result, name));
    tri_h5_quiet_end(quiet);
}

void tri_result_text(tri_result *result, const char *name, const char *value) {
    tri_h5_quiet quiet;
    if (begin(result, &quiet)) end(result, quiet, tri_h5_write_text(result->h5, name, value), name);
}

void tri_result_integer(tri_result *result, const char *name, int64_t value) {
    tri_h5_quiet quiet;
    if (!begin(result, &quiet)) return;
    hid_t space = H5Screate(H5S_SCALAR);
    end(result, quiet,
        write_attribute(result->h5, name, space, H5T_NATIVE_INT64, H5T_NATIVE_INT64, &value, 0), name);
    H5Sclose(space);
}

void tri_result_real(tri_result *result, const char *name, double value) {
    tri_h5_quiet quiet;
    if (!begin(result, &quiet)) return;
    hid_t space = H5Screate(H5S_SCALAR);
    end(result, quiet,
        write_attribute(result->h5, name, space, H5T_NATIVE_DOUBLE, H5T_NATIVE_DOUBLE, &value, 0), name);
    H5Sclose(space);
}

void tri_result_texts(tri_result *result, const char *name, size_t count, const char *const values[]) {
    tri_h5_quiet quiet;
    if (!begin(result, &quiet)) return;
    hsize_t length = count;
    hid_t type = tri_h5_text_type(), space = H5Screate_simple(1, &length, NULL);
    end(result, quiet, write_attribute(result->h5, name, space, type, type, values, !count), name);
    H5Sclose(space);
    H5Tclose(type);
}

static int write_dataset(tri_result *result, const char *path, int rank, const size_t dims[], hid_t type,
                         const void *values, const char *units, const char *long_name) {
    hsize_t lengths[H5S_MAX_RANK];
    int empty = 0;
    for (int i = 0; i < rank; i++) {
        lengths[i] = dims[i];
        empty |= !dims[i];
    }
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    hid_t space = rank ? H5Screate_simple(rank, lengths, NULL) : H5Screate(H5S_SCALAR);
    hid_t dataset = H5Dcreate2(result->h5, path, type, space, links, H5P_DEFAULT, H5P_DEFAULT);
    int ok = dataset >= 0 && (empty || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0) &&
             tri_h5_describe(dataset, units, long_name);
    if (!ok) tri_result_keep(result, tri_result_h5_failure(result, path));
    if (dataset >= 0) H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(links);
    return ok;
}

void tri_result_reals(tri_result *result, const char *path, int rank, const size_t dims[],
                      const double *values, const char *units, const char *long_name) {
    tri_h5_quiet quiet;
    if (!begin(result, &quiet)) return;
    write_dataset(result, path, rank, dims, H5T_NATIVE_DOUBLE, values, units, long_name);
    tri_h5_quiet_end(quiet);
}

void tri_result_integers(tri_result *result, const char *path, int rank, const size_t dims[],
                         const int64_t *values, const char *units, const char *long_name) {
    tri_h5_quiet quiet;
    if (!begin(result, &quiet)) return;
    write_dataset(result, path, rank, dims, H5T_NATIVE_INT64, values, units, long_name);
    tri_h5_quiet_end(quiet);
}
