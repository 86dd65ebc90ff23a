/* Memory on a device. */
#include <stdlib.h>

#include "gpu/device.h"

tri_status tri_gpu_buffer_create(tri_gpu *gpu, size_t bytes, tri_gpu_buffer **out) {
    tri_gpu_buffer *buffer = malloc(sizeof *buffer);
    if (!buffer) return tri_fail(TRI_ERR_MEMORY, "no memory for the record of a device buffer");
    *buffer = (tri_gpu_buffer){.gpu = gpu, .bytes = bytes};
    cl_int code = CL_SUCCESS;
    if (bytes) buffer->memory = clCreateBuffer(gpu->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    if (code != CL_SUCCESS) {
        free(buffer);
        if (code == CL_INVALID_BUFFER_SIZE || code == CL_MEM_OBJECT_ALLOCATION_FAILURE)
            return tri_fail(TRI_ERR_MEMORY,
                            "device '%s' cannot allocate a buffer of %zu bytes (limits: %zu per buffer, %zu "
                            "in all): use more "
                            "ranks or smaller pieces",
                            gpu->info.name, bytes, gpu->info.allocation_bytes, gpu->info.memory_bytes);
        return tri_cl(gpu, code, "creating a buffer (clCreateBuffer)");
    }
    *out = buffer;
    return TRI_OK;
}

void tri_gpu_buffer_destroy(tri_gpu_buffer **buffer) {
    if (!buffer || !*buffer) return;
    if ((*buffer)->memory) clReleaseMemObject((*buffer)->memory);
    free(*buffer);
    *buffer = NULL;
}

size_t tri_gpu_buffer_bytes(const tri_gpu_buffer *buffer) {
    return buffer->bytes;
}

tri_status tri_gpu_buffer_check(const tri_gpu_buffer *buffer, size_t offset, size_t count, size_t each) {
    size_t whole = buffer->bytes / each;
    if (offset <= whole && count <= whole - offset) return TRI_OK;
    return tri_fail(TRI_ERR_ARGUMENT,
                    "%zu elements of %zu bytes from element %zu on are outside a device buffer of %zu bytes",
                    count, each, offset, buffer->bytes);
}

tri_status tri_gpu_buffer_write(tri_gpu_buffer *buffer, size_t offset_bytes, const void *from, size_t bytes) {
    TRI_TRY(tri_gpu_buffer_check(buffer, offset_bytes, bytes, 1));
    if (!bytes) return TRI_OK;
    return tri_cl(buffer->gpu,
                  clEnqueueWriteBuffer(buffer->gpu->queue, buffer->memory, CL_TRUE, offset_bytes, bytes, from,
                                       0, NULL, NULL),
                  "copying to the device");
}

tri_status tri_gpu_buffer_read(const tri_gpu_buffer *buffer, size_t offset_bytes, void *to, size_t bytes) {
    TRI_TRY(tri_gpu_buffer_check(buffer, offset_bytes, bytes, 1));
    if (!bytes) return TRI_OK;
    return tri_cl(buffer->gpu,
                  clEnqueueReadBuffer(buffer->gpu->queue, buffer->memory, CL_TRUE, offset_bytes, bytes, to, 0,
                                      NULL, NULL),
                  "copying from the device");
}

tri_status tri_gpu_buffer_map(tri_gpu_buffer *buffer, size_t offset_bytes, size_t bytes, void **out) {
    TRI_TRY(tri_gpu_buffer_check(buffer, offset_bytes, bytes, 1));
    void *mapped = NULL;
    if (bytes) {
        cl_int code;
        mapped = clEnqueueMapBuffer(buffer->gpu->queue, buffer->memory, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE,
                                    offset_bytes, bytes, 0, NULL, NULL, &code);
        TRI_TRY(tri_cl(buffer->gpu, code, "mapping a buffer"));
    }
    *out = mapped;
    return TRI_OK;
}

tri_status tri_gpu_buffer_unmap(tri_gpu_buffer *buffer, void *mapped) {
    if (!mapped) return TRI_OK;
    cl_int code = clEnqueueUnmapMemObject(buffer->gpu->queue, buffer->memory, mapped, 0, NULL, NULL);
    if (code == CL_SUCCESS) code = clFinish(buffer->gpu->queue);
    return tri_cl(buffer->gpu, code, "unmapping a buffer");
}

tri_status tri_gpu_wait(tri_gpu *gpu) {
    return tri_cl(gpu, clFinish(gpu->queue), "running queued commands");
}
