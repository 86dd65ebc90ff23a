/* Reductions that the devices compute. Internal. */
#ifndef TRIREME_GPU_COLLECTIVE_ON_DEVICE_H
#define TRIREME_GPU_COLLECTIVE_ON_DEVICE_H

#include "gpu/collective.h"

/* Reduce and allreduce where the vectors of all ranks are in the memory of discrete devices. Collective. */
TRI_MUST_CHECK tri_status tri_gpu_collective_on_device(const tri_gpu_collective *c);

#endif
