/* Replaces gpu/ in a build without OpenCL: no devices, and TRI_ERR_ABSENT from all else. */
#include "trireme/gpu.h"
#include "trireme/gpu_collectives.h"
#include "trireme/gpu_map.h"

static tri_status absent(void) {
    return tri_fail(TRI_ERR_ABSENT, "this build has no OpenCL: install ocl-icd-opencl-dev and "
                                    "configure again, or run with --device none");
}

const char *tri_gpu_type_name(tri_gpu_type type) {
    (void)type;
    return "other";
}

tri_status tri_gpu_list(tri_gpu_info *list, size_t capacity, size_t *count) {
    (void)list, (void)capacity;
    *count = 0;
    return TRI_OK;
}

tri_status tri_gpu_select(const char *filter, tri_gpu_info *list, size_t capacity, size_t *count) {
    (void)filter;
    return tri_gpu_list(list, capacity, count);
}

void tri_gpu_assign(size_t ranks, size_t devices, const int *distance, size_t *assigned) {
    (void)devices, (void)distance;
    for (size_t r = 0; r < ranks; r++)
        assigned[r] = 0;
}

tri_status tri_gpu_open(const char *filter, int local_rank, int local_size, tri_gpu **out) {
    (void)filter, (void)local_rank, (void)local_size, (void)out;
    return absent();
}

tri_status tri_gpu_open_variant(const char *filter, int local_rank, int local_size, tri_gpu_variant variant,
                                tri_gpu **out) {
    (void)filter, (void)local_rank, (void)local_size, (void)variant, (void)out;
    return absent();
}

void tri_gpu_close(tri_gpu **gpu) {
    (void)gpu;
}

tri_status tri_gpu_prepare(tri_gpu *gpu, const char *name) {
    (void)gpu, (void)name;
    return absent();
}

void tri_gpu_set_notice(tri_gpu *gpu, tri_gpu_notice *notice, void *context) {
    (void)gpu, (void)notice, (void)context;
}

const tri_gpu_info *tri_gpu_describe(const tri_gpu *gpu) {
    (void)gpu;
    return NULL;
}

tri_status tri_gpu_buffer_create(tri_gpu *gpu, size_t bytes, tri_gpu_buffer **out) {
    (void)gpu, (void)bytes, (void)out;
    return absent();
}

void tri_gpu_buffer_destroy(tri_gpu_buffer **buffer) {
    (void)buffer;
}

size_t tri_gpu_buffer_bytes(const tri_gpu_buffer *buffer) {
    (void)buffer;
    return 0;
}

tri_status tri_gpu_pinned_create(tri_gpu *gpu, size_t bytes, tri_gpu_pinned **out) {
    (void)gpu, (void)bytes, (void)out;
    return absent();
}

void tri_gpu_pinned_destroy(tri_gpu_pinned **pinned) {
    (void)pinned;
}

void *tri_gpu_pinned_data(const tri_gpu_pinned *pinned) {
    (void)pinned;
    return NULL;
}

tri_status tri_gpu_buffer_write(tri_gpu_buffer *buffer, size_t offset_bytes, const void *from, size_t bytes) {
    (void)buffer, (void)offset_bytes, (void)from, (void)bytes;
    return absent();
}

tri_status tri_gpu_buffer_read(const tri_gpu_buffer *buffer, size_t offset_bytes, void *to, size_t bytes) {
    (void)buffer, (void)offset_bytes, (void)to, (void)bytes;
    return absent();
}

tri_status tri_gpu_buffer_map(tri_gpu_buffer *buffer, size_t offset_bytes, size_t bytes, void **out) {
    (void)buffer, (void)offset_bytes, (void)bytes, (void)out;
    return absent();
}

tri_status tri_gpu_buffer_unmap(tri_gpu_buffer *buffer, void *mapped) {
    (void)buffer, (void)mapped;
    return absent();
}

tri_status tri_gpu_sum(tri_gpu *gpu, const double *x, size_t count, tri_sum *into) {
    (void)gpu, (void)x, (void)count, (void)into;
    return absent();
}

tri_status tri_gpu_moments(tri_gpu *gpu, uint64_t first, const double *x, size_t count, tri_moments *into) {
    (void)gpu, (void)first, (void)x, (void)count, (void)into;
    return absent();
}

tri_status tri_gpu_ordered(tri_gpu *gpu, uint64_t first_block, const double *x, size_t count,
                           tri_ordered *into) {
    (void)gpu, (void)first_block, (void)x, (void)count, (void)into;
    return absent();
}

tri_status tri_gpu_sum_plain(tri_gpu *gpu, const double *x, size_t count, double *out) {
    (void)gpu, (void)x, (void)count, (void)out;
    return absent();
}

tri_status tri_gpu_buffer_sum(const tri_gpu_buffer *x, size_t offset, size_t count, tri_sum *into) {
    (void)x, (void)offset, (void)count, (void)into;
    return absent();
}

tri_status tri_gpu_buffer_moments(const tri_gpu_buffer *x, size_t offset, uint64_t first, size_t count,
                                  tri_moments *into) {
    (void)x, (void)offset, (void)first, (void)count, (void)into;
    return absent();
}

tri_status tri_gpu_buffer_ordered(const tri_gpu_buffer *x, size_t offset, uint64_t first_block, size_t count,
                                  tri_ordered *into) {
    (void)x, (void)offset, (void)first_block, (void)count, (void)into;
    return absent();
}

tri_status tri_gpu_buffer_sum_plain(const tri_gpu_buffer *x, size_t offset, size_t count, double *out) {
    (void)x, (void)offset, (void)count, (void)out;
    return absent();
}

tri_status tri_gpu_histogram(tri_gpu *gpu, const double *x, size_t count, double low, double high,
                             size_t bins, int64_t *counts, int64_t *below, int64_t *above, int64_t *nan) {
    (void)gpu, (void)x, (void)count, (void)low, (void)high, (void)bins;
    (void)counts, (void)below, (void)above, (void)nan;
    return absent();
}

tri_status tri_gpu_wait(tri_gpu *gpu) {
    (void)gpu;
    return absent();
}

tri_status tri_gpu_event_record(tri_gpu *gpu, tri_gpu_event **out) {
    (void)gpu, (void)out;
    return absent();
}

tri_status tri_gpu_event_wait(const tri_gpu_event *event) {
    (void)event;
    return absent();
}

void tri_gpu_event_destroy(tri_gpu_event **event) {
    (void)event;
}

tri_status tri_gpu_fill(tri_gpu_buffer *x, size_t offset, size_t count, double value) {
    (void)x, (void)offset, (void)count, (void)value;
    return absent();
}

tri_status tri_gpu_copy(tri_gpu_buffer *to, size_t to_offset, const tri_gpu_buffer *from, size_t from_offset,
                        size_t count) {
    (void)to, (void)to_offset, (void)from, (void)from_offset, (void)count;
    return absent();
}

tri_status tri_gpu_axpy(double a, const tri_gpu_buffer *x, size_t x_offset, tri_gpu_buffer *y,
                        size_t y_offset, size_t count) {
    (void)a, (void)x, (void)x_offset, (void)y, (void)y_offset, (void)count;
    return absent();
}

tri_status tri_gpu_transpose(tri_gpu_buffer *to, size_t to_offset, const tri_gpu_buffer *from,
                             size_t from_offset, size_t rows, size_t columns) {
    (void)to, (void)to_offset, (void)from, (void)from_offset, (void)rows, (void)columns;
    return absent();
}

size_t tri_gpu_element_bytes(tri_gpu_element element) {
    (void)element;
    return 0;
}

tri_status tri_gpu_combine(tri_gpu_element element, tri_gpu_op op, tri_gpu_buffer *into, size_t into_offset,
                           const tri_gpu_buffer *from, size_t from_offset, size_t count) {
    (void)element, (void)op, (void)into, (void)into_offset, (void)from, (void)from_offset, (void)count;
    return absent();
}

tri_status tri_gpu_heat(tri_gpu_buffer *to, size_t to_offset, const tri_gpu_buffer *from, size_t from_offset,
                        size_t planes, size_t rows, size_t columns, double k) {
    (void)to, (void)to_offset, (void)from, (void)from_offset, (void)planes, (void)rows, (void)columns,
        (void)k;
    return absent();
}

const tri_gpu_kernel_info *tri_gpu_kernel(size_t index) {
    (void)index;
    return NULL;
}

tri_status tri_gpu_kernel_run(size_t index, tri_gpu_buffer *out, const tri_gpu_buffer *x, size_t count) {
    (void)index, (void)out, (void)x, (void)count;
    return absent();
}

tri_status tri_gpu_bcast(tri_gpu_span data, size_t count, tri_gpu_element element, int root,
                         const tri_gpu_when *when, tri_comm *comm) {
    (void)data, (void)count, (void)element, (void)root, (void)comm, (void)when;
    return absent();
}

tri_status tri_gpu_scatter(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                           int root, const tri_gpu_when *when, tri_comm *comm) {
    (void)send, (void)recv, (void)count, (void)element, (void)root, (void)comm, (void)when;
    return absent();
}

tri_status tri_gpu_gather(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                          int root, const tri_gpu_when *when, tri_comm *comm) {
    (void)send, (void)recv, (void)count, (void)element, (void)root, (void)comm, (void)when;
    return absent();
}

tri_status tri_gpu_allgather(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                             const tri_gpu_when *when, tri_comm *comm) {
    (void)send, (void)recv, (void)count, (void)element, (void)comm, (void)when;
    return absent();
}

tri_status tri_gpu_alltoall(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                            const tri_gpu_when *when, tri_comm *comm) {
    (void)send, (void)recv, (void)count, (void)element, (void)comm, (void)when;
    return absent();
}

tri_status tri_gpu_reduce(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                          tri_gpu_op op, int root, const tri_gpu_when *when, tri_comm *comm) {
    (void)send, (void)recv, (void)count, (void)element, (void)op, (void)root, (void)comm, (void)when;
    return absent();
}

tri_status tri_gpu_allreduce(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                             tri_gpu_op op, const tri_gpu_when *when, tri_comm *comm) {
    (void)send, (void)recv, (void)count, (void)element, (void)op, (void)comm, (void)when;
    return absent();
}

tri_status tri_gpu_exchange(tri_gpu_span send, size_t send_count, int to, tri_gpu_span recv,
                            size_t recv_count, int from, tri_gpu_element element, int tag,
                            const tri_gpu_when *when, tri_comm *comm) {
    (void)send, (void)send_count, (void)to, (void)recv, (void)recv_count, (void)from;
    (void)element, (void)tag, (void)comm, (void)when;
    return absent();
}

tri_status tri_gpu_map_create(tri_gpu *gpu, const char *text, const tri_gpu_input *inputs,
                              size_t inputs_count, const char *const *outputs, size_t outputs_count,
                              tri_gpu_map **out) {
    (void)gpu, (void)text, (void)inputs, (void)inputs_count, (void)outputs, (void)outputs_count, (void)out;
    return absent();
}

void tri_gpu_map_destroy(tri_gpu_map **map) {
    (void)map;
}

bool tri_gpu_map_uses(const tri_gpu_map *map, size_t input) {
    (void)map, (void)input;
    return false;
}

size_t tri_gpu_map_outputs(const tri_gpu_map *map) {
    (void)map;
    return 0;
}

tri_number tri_gpu_map_number(const tri_gpu_map *map, size_t output) {
    (void)map, (void)output;
    return TRI_FLOAT64;
}

tri_status tri_gpu_map_reserve(tri_gpu_map *map, size_t piece) {
    (void)map, (void)piece;
    return absent();
}

void *tri_gpu_map_input(const tri_gpu_map *map, size_t slot, size_t input) {
    (void)map, (void)slot, (void)input;
    return NULL;
}

const void *tri_gpu_map_output(const tri_gpu_map *map, size_t slot, size_t output) {
    (void)map, (void)slot, (void)output;
    return NULL;
}

tri_status tri_gpu_map_start(tri_gpu_map *map, size_t slot, uint64_t first, size_t count) {
    (void)map, (void)slot, (void)first, (void)count;
    return absent();
}

tri_status tri_gpu_map_wait(tri_gpu_map *map, size_t slot) {
    (void)map, (void)slot;
    return absent();
}
