/* A part of a vector as memory that the host, and so MPI, can use. Internal. */
#ifndef TRIREME_GPU_VIEW_H
#define TRIREME_GPU_VIEW_H

#include "gpu/staging.h"
#include "trireme/gpu_collectives.h"

/* `rows` runs of row_bytes, the first at byte `from` of the span, each stride_bytes behind the one before. More than one
 * row only in memory of a device's own: they stand side by side in the view. */
typedef struct tri_view_window {
    tri_gpu_span span;
    size_t each; /* bytes of an element, which span.offset counts */
    size_t from, row_bytes, rows, stride_bytes;
} tri_view_window;

/* Zeroed before the first use; may be opened and closed again and again, and is freed at the end. */
typedef struct tri_view {
    void *data; /* between tri_view_ready() and tri_view_close() */
    tri_view_window window;
    bool mapped;
    tri_staging *staging; /* of a device with memory of its own */
    cl_event event;       /* of the copy in flight, either way; NULL: none */
} tri_view;

/* Whether the span lies in the memory of a device that the host does not share. */
bool tri_span_is_remote(tri_gpu_span span);

/* Begins to make the window visible; `read`: with what is in it. */
TRI_MUST_CHECK tri_status tri_view_open(tri_view *view, tri_view_window window, bool read);
/* Waits until data is valid. */
TRI_MUST_CHECK tri_status tri_view_ready(tri_view *view);
/* Gives it back; `wrote`: with what is in data now. That may be still on its way until the device's queue `up` is
 * finished, or for copies, until the next open or tri_view_wait(). */
TRI_MUST_CHECK tri_status tri_view_close(tri_view *view, bool wrote);
TRI_MUST_CHECK tri_status tri_view_wait(tri_view *view);
/* A copy to the device that is still on its way goes on. */
void tri_view_free(tri_view *view);

#endif
