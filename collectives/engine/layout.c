#include "collectives/engine/layout.h"

#include <limits.h>
#include <stdint.h>
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

static size_t block_bytes(const tri_side *side, int b) {
    return side->byte_counts ? side->byte_counts[b] : side->block_bytes;
}

/* Packs or unpacks all blocks, in pieces that fit MPI's int counts. */
static tri_status repack(const tri_side *side, int unpack) {
    char *at = side->bytes;
    size_t most = side->size ? INT_MAX / side->size : INT_MAX;
    if (!most) return tri_fail(TRI_ERR_ARGUMENT, "an element of the datatype exceeds 2^31 bytes");
    for (int b = 0; b < side->blocks; b++) {
        char *user =
            (char *)side->user +
            (side->user_displs ? side->user_displs[b] : (ptrdiff_t)((size_t)b * side->count) * side->extent);
        for (size_t left = side->size ? block_bytes(side, b) / side->size : 0; left;) {
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

/* Counts and displs in bytes; packed blocks are contiguous. The caller may change its arrays afterwards. */
static tri_status scale_blocks(tri_side *side) {
    size_t blocks = (size_t)side->blocks;
    side->byte_counts = malloc(blocks * sizeof *side->byte_counts);
    side->user_displs = malloc(2 * blocks * sizeof *side->user_displs);
    if (!side->byte_counts || !side->user_displs)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the displacements of %zu blocks", blocks);
    side->byte_displs = side->packed ? side->user_displs + blocks : side->user_displs;
    ptrdiff_t packed = 0;
    for (size_t b = 0; b < blocks; b++) {
        side->byte_counts[b] = side->counts[b] * side->size;
        side->user_displs[b] = side->displs[b] * side->extent;
        if (side->packed) side->byte_displs[b] = packed;
        packed += (ptrdiff_t)side->byte_counts[b];
    }
    return TRI_OK;
}

/* Blocks of different types: each is used in place or packed by itself, so byte_displs lead from the user's
 * buffer to other memory. */
static tri_status open_parts(tri_side *side) {
    size_t blocks = (size_t)side->blocks;
    side->bytes = side->user;
    side->parts = calloc(blocks, sizeof *side->parts);
    side->byte_counts = calloc(blocks, sizeof *side->byte_counts);
    side->byte_displs = side->user_displs = calloc(blocks, sizeof *side->user_displs);
    if (!side->parts || !side->byte_counts || !side->user_displs)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu blocks", blocks);
    for (size_t b = 0; b < blocks; b++) {
        tri_side *part = &side->parts[b];
        if (!side->counts[b]) continue;
        *part = (tri_side){.user = (void *)((uintptr_t)side->user + (size_t)side->displs[b]),
                           .type = side->types[b],
                           .blocks = 1,
                           .count = side->counts[b]};
        TRI_TRY(tri_side_open(part));
        side->byte_counts[b] = part->block_bytes;
        side->byte_displs[b] = (ptrdiff_t)((uintptr_t)part->bytes - (uintptr_t)side->bytes);
    }
    return TRI_OK;
}

tri_status tri_side_open(tri_side *side) {
    if (side->types) return open_parts(side);
    TRI_TRY(look_at_type(side));
    side->block_bytes = side->count * side->size;
    side->bytes = side->user;
    if (side->counts) TRI_TRY(scale_blocks(side));
    if (!side->packed) return TRI_OK;

    size_t all = 0;
    for (int b = 0; b < side->blocks; b++)
        all += block_bytes(side, b);
    side->bytes = malloc(all ? all : 1);
    if (!side->bytes) return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu packed bytes", all);
    return TRI_OK;
}

tri_status tri_side_load(const tri_side *side) {
    for (int b = 0; side->parts && b < side->blocks; b++)
        TRI_TRY(tri_side_load(&side->parts[b]));
    return side->packed ? repack(side, 0) : TRI_OK;
}

tri_status tri_side_store(const tri_side *side) {
    for (int b = 0; side->parts && b < side->blocks; b++)
        TRI_TRY(tri_side_store(&side->parts[b]));
    return side->packed ? repack(side, 1) : TRI_OK;
}

void tri_side_close(tri_side *side) {
    if (!side->packed && !side->byte_counts && !side->user_displs && !side->parts) return;
    for (int b = 0; side->parts && b < side->blocks; b++)
        tri_side_close(&side->parts[b]);
    if (side->packed && side->bytes != side->user) free(side->bytes);
    free(side->parts);
    free(side->byte_counts);
    free(side->user_displs);
    side->parts = NULL;
    side->byte_counts = NULL;
    side->user_displs = NULL;
    side->packed = 0;
}
