/* The field of the heat equation on one rank: two arrays, threads that update tiles, a device that updates
 * the layers in the middle, and the concurrent exchange of faces with the neighbours.
 *
 * A layer is a row in two dimensions and a plane in three. The bits of a point depend only on its
 * neighbours: threads and device use the order of operations of tri_gpu_heat(). */
#ifndef TRIREME_APPS_HEAT_FIELD_H
#define TRIREME_APPS_HEAT_FIELD_H

#include "apps/driver/app.h"

/* A box of points: first index and count of planes, rows, columns. */
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
    size_t line, plane, layer; /* strides in points from a row, plane or layer to the next */
    double *now, *next;        /* with a border of one point on every side; NULL: the rank has no points */
    heat_tiles inner, outer;   /* outer: tiles that need the neighbours' faces */
    /* The device's layers [first, first + layers) and its two arrays. The host has current copies of the
     * first and last layer; the others date from the last heat_field_get(). */
    tri_gpu *gpu;
    size_t device_first, device_layers;
    tri_gpu_buffer *device_now, *device_next;
    tri_status device_status;
    char device_why[256];
    int stream;               /* use non-temporal stores; the bits are the same */
    double halo_s, compute_s; /* totals: waiting for faces, and the rest */
} heat_field;

/* Creates the field of this rank's block of `grid`. grid, team and gpu are borrowed. share, 0 to 1:
 * fraction of the block's layers for the device; the outermost layers always belong to the host.
 * TRI_ERR_ARGUMENT: with a device only the first dimension of the grid may be divided. Local. */
tri_status heat_field_create(heat_field *field, const tri_grid *grid, double k, tri_team *team, tri_gpu *gpu,
                             double share);
void heat_field_destroy(heat_field *field);

/* Sets the field to a product of one factor per dimension: factor[d][i] belongs to index grid->start[d] +
 * i. */
tri_status heat_field_fill(heat_field *field, double *const factor[]);

/* Copy the block, row-major without border, from and to the field, including the device's layers. */
tri_status heat_field_get(heat_field *field, double *block);
tri_status heat_field_set(heat_field *field, const double *block);

/* One time step. Sends messages: a failure after the first one is not agreed on. Collective. */
tri_status heat_field_step(heat_field *field);

/* Adds all points of this rank. */
tri_status heat_field_sum(heat_field *field, tri_sum *into);

/* Updates one box on this thread; for benchmarks. */
void heat_update(const heat_field *field, const heat_box *box, const double *from, double *to);

#endif
