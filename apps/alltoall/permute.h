/* Copies a block of elements from one order of its axes to another. */
#ifndef TRIREME_APPS_ALLTOALL_PERMUTE_H
#define TRIREME_APPS_ALLTOALL_PERMUTE_H

#include "apps/driver/app.h"

enum { PERMUTE_AXES = 4 };

/* length[k] elements along axis k, with stride from[k] in the source and to[k] in the destination, in
 * elements. Unused axes have length 1. */
typedef struct permutation {
    size_t length[PERMUTE_AXES], from[PERMUTE_AXES], to[PERMUTE_AXES];
    size_t element_bytes;
} permutation;

/* Copies on all threads of the team. Source and destination must not overlap. */
void permute(tri_team *team, const permutation *p, const void *from, void *to);

#endif
