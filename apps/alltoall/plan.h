/* Which blocks of a dataset are read, exchanged and written together. */
#ifndef TRIREME_APPS_ALLTOALL_PLAN_H
#define TRIREME_APPS_ALLTOALL_PLAN_H

#include "apps/alltoall/permute.h"

enum { AXES = PERMUTE_AXES };

/* A box of A, in A's axes. */
typedef struct box {
    size_t start[AXES], count[AXES];
} box;

/* The work goes in steps. Each takes one box of A; of it every rank reads a slice along axis `cut_read` and writes, as B,
 * a slice along axis `cut_write`. What a rank sends to another is where its slice and the other's meet. */
typedef struct plan {
    int rank;            /* dimensions */
    int axes[AXES];      /* axis k of B is axis axes[k] of A */
    size_t dims[AXES];   /* of A; 1 behind its dimensions */
    size_t length[AXES]; /* of a box; those at the end of an axis may be shorter */
    size_t
        unit[AXES]; /* boxes begin at multiples of it, slices too where there are enough: chunks stay whole */
    size_t steps, room; /* room: elements of the largest slice */
    int ranks, cut_read, cut_write;
} plan;

/* Makes a plan whose slices have at most `room` elements: boxes that are long along the axis that lies together in A's
 * file and along the one that does so in B's. TRI_ERR_ARGUMENT: not one element fits. */
TRI_MUST_CHECK tri_status plan_make(plan *p, size_t room);

/* Box number `step`. */
box plan_box(const plan *p, size_t step);

/* A rank's slice of a box: what it reads, or writes. */
box plan_slice(const plan *p, const box *whole, int cut, int rank);

/* Where two boxes meet; with a count of zero where they do not. */
box box_meet(const box *a, const box *b);
size_t box_elements(const box *b);

/* Steps from one element to the next along each axis of A, for a box that lies row-major in A's order (axes NULL) or
 * in B's. */
void box_steps(const box *b, int rank, const int *axes, size_t step[AXES]);

#endif
