/* Host access, and thus MPI access, to a region of a vector. Internal. */
#ifndef TRIREME_GPU_VIEW_H
#define TRIREME_GPU_VIEW_H

#include "gpu/staging.h"
#include "trireme/gpu_collectives.h"

/* `rows` runs of row_bytes, the first at byte `from` of the span, stride_bytes apart. The view holds them
 * contiguously. More than one row is possible only in the memory of a discrete device. */
typedef struct tri_view_region {
    tri_gpu_span span;
    size_t each; /* bytes of an element, the unit of span.offset */
    size_t from, row_bytes, rows, stride_bytes;
} tri_view_region;

/* A view. Initialize to zero before the first tri_view_open(); free after the last tri_view_close(). */
typedef struct tri_view {
    void *data; /* valid between tri_view_ready() and tri_view_close() */
    tri_view_region region;
    bool mapped;
    tri_staging *staging; /* for a discrete device */
    cl_event event;       /* of the pending copy; NULL: none */
} tri_view;

/* Whether the span is in the memory of a discrete device. */
bool tri_span_is_remote(tri_gpu_span span);

/* Starts to make the region visible; `read`: with its contents. Nonblocking. */
TRI_MUST_CHECK tri_status tri_view_open(tri_view *view, tri_view_region region, bool read);
/* Waits until view->data is valid. */
TRI_MUST_CHECK tri_status tri_view_ready(tri_view *view);
/* Ends the access; `wrote`: transfers the contents of view->data to the region. The transfer completes when
 * the device's queue `up` has finished; a copy also by the next tri_view_open() or tri_view_wait(). */
TRI_MUST_CHECK tri_status tri_view_close(tri_view *view, bool wrote);
TRI_MUST_CHECK tri_status tri_view_wait(tri_view *view);
/* Frees the view. A pending copy to the device continues. */
void tri_view_free(tri_view *view);

#endif
