/* Halo exchange: one message per neighbour. A derived datatype selects the points, so nothing is packed
 * here. */
#include <limits.h>
#include <stdlib.h>

#include "mpi/comm.h"
#include "mpi/grid.h"

/* Layers in memory order: the lower neighbour's points, the first own ones, the last own ones, the upper
 * neighbour's. */
typedef struct face {
    MPI_Datatype type; /* a face whose first point is in the field's first (halo) layer */
    MPI_Aint own[2],
        around[2]; /* byte offsets of the sent and the received layer; [0] lower side, [1] upper side */
} face;

struct tri_halo {
    const tri_grid *grid;
    int faces; /* created so far */
    face face[TRI_GRID_DIMS];
    MPI_Request requests[4 * TRI_GRID_DIMS];
    int started;
};

/* Replaces *type by `count` copies of it, `stride` bytes apart. */
static tri_status repeat(MPI_Datatype *type, size_t count, MPI_Aint stride) {
    MPI_Datatype more;
    if (count > INT_MAX)
        return tri_fail(TRI_ERR_ARGUMENT, "a face with %zu points in a row is too long: use more ranks",
                        count);
    TRI_MPI(MPI_Type_create_hvector((int)count, 1, stride, *type, &more));
    MPI_Type_free(type);
    *type = more;
    return TRI_OK;
}

static tri_status make_face(const tri_grid_info *info, int d, MPI_Datatype element, face *out) {
    MPI_Aint lower, stride;
    MPI_Datatype type;
    TRI_MPI(MPI_Type_get_extent(element, &lower, &stride));
    TRI_MPI(MPI_Type_dup(element, &type));
    MPI_Aint corner = 0;
    tri_status status = TRI_OK;
    for (int i = info->dims - 1; i >= 0 && status == TRI_OK; i--) {
        MPI_Aint count = (MPI_Aint)info->count[i];
        if (i == d) {
            out->around[0] = 0;
            out->own[0] = stride;
            out->own[1] = count * stride;
            out->around[1] = (count + 1) * stride;
        } else {
            corner += stride;
            status = repeat(&type, info->count[i], stride);
        }
        stride *= count + 2;
    }
    if (status == TRI_OK) status = tri_mpi_status(MPI_Type_commit(&type), "MPI_Type_commit");
    if (status != TRI_OK) {
        MPI_Type_free(&type);
        return status;
    }
    for (int side = 0; side < 2; side++) {
        out->own[side] += corner;
        out->around[side] += corner;
    }
    out->type = type;
    return TRI_OK;
}

tri_status tri_halo_create(const tri_grid *grid, MPI_Datatype type, tri_halo **out) {
    tri_halo *halo = calloc(1, sizeof *halo);
    if (!halo) return tri_fail(TRI_ERR_MEMORY, "out of memory for a halo exchange");
    halo->grid = grid;
    tri_status status = TRI_OK;
    while (halo->faces < grid->info.dims && status == TRI_OK) {
        status = make_face(&grid->info, halo->faces, type, &halo->face[halo->faces]);
        if (status == TRI_OK) halo->faces++;
    }
    if (status == TRI_OK)
        *out = halo;
    else
        tri_halo_destroy(&halo);
    return status;
}

void tri_halo_destroy(tri_halo **halo) {
    if (!halo || !*halo) return;
    for (int d = 0; d < (*halo)->faces; d++)
        MPI_Type_free(&(*halo)->face[d].type);
    free(*halo);
    *halo = NULL;
}

tri_status tri_halo_start(tri_halo *halo, void *field) {
    const tri_grid *grid = halo->grid;
    halo->started = 0;
    for (int receive = 1; receive >= 0; receive--)
        for (int d = 0; d < halo->faces; d++)
            for (int side = 0; side < 2; side++) {
                const face *f = &halo->face[d];
                int peer = grid->info.peer[d][side];
                MPI_Request *request = &halo->requests[halo->started];
                if (peer == MPI_PROC_NULL) continue;
                if (receive)
                    TRI_TRY(tri_irecv((char *)field + f->around[side], 1, f->type, peer, d, grid->faces,
                                      request));
                else
                    TRI_TRY(
                        tri_isend((char *)field + f->own[side], 1, f->type, peer, d, grid->faces, request));
                halo->started++;
            }
    return TRI_OK;
}

tri_status tri_halo_finish(tri_halo *halo) {
    MPI_Status statuses[4 * TRI_GRID_DIMS];
    int started = halo->started;
    halo->started = 0;
    TRI_MPI(MPI_Waitall(started, halo->requests, statuses));
    return TRI_OK;
}
