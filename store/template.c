/* Templates: a file image with an empty dataset that has the type, properties and attributes. */
#include <stdlib.h>
#include <string.h>

#include "store/array.h"
#include "store/attribute.h"
#include "store/dataset.h"
#include "store/look.h"
#include "trireme/message.h"

static const char dataset_name[] = "template";

/* The creation properties of the dataset, without external or virtual storage. */
static hid_t creation_of(const tri_dataset *dataset) {
    hid_t had = H5Dget_create_plist(dataset->h5_dataset);
    if (had < 0 || H5Pget_layout(had) == H5D_CHUNKED) return had;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5D_fill_value_t defined;
    void *fill = malloc(dataset->stored_bytes);
    if (fill && H5Pfill_value_defined(had, &defined) >= 0 && defined == H5D_FILL_VALUE_USER_DEFINED &&
        H5Pget_fill_value(had, dataset->h5_type, fill) >= 0)
        H5Pset_fill_value(creation, dataset->h5_type, fill);
    free(fill);
    H5Pclose(had);
    return creation;
}

/* Creates an empty dataset in `file` with the type, properties and attributes of the given one. */
static int create_like(const tri_dataset *dataset, hid_t file) {
    hsize_t none[H5S_MAX_RANK] = {0}, most[H5S_MAX_RANK];
    hid_t creation = creation_of(dataset);
    int chunked = H5Pget_layout(creation) == H5D_CHUNKED;
    if (dataset->rank) H5Sget_simple_extent_dims(dataset->h5_space, NULL, most);
    hid_t space =
        dataset->rank ? H5Screate_simple(dataset->rank, none, chunked ? most : none) : H5Screate(H5S_NULL);
    hid_t like = H5Dcreate2(file, dataset_name, dataset->h5_type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    int ok = like >= 0 && tri_h5_copy_attributes(dataset->h5_dataset, like);
    if (like >= 0) H5Dclose(like);
    H5Sclose(space);
    H5Pclose(creation);
    return ok;
}

static tri_status template_failure(const char *of) {
    char reason[TRI_H5_REASON];
    return tri_fail(TRI_ERR_FILE, "cannot copy the type and attributes of '%s': %s", of,
                    tri_h5_reason(reason));
}

/* Creates an empty dataset of numbers of a native type. */
static int create_number(tri_number number, const char *long_name, hid_t file) {
    const hid_t types[] = {
        [TRI_INT8] = H5T_NATIVE_INT8,     [TRI_UINT8] = H5T_NATIVE_UINT8,   [TRI_INT16] = H5T_NATIVE_INT16,
        [TRI_UINT16] = H5T_NATIVE_UINT16, [TRI_INT32] = H5T_NATIVE_INT32,   [TRI_UINT32] = H5T_NATIVE_UINT32,
        [TRI_INT64] = H5T_NATIVE_INT64,   [TRI_UINT64] = H5T_NATIVE_UINT64, [TRI_FLOAT32] = H5T_NATIVE_FLOAT,
        [TRI_FLOAT64] = H5T_NATIVE_DOUBLE};
    hid_t space = H5Screate(H5S_NULL);
    hid_t like = H5Dcreate2(file, dataset_name, types[number], space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    int ok = like >= 0 && (!long_name || tri_h5_write_text(like, "long_name", long_name));
    if (like >= 0) H5Dclose(like);
    H5Sclose(space);
    return ok;
}

static tri_status take_image(const char *of, hid_t file, tri_template *out) {
    if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0) return template_failure(of);
    ssize_t bytes = H5Fget_file_image(file, NULL, 0);
    if (bytes < 0) return template_failure(of);
    void *image = malloc((size_t)bytes);
    if (!image) return tri_fail(TRI_ERR_MEMORY, "no memory for the attributes of '%s'", of);
    if (H5Fget_file_image(file, image, (size_t)bytes) < 0) {
        free(image);
        return template_failure(of);
    }
    *out = (tri_template){image, (size_t)bytes};
    return TRI_OK;
}

/* Creates the file image of a template. */
static hid_t create_file(void) {
    hid_t access = tri_result_access();
    H5Pset_alignment(access, 1, 1);
    H5Pset_fapl_core(access, (size_t)16 << 10, 0);
    hid_t file = H5Fcreate("trireme template", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    return file;
}

tri_status tri_template_take(const tri_dataset *dataset, tri_template *out) {
    if (!dataset->flat) TRI_TRY(tri_look(dataset->file, dataset->path, 1, ""));
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    hid_t file = create_file();
    int ok = file >= 0 && create_like(dataset, file);
    tri_status status = ok ? take_image(dataset->path, file, out) : template_failure(dataset->path);
    if (file >= 0) H5Fclose(file);
    tri_h5_quiet_end(quiet);
    return status;
}

tri_status tri_template_number(tri_number number, const char *long_name, tri_template *out) {
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    hid_t file = create_file();
    int ok = file >= 0 && create_number(number, long_name, file);
    tri_status status = ok ? take_image("numbers", file, out) : template_failure("numbers");
    if (file >= 0) H5Fclose(file);
    tri_h5_quiet_end(quiet);
    return status;
}

tri_status tri_template_open(const tri_template *from, hid_t *file, hid_t *dataset) {
    hid_t access = tri_result_access();
    H5Pset_fapl_core(access, (size_t)16 << 10, 0);
    H5Pset_file_image(access, from->image, from->bytes);
    hid_t opened = H5Fopen("trireme template", H5F_ACC_RDONLY, access);
    hid_t like = opened < 0 ? H5I_INVALID_HID : H5Dopen(opened, dataset_name, H5P_DEFAULT);
    tri_status status = like < 0 ? template_failure("a dataset") : TRI_OK;
    if (like < 0 && opened >= 0) H5Fclose(opened);
    H5Pclose(access);
    if (status == TRI_OK) {
        *file = opened;
        *dataset = like;
    }
    return status;
}

/* Broadcasts the root's bytes, through rank 0. */
static tri_status share(void *bytes, size_t count, int root, tri_comm *comm) {
    if (root && tri_comm_rank(comm) == root) TRI_TRY(tri_send(bytes, count, MPI_BYTE, 0, 0, comm));
    if (root && tri_comm_rank(comm) == 0) TRI_TRY(tri_recv(bytes, count, MPI_BYTE, root, 0, comm));
    return tri_result_share(comm, bytes, count);
}

tri_status tri_template_share(tri_template *like, int root, tri_comm *comm) {
    tri_template shared = *like;
    TRI_TRY(share(&shared.bytes, sizeof shared.bytes, root, comm));
    if (tri_comm_rank(comm) != root) shared.image = malloc(shared.bytes);
    TRI_TRY(tri_agree(
        comm, shared.image ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the attributes of a dataset")));
    *like = shared;
    return share(like->image, like->bytes, root, comm);
}

void tri_template_free(tri_template *like) {
    if (!like) return;
    free(like->image);
    *like = (tri_template){NULL, 0};
}
