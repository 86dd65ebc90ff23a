/* Pinned host memory for asynchronous copies at full speed. Allocating it takes longer than many copies, so
 * each device keeps some buffers. Internal. */
#ifndef TRIREME_GPU_STAGING_H
#define TRIREME_GPU_STAGING_H

#include "gpu/device.h"

/* Takes a free buffer of at least `bytes` without pending copies. TRI_ERR_MEMORY. */
TRI_MUST_CHECK tri_status tri_staging_take(tri_gpu *gpu, size_t bytes, tri_staging **out);
/* Returns the buffer. `busy`, or NULL, is the event of a copy that still uses it; ownership passes to the
 * buffer. */
void tri_staging_give(tri_staging *staging, cl_event busy);
/* Frees all buffers of a device that is being closed. */
void tri_staging_free_all(tri_gpu *gpu);

#endif
