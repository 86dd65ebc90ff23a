/* A collective operation through views of device memory. Internal. */
#ifndef TRIREME_GPU_COLLECTIVE_PIECES_H
#define TRIREME_GPU_COLLECTIVE_PIECES_H

#include "gpu/collective.h"

/* Runs the operation, in pieces where that pays. On return the last copies to the device may still be pending
 * in the queue `up`. Collective. */
TRI_MUST_CHECK tri_status tri_gpu_collective_run(const tri_gpu_collective *c);

#endif
