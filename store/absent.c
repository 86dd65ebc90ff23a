/* Replaces store/ in a build without HDF5. */
#include "trireme/array.h"
#include "trireme/record.h"
#include "trireme/result.h"
#include "trireme/store.h"

static tri_status absent(void) {
    return tri_fail(TRI_ERR_ABSENT,
                    "this build has no HDF5: install a parallel HDF5 (Debian: libhdf5-openmpi-dev or "
                    "libhdf5-mpich-dev) and configure again");
}

tri_status tri_dataset_open(tri_comm *comm, const char *file, const char *path, tri_dataset **out) {
    (void)comm, (void)file, (void)path, (void)out;
    return absent();
}

tri_status tri_dataset_open_stored(tri_comm *comm, const char *file, const char *path, tri_dataset **out) {
    return tri_dataset_open(comm, file, path, out);
}

tri_status tri_spec_split(const char *spec, char **file, char **path) {
    (void)spec, (void)file, (void)path;
    return absent();
}

void tri_dataset_destroy(tri_dataset **dataset) {
    (void)dataset;
}

const char *tri_dataset_file(const tri_dataset *dataset) {
    (void)dataset;
    return "";
}

const char *tri_dataset_path(const tri_dataset *dataset) {
    (void)dataset;
    return "";
}

int tri_dataset_rank(const tri_dataset *dataset) {
    (void)dataset;
    return 0;
}

const size_t *tri_dataset_dims(const tri_dataset *dataset) {
    (void)dataset;
    return NULL;
}

size_t tri_dataset_count(const tri_dataset *dataset) {
    (void)dataset;
    return 0;
}

tri_element tri_dataset_element(const tri_dataset *dataset) {
    (void)dataset;
    return TRI_ELEMENT_F64;
}

size_t tri_dataset_stored_bytes(const tri_dataset *dataset) {
    (void)dataset;
    return 0;
}

const char *tri_dataset_stored_type(const tri_dataset *dataset) {
    (void)dataset;
    return "";
}

size_t tri_dataset_block(const tri_dataset *dataset) {
    (void)dataset;
    return 1;
}

tri_number tri_dataset_number(const tri_dataset *dataset) {
    (void)dataset;
    return TRI_FLOAT64;
}

tri_status tri_dataset_read_numbers(tri_dataset *dataset, size_t first, size_t count, void *out) {
    (void)dataset, (void)first, (void)count, (void)out;
    return absent();
}

tri_status tri_dataset_read(tri_dataset *dataset, size_t first, size_t count, void *out) {
    (void)dataset, (void)first, (void)count, (void)out;
    return absent();
}

const size_t *tri_dataset_chunk(const tri_dataset *dataset) {
    (void)dataset;
    return NULL;
}

tri_status tri_dataset_read_block(tri_dataset *dataset, const size_t start[], const size_t count[],
                                  void *out) {
    (void)dataset, (void)start, (void)count, (void)out;
    return absent();
}

tri_status tri_dataset_read_stored(tri_dataset *dataset, const size_t start[], const size_t count[],
                                   void *out) {
    (void)dataset, (void)start, (void)count, (void)out;
    return absent();
}

tri_status tri_dataset_file_integer(const tri_dataset *dataset, const char *name, int64_t *out) {
    (void)dataset, (void)name, (void)out;
    return absent();
}

tri_status tri_dataset_file_text(const tri_dataset *dataset, const char *name, char **out) {
    (void)dataset, (void)name, (void)out;
    return absent();
}

tri_status tri_template_take(const tri_dataset *dataset, tri_template *out) {
    (void)dataset, (void)out;
    return absent();
}

tri_status tri_template_number(tri_number number, const char *long_name, tri_template *out) {
    (void)number, (void)long_name, (void)out;
    return absent();
}

tri_status tri_template_share(tri_template *like, int root, tri_comm *comm) {
    (void)like, (void)root, (void)comm;
    return absent();
}

void tri_template_free(tri_template *like) {
    (void)like;
}

tri_status tri_array_create(tri_result *result, const char *path, const tri_template *like, int rank,
                            const size_t dims[], const size_t chunk[], tri_array **out) {
    (void)result, (void)path, (void)like, (void)rank, (void)dims, (void)chunk, (void)out;
    return absent();
}

size_t tri_array_element_bytes(const tri_array *array) {
    (void)array;
    return 0;
}

tri_status tri_array_write(tri_array *array, const size_t start[], const size_t count[], const void *values) {
    (void)array, (void)start, (void)count, (void)values;
    return absent();
}

tri_status tri_array_write_start(tri_array *array, const size_t start[], const size_t count[],
                                 const void *values) {
    (void)array, (void)start, (void)count, (void)values;
    return absent();
}

void tri_array_write_work(tri_array *array) {
    (void)array;
}

tri_status tri_array_write_finish(tri_array *array) {
    (void)array;
    return absent();
}

tri_status tri_array_write_range(tri_array *array, size_t first, size_t count, const void *values) {
    (void)array, (void)first, (void)count, (void)values;
    return absent();
}

void tri_array_destroy(tri_array **array) {
    (void)array;
}

tri_status tri_result_create(tri_comm *comm, const char *folder, const char *program, tri_result **out) {
    (void)comm, (void)folder, (void)program, (void)out;
    return absent();
}

tri_status tri_result_create_at(tri_comm *comm, const char *path, int how, tri_result **out) {
    (void)comm, (void)path, (void)how, (void)out;
    return absent();
}

const char *tri_result_path(const tri_result *result) {
    (void)result;
    return "";
}

void tri_result_text(tri_result *result, const char *name, const char *value) {
    (void)result, (void)name, (void)value;
}

void tri_result_integer(tri_result *result, const char *name, int64_t value) {
    (void)result, (void)name, (void)value;
}

void tri_result_real(tri_result *result, const char *name, double value) {
    (void)result, (void)name, (void)value;
}

void tri_result_texts(tri_result *result, const char *name, size_t count, const char *const values[]) {
    (void)result, (void)name, (void)count, (void)values;
}

void tri_result_reals(tri_result *result, const char *path, int rank, const size_t dims[],
                      const double *values, const char *units, const char *long_name) {
    (void)result, (void)path, (void)rank, (void)dims, (void)values, (void)units, (void)long_name;
}

void tri_result_integers(tri_result *result, const char *path, int rank, const size_t dims[],
                         const int64_t *values, const char *units, const char *long_name) {
    (void)result, (void)path, (void)rank, (void)dims, (void)values, (void)units, (void)long_name;
}

tri_status tri_result_array(tri_result *result, const char *path, tri_element element, int rank,
                            const size_t dims[], const size_t start[], const size_t count[],
                            const void *values, const char *units, const char *long_name) {
    (void)result, (void)path, (void)element, (void)rank, (void)dims, (void)start, (void)count, (void)values;
    (void)units, (void)long_name;
    return absent();
}

tri_status tri_result_finish(tri_result *result) {
    (void)result;
    return absent();
}

void tri_result_destroy(tri_result **result) {
    (void)result;
}

tri_status tri_record_read(const char *file, tri_record **out) {
    (void)file, (void)out;
    return absent();
}

const tri_record_item *tri_record_find(const tri_record *record, const char *name) {
    (void)record, (void)name;
    return NULL;
}

const char *tri_record_text(const tri_record *record, const char *name) {
    (void)record, (void)name;
    return "";
}

double tri_record_number(const tri_record_item *item, size_t index) {
    (void)item, (void)index;
    return 0;
}

void tri_record_destroy(tri_record **record) {
    (void)record;
}

tri_status tri_store_describe(tri_store_library *out) {
    (void)out;
    return absent();
}

void tri_store_look_first(int argc, char **argv) {
    (void)argc, (void)argv;
}
