#include "store/dataset.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/flat.h"
#include "store/look.h"
#include "trireme/comm.h"

/* Limit of HDF5's cache of decompressed chunks. Its default, 1 MiB, is too small for most datasets. */
static const size_t cache_limit_bytes = (size_t)64 << 20;

static tri_status learn_shape(tri_dataset *dataset) {
    dataset->h5_space = H5Dget_space(dataset->h5_dataset);
    hsize_t dims[H5S_MAX_RANK], most[H5S_MAX_RANK];
    int rank = dataset->h5_space < 0 ? -1 : H5Sget_simple_extent_dims(dataset->h5_space, dims, most);
    if (rank < 0) {
        char reason[TRI_H5_REASON];
        return tri_fail(TRI_ERR_FILE, "cannot read the shape of '%s' in '%s': %s", dataset->path,
                        dataset->file, tri_h5_reason(reason));
    }
    dataset->rank = rank;
    dataset->count = H5Sget_simple_extent_type(dataset->h5_space) != H5S_NULL;
    for (int i = 0; i < rank; i++) {
        dataset->dims[i] = dims[i];
        if (dims[i] > most[i])
            return tri_fail(
                TRI_ERR_FILE,
                "dimension %d of '%s' in '%s' has %llu indices, but at most %llu are allowed: the "
                "file is damaged; copy or write it again",
                i, dataset->path, dataset->file, (unsigned long long)dims[i], (unsigned long long)most[i]);
        if (dims[i] && dataset->count > SIZE_MAX / sizeof(double) / dims[i])
            return tri_fail(TRI_ERR_DATA, "'%s' in '%s' has more elements than a process can address",
                            dataset->path, dataset->file);
        dataset->count *= dims[i];
    }
    return TRI_OK;
}

/* Determines the row of chunks, see tri_dataset_block(), and reopens the dataset with a cache that holds
 * it. */
static tri_status learn_chunks(tri_dataset *dataset) {
    dataset->block = dataset->flat && dataset->flat->csv ? tri_csv_block() : 1;
    hid_t created = H5Dget_create_plist(dataset->h5_dataset);
    hsize_t chunk[H5S_MAX_RANK];
    int chunked = created >= 0 && dataset->count && H5Pget_layout(created) == H5D_CHUNKED &&
                  H5Pget_chunk(created, dataset->rank, chunk) == dataset->rank;
    if (created >= 0) H5Pclose(created);
    if (!chunked) return TRI_OK;
    for (int i = 0; i < dataset->rank; i++)
        dataset->chunk[i] = chunk[i];

    int along = 0;
    while (along < dataset->rank - 1 && chunk[along] == 1)
        along++;
    size_t length = chunk[along] < dataset->dims[along] ? chunk[along] : dataset->dims[along];
    /* With incomplete last chunks in an inner dimension, later rows would not align with chunks. */
    if (along > 0 && dataset->dims[along] % length) length = dataset->dims[along];
    size_t chunks = length / chunk[along] + (length % chunk[along] != 0), chunk_bytes = dataset->stored_bytes;
    dataset->block = length;
    for (int i = along + 1; i < dataset->rank; i++) {
        dataset->block *= dataset->dims[i];
        chunks *= dataset->dims[i] / chunk[i] + (dataset->dims[i] % chunk[i] != 0);
    }
    for (int i = 0; i < dataset->rank; i++)
        chunk_bytes *= chunk[i]; /* no overflow: a chunk is smaller than 4 GiB */
    size_t cache_chunks = cache_limit_bytes / chunk_bytes;
    if (cache_chunks > chunks) cache_chunks = chunks;
    if (cache_chunks < 1) cache_chunks = 1;

    hid_t access = H5Dget_access_plist(dataset->h5_dataset);
    H5Pset_chunk_cache(access, 10 * cache_chunks + 521, cache_chunks * chunk_bytes,
                       H5D_CHUNK_CACHE_W0_DEFAULT);
    hid_t again = H5Dopen(dataset->h5_file, dataset->path, access);
    H5Pclose(access);
    if (again < 0) {
        char reason[TRI_H5_REASON];
        return tri_fail(TRI_ERR_FILE, "cannot open '%s' in '%s': %s", dataset->path, dataset->file,
                        tri_h5_reason(reason));
    }
    H5Dclose(dataset->h5_dataset);
    dataset->h5_dataset = again;
    return TRI_OK;
}

/* Fails with the reason why there is no object at the path. */
static tri_status no_object(const tri_dataset *dataset, const char *path) {
    char reason[TRI_H5_REASON], list[400];
    tri_h5_reason(reason);
    int missing = 0;
    char *prefix = strdup(path);
    for (char *end = prefix; prefix && end && !missing; end = *end ? end : NULL) {
        end += strspn(end, "/");
        if (!*end) break;
        end += strcspn(end, "/");
        char kept = *end;
        *end = 0;
        missing = H5Lexists(dataset->h5_file, prefix, H5P_DEFAULT) <= 0;
        *end = kept;
    }
    free(prefix);
    if (!missing)
        return tri_fail(TRI_ERR_FILE, "cannot open '%s' in '%s': dangling link or damaged file (%s)", path,
                        dataset->file, reason);
    int some = tri_h5_list(dataset->h5_file, "", list, sizeof list);
    return tri_fail(TRI_ERR_DATA, "'%s' has no dataset '%s': it has %s", dataset->file, path,
                    some > 0 ? list : "none");
}

static tri_status find_only(tri_dataset *dataset, char **path) {
    char list[400], reason[TRI_H5_REASON];
    int count = tri_h5_list(dataset->h5_file, "", list, sizeof list);
    if (count == 1) {
        *path = strdup(list);
        return *path ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", list);
    }
    if (count < 0)
        return tri_fail(TRI_ERR_FILE, "'%s' is a damaged HDF5 file: copy or write it again (%s)",
                        dataset->file, tri_h5_reason(reason));
    if (!count) return tri_fail(TRI_ERR_DATA, "'%s' has no dataset", dataset->file);
    return tri_fail(TRI_ERR_DATA, "'%s' has several datasets; name one as FILE:/path: %s", dataset->file,
                    list);
}

static tri_status open_path(tri_dataset *dataset, const char *path) {
    hid_t object = H5Oopen(dataset->h5_file, *path ? path : "/", H5P_DEFAULT);
    if (object < 0) return no_object(dataset, path);
    if (H5Iget_type(object) != H5I_DATASET) {
        char list[400], prefix[400];
        size_t length = strlen(path);
        while (length && path[length - 1] == '/')
            length--;
        snprintf(prefix, sizeof prefix, "%s%.*s", *path == '/' || !length ? "" : "/", (int)length, path);
        int some = H5Iget_type(object) == H5I_GROUP && tri_h5_list(object, prefix, list, sizeof list);
        H5Oclose(object);
        return some > 0 ? tri_fail(TRI_ERR_DATA, "'%s' in '%s' is a group, not a dataset; it contains %s",
                                   path, dataset->file, list)
                        : tri_fail(TRI_ERR_DATA, "'%s' in '%s' is not a dataset", path, dataset->file);
    }
    dataset->h5_dataset = object;
    size_t length = strlen(path) + 2;
    dataset->path = malloc(length);
    if (!dataset->path) return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", path);
    dataset->path[0] = '/';
    memcpy(dataset->path + (*path != '/'), path, strlen(path) + 1);
    return TRI_OK;
}

static tri_status open_hdf5(tri_dataset *dataset, const char *path) {
    TRI_TRY(tri_h5_open(dataset->file, &dataset->h5_file));
    char *only = NULL;
    if (!path) TRI_TRY(find_only(dataset, &only));
    tri_status status = open_path(dataset, path ? path : only);
    free(only);
    return status;
}

static tri_status open_here(tri_dataset *dataset, const char *path, int any) {
    TRI_TRY(tri_flat_is(dataset->file, path) ? tri_flat_open(dataset, path) : open_hdf5(dataset, path));
    TRI_TRY(learn_shape(dataset));
    TRI_TRY(tri_dataset_learn_type(dataset, any));
    TRI_TRY(learn_chunks(dataset));
    tri_dataset_learn_plain(dataset);
    return TRI_OK;
}

/* Takes over `file`, a copy of the name. */
static tri_status open_alone(char *file, const char *path, int any, tri_dataset **out) {
    tri_dataset *dataset = calloc(1, sizeof *dataset);
    if (!dataset) {
        free(file);
        return tri_fail(TRI_ERR_MEMORY, "no memory for a dataset");
    }
    dataset->file = file;
    dataset->h5_file = dataset->h5_dataset = dataset->h5_space = dataset->h5_type = H5I_INVALID_HID;
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    tri_status status = open_here(dataset, path, any);
    if (status != TRI_OK) tri_h5_stay_quiet();
    tri_h5_quiet_end(quiet);
    if (status == TRI_OK) {
        *out = dataset;
        return TRI_OK;
    }
    tri_dataset_destroy(&dataset);
    return status;
}

/* Splits a specification, and has the child look at a file of HDF5. */
static tri_status prepare(tri_comm *comm, const char *spec, const char *path, int any, char **file,
                          char **inside) {
    if (!path) TRI_TRY(tri_spec_split(spec, file, inside));
    if (path && (!(*file = strdup(spec)) || !(*inside = strdup(path))))
        return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", spec);
    if (comm && tri_comm_size(comm) > 1 && tri_is_input(*file))
        return tri_fail(TRI_ERR_ARGUMENT,
                        "-: standard input has one reader: start one rank, or name a file that all can read");
    int looks = !comm || tri_comm_rank(comm) == 0;
    return looks && !tri_flat_is(*file, *inside) ? tri_look(*file, *inside, any, NULL) : TRI_OK;
}

static tri_status open_all(tri_comm *comm, const char *spec, const char *path, int any, tri_dataset **out) {
    tri_dataset *dataset = NULL;
    char *file = NULL, *inside = NULL;
    tri_status status = prepare(comm, spec, path, any, &file, &inside);
    if (comm) status = tri_agree(comm, status);
    if (status != TRI_OK) {
        free(file);
        free(inside);
        return status;
    }
    status = open_alone(file, inside, any, &dataset);
    free(inside);
    if (comm) status = tri_agree(comm, status);
    if (status == TRI_OK)
        *out = dataset;
    else
        tri_dataset_destroy(&dataset);
    return status;
}

tri_status tri_dataset_open(tri_comm *comm, const char *file, const char *path, tri_dataset **out) {
    return open_all(comm, file, path, 0, out);
}

tri_status tri_dataset_open_stored(tri_comm *comm, const char *file, const char *path, tri_dataset **out) {
    return open_all(comm, file, path, 1, out);
}

void tri_dataset_destroy(tri_dataset **dataset) {
    if (!dataset || !*dataset) return;
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    if ((*dataset)->h5_type >= 0) H5Tclose((*dataset)->h5_type);
    if ((*dataset)->h5_space >= 0) H5Sclose((*dataset)->h5_space);
    if ((*dataset)->h5_dataset >= 0) H5Oclose((*dataset)->h5_dataset);
    if ((*dataset)->h5_file >= 0) H5Fclose((*dataset)->h5_file);
    tri_h5_quiet_end(quiet);
    tri_flat_close(&(*dataset)->flat);
    free((*dataset)->file);
    free((*dataset)->path);
    free(*dataset);
    *dataset = NULL;
}

const char *tri_dataset_file(const tri_dataset *dataset) {
    return dataset->file;
}

const char *tri_dataset_path(const tri_dataset *dataset) {
    return dataset->path;
}

int tri_dataset_rank(const tri_dataset *dataset) {
    return dataset->rank;
}

const size_t *tri_dataset_dims(const tri_dataset *dataset) {
    return dataset->dims;
}

size_t tri_dataset_count(const tri_dataset *dataset) {
    return dataset->count;
}

tri_element tri_dataset_element(const tri_dataset *dataset) {
    return dataset->element;
}

size_t tri_dataset_stored_bytes(const tri_dataset *dataset) {
    return dataset->stored_bytes;
}

const char *tri_dataset_stored_type(const tri_dataset *dataset) {
    return dataset->stored_type;
}

size_t tri_dataset_block(const tri_dataset *dataset) {
    return dataset->block;
}

const size_t *tri_dataset_chunk(const tri_dataset *dataset) {
    return dataset->chunk[0] ? dataset->chunk : NULL;
}

tri_number tri_dataset_number(const tri_dataset *dataset) {
    static const tri_number narrow[] = {
        [TRI_NATIVE_I8] = TRI_INT8,    [TRI_NATIVE_U8] = TRI_UINT8,  [TRI_NATIVE_I16] = TRI_INT16,
        [TRI_NATIVE_U16] = TRI_UINT16, [TRI_NATIVE_I32] = TRI_INT32, [TRI_NATIVE_U32] = TRI_UINT32,
        [TRI_NATIVE_F32] = TRI_FLOAT32};
    if (dataset->native != TRI_NATIVE_8_BYTES) return narrow[dataset->native];
    return dataset->element == TRI_ELEMENT_F64   ? TRI_FLOAT64
           : dataset->element == TRI_ELEMENT_I64 ? TRI_INT64
                                                 : TRI_UINT64;
}
