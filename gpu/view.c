#include "gpu/view.h"

bool tri_span_is_remote(tri_gpu_span span) {
    return span.buffer && !span.buffer->gpu->info.unified;
}

tri_status tri_view_wait(tri_view *view) {
    if (!view->event) return TRI_OK;
    cl_int code = clWaitForEvents(1, &view->event);
    clReleaseEvent(view->event);
    view->event = NULL;
    return tri_cl(view->region.span.buffer->gpu, code, "copying for a collective operation");
}

static size_t place(const tri_view_region *w) {
    return w->span.offset * w->each + w->from;
}

/* Copies between staging memory and the rows on the device. */
static tri_status copy(tri_view *view, bool up) {
    const tri_view_region *w = &view->region;
    tri_gpu *gpu = w->span.buffer->gpu;
    cl_mem memory = w->span.buffer->memory;
    cl_command_queue queue = up ? gpu->up : gpu->down;
    const size_t there[3] = {place(w)}, here[3] = {0}, region[3] = {w->row_bytes, w->rows, 1};
    cl_int code;
    if (w->rows == 1)
        code = up ? clEnqueueWriteBuffer(queue, memory, CL_FALSE, place(w), w->row_bytes, view->data, 0, NULL,
                                         &view->event)
                  : clEnqueueReadBuffer(queue, memory, CL_FALSE, place(w), w->row_bytes, view->data, 0, NULL,
                                        &view->event);
    else
        code = up ? clEnqueueWriteBufferRect(queue, memory, CL_FALSE, there, here, region, w->stride_bytes, 0,
                                             w->row_bytes, 0, view->data, 0, NULL, &view->event)
                  : clEnqueueReadBufferRect(queue, memory, CL_FALSE, there, here, region, w->stride_bytes, 0,
                                            w->row_bytes, 0, view->data, 0, NULL, &view->event);
    if (code == CL_SUCCESS) code = clFlush(queue);
    return tri_cl(gpu, code, up ? "copying to the device" : "copying from the device");
}

static tri_status stage(tri_view *view, bool read) {
    tri_gpu *gpu = view->region.span.buffer->gpu;
    size_t bytes = view->region.rows * view->region.row_bytes;
    if (view->staging && view->staging->pinned->bytes < bytes) {
        tri_staging_give(view->staging, NULL);
        view->staging = NULL;
    }
    if (!view->staging) TRI_TRY(tri_staging_take(gpu, bytes, &view->staging));
    view->data = view->staging->pinned->data;
    return read ? copy(view, false) : TRI_OK;
}

/* Nonblocking: waits dominate the time, since each may suspend this thread. */
static tri_status map(tri_view *view) {
    const tri_gpu_buffer *buffer = view->region.span.buffer;
    cl_int code;
    view->data =
        clEnqueueMapBuffer(buffer->gpu->up, buffer->memory, CL_FALSE, CL_MAP_READ | CL_MAP_WRITE,
                           place(&view->region), view->region.row_bytes, 0, NULL, &view->event, &code);
    view->mapped = code == CL_SUCCESS;
    if (code == CL_SUCCESS) code = clFlush(buffer->gpu->up);
    return tri_cl(buffer->gpu, code, "mapping a buffer");
}

tri_status tri_view_open(tri_view *view, tri_view_region region, bool read) {
    TRI_TRY(tri_view_wait(view));
    view->region = region;
    view->data = NULL;
    if (!region.span.buffer) {
        if (region.span.host) view->data = (char *)region.span.host + place(&region);
        return TRI_OK;
    }
    if (!region.row_bytes || !region.rows) return TRI_OK;
    return tri_span_is_remote(region.span) ? stage(view, read) : map(view);
}

tri_status tri_view_ready(tri_view *view) {
    return tri_view_wait(view);
}

static cl_int unmap(tri_view *view) {
    const tri_gpu_buffer *buffer = view->region.span.buffer;
    view->mapped = false;
    cl_int code = clEnqueueUnmapMemObject(buffer->gpu->up, buffer->memory, view->data, 0, NULL, NULL);
    return code == CL_SUCCESS ? clFlush(buffer->gpu->up) : code;
}

tri_status tri_view_close(tri_view *view, bool wrote) {
    if (view->mapped) TRI_TRY(tri_cl(view->region.span.buffer->gpu, unmap(view), "unmapping a buffer"));
    bool staged = view->region.span.buffer && view->staging && view->data;
    if (staged && wrote) TRI_TRY(copy(view, true));
    view->data = NULL;
    return TRI_OK;
}

void tri_view_free(tri_view *view) {
    /* Still mapped only after a failure, whose error text is kept. */
    if (view->mapped) {
        unmap(view);
        clFinish(view->region.span.buffer->gpu->up);
    }
    if (view->staging)
        tri_staging_give(view->staging, view->event);
    else if (view->event)
        clReleaseEvent(view->event);
    *view = (tri_view){0};
}
