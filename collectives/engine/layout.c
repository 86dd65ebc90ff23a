#include "collectives/engine/layout.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

tri_status tri_type_ask(MPI_Datatype type, size_t *out) {
    MPI_Count bytes;
    if (type == MPI_DATATYPE_NULL) return tri_fail(TRI_ERR_ARGUMENT, "the type is MPI_DATATYPE_NULL");
    TRI_MPI(MPI_Type_size_x(type, &bytes));
    if (bytes == MPI_UNDEFINED)
        return tri_fail(TRI_ERR_ARGUMENT, "the size of the datatype exceeds MPI_Count");
    *out = (size_t)bytes;
    return TRI_OK;
}

tri_status tri_count_refuse(size_t count, size_t size) {
    return tri_fail(TRI_ERR_ARGUMENT, "%zu elements of %zu bytes exceed the address space", count, size);
}

tri_status tri_type_check(MPI_Datatype type, MPI_Comm mpi) {
    char data[2] = {0, 0}, name[MPI_MAX_OBJECT_NAME] = "";
    int position = 0, length;
    if (type == MPI_DATATYPE_NULL) return tri_fail(TRI_ERR_ARGUMENT, "the type is MPI_DATATYPE_NULL");
    if (MPI_Pack(&data[0], 0, type, &data[1], 1, &position, mpi) == MPI_SUCCESS) return TRI_OK;
    TRI_MPI(MPI_Type_get_name(type, name, &length));
    return tri_fail(TRI_ERR_ARGUMENT, "the type%s%s cannot be sent; call MPI_Type_commit() first",
                    *name ? " " : "", name);
}

/* Replaces a derived type by one of the side's own where the program may free it, and where its displacements
 * are addresses: MPICH does not pack from MPI_BOTTOM, so they become relative to the first one. */
static tri_status own_type(tri_side *side) {
    MPI_Aint first, extent, back;
    MPI_Datatype own;
    TRI_MPI(MPI_Type_get_true_extent(side->type, &first, &extent));
    back = -first;
    if (side->user == MPI_BOTTOM && first) {
        TRI_MPI(MPI_Type_create_hindexed(1, (int[]){1}, &back, side->type, &own));
        side->user = (void *)first;
    } else if (side->holds) {
        TRI_MPI(MPI_Type_dup(side->type, &own));
    } else {
        return TRI_OK;
    }
    side->type = own;
    side->own_type = 1;
    return tri_mpi_status(MPI_Type_commit(&side->type), "MPI_Type_commit");
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
    TRI_TRY(tri_type_check(side->type, side->mpi));
    TRI_TRY(tri_type_bytes(side->type, &side->size));
    TRI_MPI(MPI_Type_get_extent(side->type, &lower, &extent));
    side->extent = extent;
    TRI_MPI(MPI_Type_get_envelope(side->type, &integers, &addresses, &types, &combiner));
    side->packed = combiner != MPI_COMBINER_NAMED || (ptrdiff_t)side->size != side->extent;
    return combiner == MPI_COMBINER_NAMED ? TRI_OK : own_type(side);
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
                TRI_MPI(MPI_Unpack(at, bytes, &position, user, some, side->type, side->mpi));
            else
                TRI_MPI(MPI_Pack(user, some, side->type, at, bytes, &position, side->mpi));
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
        TRI_TRY(tri_count_bytes(side->counts[b], side->size, &side->byte_counts[b]));
        side->user_displs[b] = side->displs[b] * side->extent;
        if (side->packed) side->byte_displs[b] = packed;
        packed += (ptrdiff_t)side->byte_counts[b];
    }
    return TRI_OK;
}

/* Blocks of different types: each is used in place or packed by itself, so byte_displs lead from the user's
 * buffer to other memory. */
static tri_status open_parts(tri_side *side, MPI_Comm mpi) {
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
                           .count = side->counts[b],
                           .holds = side->holds};
        TRI_TRY(tri_side_open(part, mpi));
        side->byte_counts[b] = part->block_bytes;
        side->byte_displs[b] = (ptrdiff_t)((uintptr_t)part->bytes - (uintptr_t)side->bytes);
    }
    return TRI_OK;
}

tri_status tri_side_open(tri_side *side, MPI_Comm mpi) {
    if (side->types) return open_parts(side, mpi);
    side->mpi = mpi;
    TRI_TRY(look_at_type(side));
    TRI_TRY(tri_count_bytes(side->count, side->size, &side->block_bytes));
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
    if (!tri_side_owns(side)) return;
    for (int b = 0; side->parts && b < side->blocks; b++)
        tri_side_close(&side->parts[b]);
    if (side->packed && side->bytes != side->user) free(side->bytes);
    free(side->parts);
    free(side->byte_counts);
    free(side->user_displs);
    if (side->own_type) MPI_Type_free(&side->type);
    side->parts = NULL;
    side->byte_counts = NULL;
    side->user_displs = NULL;
    side->packed = side->own_type = 0;
}
