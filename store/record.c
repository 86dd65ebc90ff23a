/* Reads whole files: attributes of the root group, and datasets. */
#include "trireme/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/attribute.h"
#include "store/hdf5.h"
#include "store/look.h"
#include "store/record.h"

/* A record that grows. `failed` is the first failure; without it a failure is HDF5's. */
typedef struct reading {
    tri_record *record;
    size_t attribute_room, dataset_room;
    tri_status failed;
} reading;

/* An attribute or dataset that is open, and how it is read. */
typedef struct source {
    hid_t id;
    herr_t (*read)(hid_t id, hid_t type, void *out);
} source;

static herr_t read_attribute(hid_t id, hid_t type, void *out) {
    return H5Aread(id, type, out);
}

static herr_t read_dataset(hid_t id, hid_t type, void *out) {
    return H5Dread(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
}

static tri_status no_memory(const char *name) {
    return tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", name);
}

/* Another item at the end of a list; NULL: no memory. */
static tri_record_item *append(tri_record_item **list, size_t *count, size_t *room) {
    if (*count == *room) {
        tri_record_item *larger = realloc(*list, (2 * *room + 16) * sizeof **list);
        if (!larger) return NULL;
        *list = larger;
        *room = 2 * *room + 16;
    }
    tri_record_item *item = &(*list)[(*count)++];
    memset(item, 0, sizeof *item);
    item->kind = TRI_RECORD_OTHER;
    return item;
}

static tri_record_kind kind_of(hid_t type) {
    switch (H5Tget_class(type)) {
    case H5T_FLOAT:
        return TRI_RECORD_REAL;
    case H5T_INTEGER:
        return TRI_RECORD_INTEGER;
    case H5T_STRING:
        return TRI_RECORD_TEXT;
    default:
        return TRI_RECORD_OTHER;
    }
}

/* False: the shape is that of a damaged file. */
static int read_shape(hid_t space, tri_record_item *item) {
    hsize_t dims[H5S_MAX_RANK];
    item->rank = H5Sget_simple_extent_dims(space, dims, NULL);
    if (item->rank < 0 || item->rank > TRI_RECORD_DIMS) return 0;
    item->count = H5Sget_simple_extent_type(space) != H5S_NULL;
    for (int i = 0; i < item->rank; i++) {
        item->dims[i] = dims[i];
        if (dims[i] && item->count > SIZE_MAX / 8 / dims[i]) return 0;
        item->count *= dims[i];
    }
    return 1;
}

/* Texts of variable length: HDF5 allocates each. */
static tri_status read_variable(source from, hid_t space, tri_record_item *item) {
    char **values = calloc(item->count + 1, sizeof *values);
    hid_t type = tri_h5_text_type(),
          stored = from.read == read_attribute ? H5Aget_type(from.id) : H5Dget_type(from.id);
    /* HDF5 converts no character set: take the file's. */
    H5Tset_cset(type, H5Tget_cset(stored));
    tri_status status = values ? TRI_OK : no_memory(item->name);
    int got = status == TRI_OK && from.read(from.id, type, values) >= 0;
    for (size_t i = 0; got && i < item->count && status == TRI_OK; i++) {
        item->texts[i] = strdup(values[i] ? values[i] : "");
        if (!item->texts[i]) status = no_memory(item->name);
    }
    if (got) H5Dvlen_reclaim(type, space, H5P_DEFAULT, values);
    free(values);
    H5Tclose(stored);
    H5Tclose(type);
    return status != TRI_OK || got ? status : TRI_ERR_FILE;
}

static tri_status read_fixed(source from, hid_t stored, tri_record_item *item) {
    size_t bytes = H5Tget_size(stored);
    if (!bytes || bytes > (size_t)1 << 30 || item->count > ((size_t)1 << 30) / bytes) return TRI_OK;
    char *values = malloc(item->count * bytes + 1);
    tri_status status = values ? TRI_OK : no_memory(item->name);
    if (status == TRI_OK && from.read(from.id, stored, values) < 0) status = TRI_ERR_FILE;
    for (size_t i = 0; i < item->count && status == TRI_OK; i++) {
        item->texts[i] = strndup(values + i * bytes, bytes);
        if (!item->texts[i]) status = no_memory(item->name);
    }
    free(values);
    return status;
}

static tri_status read_texts(source from, hid_t stored, hid_t space, tri_record_item *item) {
    item->texts = calloc(item->count + 1, sizeof *item->texts);
    if (!item->texts) return no_memory(item->name);
    return H5Tis_variable_str(stored) > 0 ? read_variable(from, space, item) : read_fixed(from, stored, item);
}

/* TRI_ERR_FILE without a text: the error stack of HDF5 has the reason. */
static tri_status read_values(source from, hid_t stored, hid_t space, tri_record_item *item) {
    item->kind = kind_of(stored);
    if (!read_shape(space, item)) return TRI_ERR_FILE;
    if (item->count > TRI_RECORD_MOST || item->kind == TRI_RECORD_OTHER) return TRI_OK;
    if (item->kind == TRI_RECORD_TEXT) return read_texts(from, stored, space, item);
    void *values = calloc(item->count + 1, 8);
    if (!values) return no_memory(item->name);
    if (item->kind == TRI_RECORD_REAL)
        item->reals = values;
    else
        item->integers = values;
    hid_t native = item->kind == TRI_RECORD_REAL ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64;
    return !item->count || from.read(from.id, native, values) >= 0 ? TRI_OK : TRI_ERR_FILE;
}

static tri_status fill(source from, hid_t type, hid_t space, const char *name, tri_record_item *item) {
    item->name = strdup(name);
    if (!item->name) return no_memory(name);
    tri_status status = type < 0 || space < 0 ? TRI_ERR_FILE : read_values(from, type, space, item);
    char reason[TRI_H5_REASON];
    return status == TRI_ERR_FILE ? tri_fail(status, "%s: %s", name, tri_h5_reason(reason)) : status;
}

/* A text attribute of a dataset; "" where there is none. */
static tri_status read_note(hid_t dataset, const char *name, char **out) {
    tri_record_item item = {.kind = TRI_RECORD_OTHER};
    tri_status status = TRI_OK;
    if (H5Aexists(dataset, name) > 0) {
        hid_t attribute = H5Aopen(dataset, name, H5P_DEFAULT);
        hid_t type = attribute < 0 ? H5I_INVALID_HID : H5Aget_type(attribute);
        hid_t space = attribute < 0 ? H5I_INVALID_HID : H5Aget_space(attribute);
        status = fill((source){attribute, read_attribute}, type, space, name, &item);
        if (type >= 0) H5Tclose(type);
        if (space >= 0) H5Sclose(space);
        if (attribute >= 0) H5Aclose(attribute);
    }
    if (status == TRI_OK) {
        *out = strdup(item.texts && item.count ? item.texts[0] : "");
        if (!*out) status = no_memory(name);
    }
    tri_record_free_item(&item);
    return status;
}

static herr_t add_attribute(hid_t root, const char *name, const H5A_info_t *info, void *data) {
    reading *r = data;
    (void)info;
    tri_record_item *item = append(&r->record->attribute, &r->record->attributes, &r->attribute_room);
    hid_t attribute = H5Aopen(root, name, H5P_DEFAULT);
    hid_t type = attribute < 0 ? H5I_INVALID_HID : H5Aget_type(attribute);
    hid_t space = attribute < 0 ? H5I_INVALID_HID : H5Aget_space(attribute);
    r->failed = item ? fill((source){attribute, read_attribute}, type, space, name, item) : no_memory(name);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    if (attribute >= 0) H5Aclose(attribute);
    return r->failed == TRI_OK ? 0 : -1;
}

static herr_t add_dataset(hid_t root, const char *name, const H5L_info_t *info, void *data) {
    reading *r = data;
    if (info->type != H5L_TYPE_HARD) return 0;
    hid_t dataset = H5Oopen(root, name, H5P_DEFAULT);
    if (dataset >= 0 && H5Iget_type(dataset) != H5I_DATASET) {
        H5Oclose(dataset);
        return 0;
    }
    tri_record_item *item = append(&r->record->dataset, &r->record->datasets, &r->dataset_room);
    hid_t type = dataset < 0 ? H5I_INVALID_HID : H5Dget_type(dataset);
    hid_t space = dataset < 0 ? H5I_INVALID_HID : H5Dget_space(dataset);
    r->failed = item ? fill((source){dataset, read_dataset}, type, space, name, item) : no_memory(name);
    if (r->failed == TRI_OK) r->failed = read_note(dataset, "units", &item->units);
    if (r->failed == TRI_OK) r->failed = read_note(dataset, "long_name", &item->long_name);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    if (dataset >= 0) H5Oclose(dataset);
    return r->failed == TRI_OK ? 0 : -1;
}

/* The order of writing where the file has it. */
static H5_index_t order_of(hid_t root) {
    unsigned order = 0;
    hid_t created = H5Gget_create_plist(root);
    if (created >= 0) {
        H5Pget_attr_creation_order(created, &order);
        H5Pclose(created);
    }
    return order & H5P_CRT_ORDER_TRACKED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
}

static tri_status read_open(hid_t file, const char *name, tri_record *record) {
    reading r = {.record = record, .failed = TRI_OK};
    char reason[TRI_H5_REASON];
    hid_t root = H5Gopen(file, "/", H5P_DEFAULT);
    int ok = root >= 0 && H5Aiterate2(root, order_of(root), H5_ITER_INC, NULL, add_attribute, &r) >= 0 &&
             H5Lvisit(root, H5_INDEX_NAME, H5_ITER_INC, add_dataset, &r) >= 0;
    tri_status status = r.failed;
    if (!ok && status != TRI_ERR_MEMORY)
        status = tri_fail(TRI_ERR_FILE, "cannot read '%s': %s", name,
                          status == TRI_OK ? tri_h5_reason(reason) : tri_error_text());
    if (!ok) tri_h5_stay_quiet();
    if (root >= 0) H5Gclose(root);
    return status;
}

tri_status tri_record_read_here(const char *file, tri_record **out) {
    hid_t opened;
    tri_record *record = calloc(1, sizeof *record);
    if (!record) return no_memory(file);
    record->file = strdup(file);
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    tri_status status = record->file ? tri_h5_open(file, &opened) : no_memory(file);
    if (status == TRI_OK) {
        status = read_open(opened, file, record);
        H5Fclose(opened);
    }
    tri_h5_quiet_end(quiet);
    if (status == TRI_OK)
        *out = record;
    else
        tri_record_destroy(&record);
    return status;
}

tri_status tri_record_read(const char *file, tri_record **out) {
    TRI_TRY(tri_look(file, NULL, 1, TRI_LOOK_RECORD));
    return tri_record_read_here(file, out);
}
