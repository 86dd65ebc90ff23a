#include "collectives/engine/layout.h"

#include <limits.h>
#include <stdlib.h>

tri_status tri_type_bytes(MPI_Datatype type, size_t *out) {
    MPI_Count bytes = (MPI_Count)tri_common_bytes(type);
    if (!bytes) TRI_MPI(MPI_Type_size_x(type, &bytes));
    if (bytes == MPI_UNDEFINED)
        return tri_fail(TRI_ERR_ARGUMENT, "the size of the datatype exceeds MPI_Count");
    *out = (size_t)bytes;
    return TRI_OK;
}

/* Determines the sizes of the side's type. Only predefined types without gaps are known to match their
 * type signature in memory. */
static tri_status look_at_type(tri_side *side) {
    MPI_Aint lower, extent;
    int integers, addresses, types, combiner;
    side->packed = 0;
    side->size = tri_common_bytes(side->type);
    side->extent = (ptrdiff_t)side->size;
    if (side->size) return TRI_OK;
    TRI_TRY(tri_type_bytes(side->type, &side->size));
    TRI_MPI(MPI_Type_get_extent(side->type, &lower, &extent));
    side->extent = extent;
    TRI_MPI(MPI_Type_get_envelope(side->type, &integers, &addresses, &types, &combiner));
    side->packed = combiner != MPI_COMBINER_NAMED || (ptrdiff_t)side->size != side->extent;
    return TRI_OK;
}

static size_t block_count(const tri_side *side, int b) {
    return side->counts ? side->counts[b] : side->count;
}

static char *user_block(const tri_side *side, int b) {
    return (char *)side->user +
           (side->counts ? side->displs[b] : (ptrdiff_t)((size_t)b * side->count)) * side->extent;
}

/* Packs or unpacks all blocks, in pieces that fit MPI's int counts. */
static tri_status repack(const tri_side *side, int unpack) {
    char *at = side->bytes;
    size_t most = side->size ? INT_MAX / side->size : INT_MAX;
    if (!most) return tri_fail(TRI_ERR_ARGUMENT, "an element of the datatype exceeds 2^31 bytes");
    for (int b = 0; b < side->blocks; b++) {
        char *user = user_block(side, b);
        for (size_t left = block_count(side, b); left;) {
            int some = (int)(left < most ? left : most), bytes = (int)((size_t)some * side->size),
                position = 0;
            if (unpack)
                TRI_MPI(MPI_Unpack(at, bytes, &position, user, some, side->type, MPI_COMM_SELF));
            else
                TRI_MPI(MPI_Pack(user, some, side->type, at, bytes, &position, MPI_COMM_SELF));
            at += bytes;
            user += some * side->extent;
            left -= (size_t)some;
        }
    }
    return TRI_OK;
}

/* Counts and displs in bytes; packed blocks are contiguous. */
static tri_status scale_blocks(tri_side *side) {
    size_t blocks = (size_t)side->blocks;
    side->byte_counts = malloc((blocks + 1) * sizeof *side->byte_counts);
    side->byte_displs = malloc((blocks + 1) * sizeof *side->byte_displs);
    if (!side->byte_counts || !side->byte_displs)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the displacements of %zu blocks", blocks);
    ptrdiff_t offset = 0;
    for (size_t b = 0; b < blocks; offset += (ptrdiff_t)side->byte_counts[b++]) {
        side->byte_counts[b] = side->counts[b] * side->size;
        side->byte_displs[b] = side->packed ? offset : side->displs[b] * side->extent;
    }
    return TRI_OK;
}

tri_status tri_side_open(tri_side *side, int load) {
    TRI_TRY(look_at_type(side));
    side->block_bytes = side->count * side->size;
    side->bytes = side->user;
    if (side->counts) TRI_TRY(scale_blocks(side));
    if (!side->packed) return TRI_OK;

    size_t all = 0;
    for (int b = 0; b < side->blocks; b++)
        all += block_count(side, b) * side->size;
    side->bytes = malloc(all ? all : 1);
    if (!side->bytes) return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu packed bytes", all);
    return load ? repack(side, 0) : TRI_OK;
}

tri_status tri_side_close(tri_side *side, int store) {
    tri_status status = store && side->packed ? repack(side, 1) : TRI_OK;
    if (side->packed && side->bytes != side->user) free(side->bytes);
    free(side->byte_counts);
    free(side->byte_displs);
    side->byte_counts = NULL;
    side->byte_displs = NULL;
    return status;
}
