/* Arrays distributed over the ranks: rank 0 creates them, all ranks write them. */
#include <stdlib.h>
#include <string.h>

#include "store/array.h"
#include "store/attribute.h"

/* The properties of a new dataset; rank 0 only. */
typedef struct recipe {
    hid_t type, creation, attributes; /* attributes: the object to copy them from, or invalid */
    const char *units, *long_name;    /* or NULL */
    const hsize_t *most;              /* maximum size of each dimension, or NULL: its size */
} recipe;

static tri_status check_shape(const tri_array *a) {
    if (a->rank < 1 || a->rank > H5S_MAX_RANK)
        return tri_fail(TRI_ERR_ARGUMENT, "'%s' has %d dimensions; the limits are 1 and %d", a->path, a->rank,
                        H5S_MAX_RANK);
    return TRI_OK;
}

static tri_status check_size(const tri_array *a) {
    size_t all = 1;
    for (int i = 0; i < a->rank; i++) {
        if (a->dims[i] && all > INT64_MAX / a->place.element_bytes / a->dims[i])
            return tri_fail(TRI_ERR_ARGUMENT, "'%s' is too large for a file", a->path);
        all *= a->dims[i];
    }
    return TRI_OK;
}

static int describe(hid_t dataset, const recipe *r) {
    if (r->attributes >= 0 && !tri_h5_copy_attributes(r->attributes, dataset)) return 0;
    return !r->units || tri_h5_describe(dataset, r->units, r->long_name);
}

/* Creates the dataset and finds its offset in the file; rank 0 only. */
static tri_status create_dataset(tri_array *a, const recipe *r) {
    hsize_t dims[H5S_MAX_RANK];
    int empty = 0;
    for (int i = 0; i < a->rank; i++) {
        dims[i] = a->dims[i];
        empty |= !dims[i];
    }
    a->place.element_bytes = H5Tget_size(r->type);
    a->place.chunked = H5Pget_layout(r->creation) == H5D_CHUNKED;
    a->place.filtered = a->place.chunked && H5Pget_nfilters(r->creation) > 0;
    TRI_TRY(check_size(a));
    /* Allocate space now, so that the offset is known; no fill values, which would write all data twice.
     * Compressed chunks are allocated when their size is known. */
    if (!a->place.filtered) {
        H5Pset_alloc_time(r->creation, H5D_ALLOC_TIME_EARLY);
        H5Pset_fill_time(r->creation, H5D_FILL_TIME_NEVER);
    }
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    hid_t space = H5Screate_simple(a->rank, dims, r->most);
    hid_t dataset = H5Dcreate2(a->result->h5, a->path, r->type, space, links, r->creation, H5P_DEFAULT);
    haddr_t offset = dataset < 0 || a->place.chunked ? HADDR_UNDEF : H5Dget_offset(dataset);
    tri_status status = TRI_OK;
    if (dataset < 0 || (offset == HADDR_UNDEF && !empty && !a->place.chunked) || !describe(dataset, r))
        status = tri_result_h5_failure(a->result, a->path);
    if (dataset >= 0) H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(links);
    a->place.offset = offset;
    /* Also reserves the space of the array, so that a full disk shows before any data are written, and on no
     * rank in the midst of a collective write. */
    return status == TRI_OK ? tri_result_flush(a->result, a->path) : status;
}

/* Agrees on rank 0's status after it created the dataset, and distributes its place. Collective. */
static tri_status share_place(tri_array *a, tri_status made) {
    TRI_TRY(tri_agree(a->result->comm, made));
    return tri_result_share(a->result->comm, &a->place, sizeof a->place);
}

/* Checks this rank's block and stores it in *b. An invalid block fails on all ranks when they next agree. */
static void take_block(tri_array *a, const size_t start[], const size_t count[], const void *values,
                       tri_array_block *b) {
    *b = (tri_array_block){.elements = 1, .values = values};
    for (int i = 0; i < a->rank; i++) {
        if (start[i] > a->dims[i] || count[i] > a->dims[i] - start[i])
            tri_result_keep(a->result,
                            tri_fail(TRI_ERR_ARGUMENT,
                                     "'%s': %zu indices from %zu on are outside dimension %d of %zu", a->path,
                                     count[i], start[i], i, a->dims[i]));
        b->elements *= count[i];
    }
    if (!b->elements) return;
    memcpy(b->start, start, (size_t)a->rank * sizeof *start);
    memcpy(b->count, count, (size_t)a->rank * sizeof *count);
}

tri_status tri_result_array(tri_result *result, const char *path, tri_element element, int rank,
                            const size_t dims[], const size_t start[], const size_t count[],
                            const void *values, const char *units, const char *long_name) {
    if (!result->comm)
        return tri_fail(TRI_ERR_ARGUMENT, "'%s': an array over the ranks needs a communicator", path);
    tri_array a = {.result = result, .path = (char *)path, .rank = rank};
    tri_array_block block = {.elements = 0};
    tri_status status = check_shape(&a);
    tri_result_keep(result, status);
    if (status == TRI_OK) {
        memcpy(a.dims, dims, (size_t)rank * sizeof *dims);
        take_block(&a, start, count, values, &block);
    }
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    recipe r = {.type = element == TRI_ELEMENT_F64   ? H5T_NATIVE_DOUBLE
                        : element == TRI_ELEMENT_I64 ? H5T_NATIVE_INT64
                                                     : H5T_NATIVE_UINT64,
                .creation = H5Pcreate(H5P_DATASET_CREATE),
                .attributes = H5I_INVALID_HID,
                .units = units,
                .long_name = long_name};
    status = tri_result_to_disk(result);
    if (status == TRI_OK) status = share_place(&a, result->root ? create_dataset(&a, &r) : TRI_OK);
    if (status == TRI_OK) status = tri_array_write_block(&a, &block);
    tri_result_keep(result, status);
    H5Pclose(r.creation);
    tri_h5_quiet_end(quiet);
    return status;
}

/* Sets the layout: as `wanted`, or that of the prototype. Sets `most` to the maximum size of each
 * dimension. */
static void set_layout(const tri_array *a, hid_t prototype, hid_t creation, const size_t wanted[],
                       hsize_t most[]) {
    hsize_t chunk[H5S_MAX_RANK], had[H5S_MAX_RANK];
    hid_t space = H5Dget_space(prototype);
    int had_rank = H5Sget_simple_extent_dims(space, NULL, had);
    H5Sclose(space);
    int keep = !wanted && H5Pget_layout(creation) == H5D_CHUNKED && had_rank == a->rank;
    if (keep) H5Pget_chunk(creation, a->rank, chunk);
    if (!keep) {
        H5Premove_filter(creation, H5Z_FILTER_ALL);
        H5Pset_layout(creation, H5D_CONTIGUOUS);
    }
    if (wanted && wanted[0]) {
        for (int i = 0; i < a->rank; i++)
            chunk[i] = wanted[i];
        H5Pset_chunk(creation, a->rank, chunk);
    }
    int chunked = H5Pget_layout(creation) == H5D_CHUNKED;
    for (int i = 0; i < a->rank; i++) {
        most[i] = a->dims[i];
        if (!chunked) continue;
        /* HDF5 requires that a chunk not exceed the maximum size. */
        if (most[i] < chunk[i]) most[i] = chunk[i];
        if (keep && had[i] == H5S_UNLIMITED) most[i] = H5S_UNLIMITED;
    }
}

static tri_status create_like(tri_array *a, const tri_template *like, const size_t chunk[]) {
    hid_t file, prototype;
    hsize_t most[H5S_MAX_RANK];
    if (!like) {
        recipe plain = {.type = H5T_NATIVE_INT64,
                        .creation = H5Pcreate(H5P_DATASET_CREATE),
                        .attributes = H5I_INVALID_HID};
        tri_status status = create_dataset(a, &plain);
        H5Pclose(plain.creation);
        return status;
    }
    TRI_TRY(tri_template_open(like, &file, &prototype));
    hid_t stored = H5Dget_type(prototype);
    recipe r = {.type = H5Tcopy(stored),
                .creation = H5Dget_create_plist(prototype),
                .attributes = prototype,
                .most = most};
    set_layout(a, prototype, r.creation, chunk, most);
    tri_status status = create_dataset(a, &r);
    H5Tclose(stored);
    H5Tclose(r.type);
    H5Pclose(r.creation);
    H5Dclose(prototype);
    H5Fclose(file);
    return status;
}

tri_status tri_array_create(tri_result *result, const char *path, const tri_template *like, int rank,
                            const size_t dims[], const size_t chunk[], tri_array **out) {
    tri_array *a = calloc(1, sizeof *a);
    tri_status status =
        a && (a->path = strdup(path)) ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", path);
    if (status == TRI_OK) {
        a->result = result;
        a->rank = rank;
        status = check_shape(a);
    }
    if (status == TRI_OK) memcpy(a->dims, dims, (size_t)rank * sizeof *dims);
    tri_result_keep(result, status);
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    status = tri_result_to_disk(result);
    if (status == TRI_OK) status = share_place(a, result->root ? create_like(a, like, chunk) : TRI_OK);
    tri_result_keep(result, status);
    tri_h5_quiet_end(quiet);
    if (status == TRI_OK)
        *out = a;
    else
        tri_array_destroy(&a);
    return status;
}

size_t tri_array_element_bytes(const tri_array *array) {
    return array->place.element_bytes;
}

tri_status tri_array_write(tri_array *array, const size_t start[], const size_t count[], const void *values) {
    tri_array_block block;
    take_block(array, start, count, values, &block);
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    tri_status status = tri_array_write_block(array, &block);
    tri_result_keep(array->result, status);
    tri_h5_quiet_end(quiet);
    return status;
}

tri_status tri_array_write_start(tri_array *array, const size_t start[], const size_t count[],
                                 const void *values) {
    tri_array_block block;
    take_block(array, start, count, values, &block);
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    tri_status status = tri_array_start_block(array, &block);
    tri_result_keep(array->result, status);
    tri_h5_quiet_end(quiet);
    return status;
}

/* Stores a range in *b, as a block that is the whole array. */
static void take_range(tri_array *a, size_t first, size_t count, const void *values, tri_array_block *b) {
    size_t elements = 1;
    for (int i = 0; i < a->rank; i++)
        elements *= a->dims[i];
    *b = (tri_array_block){.elements = 0};
    if (first > elements || count > elements - first)
        tri_result_keep(a->result,
                        tri_fail(TRI_ERR_ARGUMENT, "'%s': %zu elements from %zu on, but there are %zu",
                                 a->path, count, first, elements));
    else if (a->place.chunked)
        tri_result_keep(a->result,
                        tri_fail(TRI_ERR_ARGUMENT, "'%s' has chunks: write it in blocks", a->path));
    else if (count) {
        *b = (tri_array_block){.first = first, .elements = first + count, .range = 1, .values = values};
        memcpy(b->count, a->dims, (size_t)a->rank * sizeof *a->dims);
    }
}

tri_status tri_array_write_range(tri_array *array, size_t first, size_t count, const void *values) {
    tri_array_block block;
    take_range(array, first, count, values, &block);
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    tri_status status = tri_array_write_block(array, &block);
    tri_result_keep(array->result, status);
    tri_h5_quiet_end(quiet);
    return status;
}

void tri_array_destroy(tri_array **array) {
    if (!array || !*array) return;
    free((*array)->path);
    free(*array);
    *array = NULL;
}
