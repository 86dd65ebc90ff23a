/* The boxes in which a dataset is read, exchanged and written. */
#ifndef TRIREME_APPS_ALLTOALL_PLAN_H
#define TRIREME_APPS_ALLTOALL_PLAN_H

#include "apps/alltoall/permute.h"

enum { AXES = PERMUTE_AXES };

/* A box of A, in the axes of A. */
typedef struct box {
    size_t start[AXES], count[AXES];
} box;

/* Each step processes one box of A: every rank reads a slice along axis `cut_read` and writes, as B, a
 * slice along axis `cut_write`. A rank sends to another rank the intersection of its slice with that
 * rank's. */
typedef struct plan {
    int rank;            /* dimensions */
    int axes[AXES];      /* axis k of B is axis axes[k] of A */
    size_t dims[AXES];   /* of A; 1 beyond its rank */
    size_t length[AXES]; /* of a box; boxes at the end of an axis may be shorter */
    /* boxes, and if possible slices, begin at multiples of it, so that chunks are not divided */
    size_t unit[AXES];
    size_t steps, room; /* room: elements of the largest slice */
    int ranks, cut_read, cut_write;
} plan;

/* Makes a plan whose slices have at most `room` elements, with long contiguous runs in both files.
 * TRI_ERR_ARGUMENT: not one element fits. */
TRI_MUST_CHECK tri_status plan_make(plan *p, size_t room);

/* Box number `step`. */
box plan_box(const plan *p, size_t step);

/* A rank's slice of a box along axis `cut`. */
box plan_slice(const plan *p, const box *whole, int cut, int rank);

/* The intersection of two boxes; a count of zero if it is empty. */
box box_meet(const box *a, const box *b);
size_t box_elements(const box *b);

/* Strides in elements along each axis of A, for a box in row-major order of A (axes NULL) or of B. */
void box_steps(const box *b, int rank, const int *axes, size_t step[AXES]);

#endif
