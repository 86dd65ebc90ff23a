/* Host memory that a device copies from and to at its full speed, while the host does something else: pinned, where the
 * driver pins. Making it takes longer than many a copy, so a device keeps some. Internal. */
#ifndef TRIREME_GPU_STAGING_H
#define TRIREME_GPU_STAGING_H

#include "gpu/device.h"

/* Memory of at least `bytes` that nobody uses and no copy is under way in. TRI_ERR_MEMORY. */
TRI_MUST_CHECK tri_status tri_staging_take(tri_gpu *gpu, size_t bytes, tri_staging **out);
/* Takes it back. `busy`, which may be NULL and is the staging's from now on, is of a copy that still uses it. */
void tri_staging_give(tri_staging *staging, cl_event busy);
/* When the device is closed. */
void tri_staging_free_all(tri_gpu *gpu);

#endif
