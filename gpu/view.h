/* A span as memory that the host, and so MPI, can use. Internal. */
#ifndef TRIREME_GPU_VIEW_H
#define TRIREME_GPU_VIEW_H

#include "gpu/device.h"
#include "trireme/gpu_collectives.h"

/* Zeroed before the first use; may be opened and closed again and again, and is freed at the end. */
typedef struct tri_view {
    void *data; /* between tri_view_ready() and tri_view_close() */
    tri_gpu_buffer *buffer;
    size_t offset_bytes, bytes;
    bool mapped;
    void *staging; /* of a device with memory of its own */
    size_t staging_bytes;
    cl_event event; /* of the copy in flight, either way; NULL: none */
} tri_view;

/* Begins to make `bytes` from byte `from` of the span on visible; `read`: with what is in them. */
TRI_MUST_CHECK tri_status tri_view_open(tri_view *view, tri_gpu_span span, size_t each, size_t from,
                                        size_t bytes, bool read);
/* Waits until data is valid. */
TRI_MUST_CHECK tri_status tri_view_ready(tri_view *view);
/* `wrote`: data goes back to the device; that may be still on its way until the next open, or tri_view_wait(). */
TRI_MUST_CHECK tri_status tri_view_close(tri_view *view, bool wrote);
TRI_MUST_CHECK tri_status tri_view_wait(tri_view *view);
void tri_view_free(tri_view *view);

#endif
