/* Reads attributes, and copies them between files. */
#include <stdlib.h>
#include <string.h>

#include "store/attribute.h"
#include "store/dataset.h"
#include "store/look.h"

/* Opens a scalar attribute of the file's root group. */
static tri_status open_attribute(const tri_dataset *dataset, const char *name, H5T_class_t class,
                                 hid_t *out) {
    hid_t attribute = H5Aexists_by_name(dataset->h5_file, "/", name, H5P_DEFAULT) > 0
                          ? H5Aopen_by_name(dataset->h5_file, "/", name, H5P_DEFAULT, H5P_DEFAULT)
                          : H5I_INVALID_HID;
    hid_t type = attribute < 0 ? H5I_INVALID_HID : H5Aget_type(attribute);
    hid_t space = attribute < 0 ? H5I_INVALID_HID : H5Aget_space(attribute);
    int right = type >= 0 && H5Tget_class(type) == class && H5Sget_simple_extent_npoints(space) == 1 &&
                (class != H5T_STRING || H5Tis_variable_str(type) > 0);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    if (right) {
        *out = attribute;
        return TRI_OK;
    }
    if (attribute >= 0) H5Aclose(attribute);
    return tri_fail(TRI_ERR_DATA, "'%s' has no attribute '%s' with one %s", dataset->file, name,
                    class == H5T_STRING ? "text" : "integer");
}

static tri_status read_attribute(const tri_dataset *dataset, const char *name, hid_t attribute, hid_t type,
                                 void *out) {
    char reason[TRI_H5_REASON];
    tri_status status = TRI_OK;
    if (H5Aread(attribute, type, out) < 0) {
        status = tri_fail(TRI_ERR_FILE, "cannot read attribute '%s' of '%s': %s", name, dataset->file,
                          tri_h5_reason(reason));
        tri_h5_stay_quiet();
    }
    H5Aclose(attribute);
    return status;
}

tri_status tri_dataset_file_integer(const tri_dataset *dataset, const char *name, int64_t *out) {
    hid_t attribute;
    int64_t value;
    if (!dataset->flat) TRI_TRY(tri_look(dataset->file, dataset->path, 1, name));
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    tri_status status = open_attribute(dataset, name, H5T_INTEGER, &attribute);
    if (status == TRI_OK) status = read_attribute(dataset, name, attribute, H5T_NATIVE_INT64, &value);
    tri_h5_quiet_end(quiet);
    if (status == TRI_OK) *out = value;
    return status;
}

tri_status tri_dataset_file_text(const tri_dataset *dataset, const char *name, char **out) {
    hid_t attribute;
    char *value = NULL;
    if (!dataset->flat) TRI_TRY(tri_look(dataset->file, dataset->path, 1, name));
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    tri_status status = open_attribute(dataset, name, H5T_STRING, &attribute);
    if (status == TRI_OK) {
        hid_t type = tri_h5_text_type();
        status = read_attribute(dataset, name, attribute, type, &value);
        H5Tclose(type);
    }
    tri_h5_quiet_end(quiet);
    if (status != TRI_OK) return status;
    *out = strdup(value ? value : "");
    H5free_memory(value);
    return *out ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for attribute '%s'", name);
}

/* Copies the value of attribute `from` to the new attribute `to`. False: the error stack has the reason. */
static int copy_value(hid_t from, hid_t to, hid_t type, hid_t space) {
    if (H5Sget_simple_extent_type(space) == H5S_NULL) return 1;
    size_t bytes = (size_t)H5Sget_simple_extent_npoints(space) * H5Tget_size(type);
    void *values = calloc(bytes ? bytes : 1, 1);
    int ok = values && H5Aread(from, type, values) >= 0 && H5Awrite(to, type, values) >= 0;
    if (ok) H5Dvlen_reclaim(type, space, H5P_DEFAULT, values);
    free(values);
    return ok;
}

static herr_t copy_one(hid_t object, const char *name, const H5A_info_t *info, void *to) {
    (void)info;
    hid_t from = H5Aopen(object, name, H5P_DEFAULT), stored = from < 0 ? H5I_INVALID_HID : H5Aget_type(from);
    if (stored < 0) return -1;
    /* Copy the type: a named type belongs to its file. */
    hid_t type = H5Tcopy(stored), space = H5Aget_space(from);
    int ok = 1;
    if (H5Tdetect_class(type, H5T_REFERENCE) <= 0) {
        hid_t copy = H5Acreate2(*(hid_t *)to, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
        ok = copy >= 0 && copy_value(from, copy, type, space);
        if (copy >= 0 && H5Aclose(copy) < 0) ok = 0;
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Tclose(stored);
    H5Aclose(from);
    return ok ? 0 : -1;
}

int tri_h5_copy_attributes(hid_t from, hid_t to) {
    return H5Aiterate2(from, H5_INDEX_NAME, H5_ITER_INC, NULL, copy_one, &to) >= 0;
}
