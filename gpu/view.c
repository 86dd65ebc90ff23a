#include "gpu/view.h"

#include <stdlib.h>

tri_status tri_view_wait(tri_view *view) {
    if (!view->event) return TRI_OK;
    cl_int code = clWaitForEvents(1, &view->event);
    clReleaseEvent(view->event);
    view->event = NULL;
    return tri_cl(view->buffer->gpu, code, "copying for a collective operation");
}

static tri_status stage(tri_view *view, bool read) {
    tri_gpu *gpu = view->buffer->gpu;
    if (view->staging_bytes < view->bytes) {
        free(view->staging);
        view->staging_bytes = 0;
        view->staging = malloc(view->bytes);
        if (!view->staging)
            return tri_fail(TRI_ERR_MEMORY, "no memory for %zu bytes of a device's vector", view->bytes);
        view->staging_bytes = view->bytes;
    }
    view->data = view->staging;
    if (!read) return TRI_OK;
    TRI_TRY(tri_cl(gpu,
                   clEnqueueReadBuffer(gpu->transfers, view->buffer->memory, CL_FALSE, view->offset_bytes,
                                       view->bytes, view->data, 0, NULL, &view->event),
                   "copying from the device"));
    return tri_cl(gpu, clFlush(gpu->transfers), "copying from the device");
}

tri_status tri_view_open(tri_view *view, tri_gpu_span span, size_t each, size_t from, size_t bytes,
                         bool read) {
    TRI_TRY(tri_view_wait(view));
    view->buffer = span.buffer;
    view->offset_bytes = span.offset * each + from;
    view->bytes = bytes;
    view->mapped = false;
    view->data = NULL;
    if (!span.buffer) {
        if (span.host) view->data = (char *)span.host + view->offset_bytes;
        return TRI_OK;
    }
    if (!bytes) return TRI_OK;
    if (!span.buffer->gpu->info.unified) return stage(view, read);
    TRI_TRY(tri_gpu_buffer_map(span.buffer, view->offset_bytes, bytes, &view->data));
    view->mapped = true;
    return TRI_OK;
}

tri_status tri_view_ready(tri_view *view) {
    return tri_view_wait(view);
}

tri_status tri_view_close(tri_view *view, bool wrote) {
    void *data = view->data;
    view->data = NULL;
    if (!view->buffer || !view->bytes) return TRI_OK;
    tri_gpu *gpu = view->buffer->gpu;
    if (view->mapped) {
        view->mapped = false;
        return tri_gpu_buffer_unmap(view->buffer, data);
    }
    if (!wrote || !data) return TRI_OK;
    TRI_TRY(tri_cl(gpu,
                   clEnqueueWriteBuffer(gpu->transfers, view->buffer->memory, CL_FALSE, view->offset_bytes,
                                        view->bytes, data, 0, NULL, &view->event),
                   "copying to the device"));
    return tri_cl(gpu, clFlush(gpu->transfers), "copying to the device");
}

void tri_view_free(tri_view *view) {
    /* Still mapped only after a failure, whose text stays. */
    if (view->mapped) {
        clEnqueueUnmapMemObject(view->buffer->gpu->queue, view->buffer->memory, view->data, 0, NULL, NULL);
        clFinish(view->buffer->gpu->queue);
    }
    if (view->event) {
        clWaitForEvents(1, &view->event);
        clReleaseEvent(view->event);
    }
    free(view->staging);
    *view = (tri_view){0};
}
