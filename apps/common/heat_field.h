/* The field of the heat equation on one rank: two arrays, threads that update them tile by tile, a device that takes the
 * layers in the middle, and the exchange of faces with the neighbours meanwhile.
 *
 * A layer is a row in two dimensions and a plane in three. The bits of a point depend on its neighbours' alone: the
 * order of operations is that of tri_gpu_heat(), whoever does them. */
#ifndef TRIREME_APPS_HEAT_FIELD_H
#define TRIREME_APPS_HEAT_FIELD_H

#include "apps/driver/app.h"

/* Points to update together: the first and the number of them in each dimension, planes, rows, columns. */
typedef struct heat_box {
    size_t first[3], count[3];
} heat_box;

typedef struct heat_tiles {
    heat_box *box;
    size_t count, room;
} heat_tiles;

typedef struct heat_field {
    const tri_grid_info *grid;
    tri_team *team;
    tri_halo *halo;
    double k;                  /* dt alpha / h^2 */
    size_t size[3];            /* of this rank's block: planes (1 in two dimensions), rows, columns */
    size_t line, plane, layer; /* points from a row to the next, from a plane, from a layer */
    double *now, *next;        /* with one point more on every side; NULL where the rank has no points */
    heat_tiles inner, outer;   /* outer: what needs the neighbours' faces */
    /* The device's layers, [first, first + layers), and its two arrays; the host's copies of their first and last layer
     * are kept up to date, the others are as old as the last heat_field_fetch(). */
    tri_gpu *gpu;
    size_t device_first, device_layers;
    tri_gpu_buffer *device_now, *device_next;
    tri_status device_status;
    char device_why[256];
    int stream;               /* whether new values go past the caches; the bits are the same */
    double halo_s, compute_s; /* of all steps: waiting for faces, and the rest */
} heat_field;

/* For the blocks of `grid`, which is borrowed like the others. share: the part of the block's layers that the device
 * takes, 0 to 1; the outermost ones are the host's always. gpu != NULL needs a grid that cuts no dimension but the first:
 * TRI_ERR_ARGUMENT. Not collective. */
tri_status heat_field_create(heat_field *field, const tri_grid *grid, double k, tri_team *team, tri_gpu *gpu,
                             double share);
void heat_field_destroy(heat_field *field);

/* Makes the field of the product of one factor for each dimension: factor[d][i] belongs to point grid->start[d] + i. */
tri_status heat_field_fill(heat_field *field, double *const factor[]);

/* The block, row-major without the layer around it, out of the field and into it. Getting brings the device's layers. */
tri_status heat_field_get(heat_field *field, double *block);
tri_status heat_field_set(heat_field *field, const double *block);

/* One step in time. Sends messages: a failure after the first one is not agreed on. */
tri_status heat_field_step(heat_field *field);

/* Adds all points of this rank. */
tri_status heat_field_sum(heat_field *field, tri_sum *into);

/* One box, by this thread; for those who measure it. */
void heat_update(const heat_field *field, const heat_box *box, const double *from, double *to);

#endif
