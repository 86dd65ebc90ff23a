#include "collectives/engine/arguments.h"

#include <stdlib.h>
#include <string.h>

static size_t kept_bytes(const tri_arguments *a) {
    size_t all = 0;
    for (int b = 0; b < a->recv.blocks; b++)
        all += a->recv.byte_counts ? a->recv.byte_counts[b] : a->recv.block_bytes;
    return all;
}

/* Allocates a contiguous copy of all blocks of recv, which becomes the input. */
static tri_status make_copy(tri_arguments *a) {
    size_t all = kept_bytes(a);
    a->kept = malloc(all ? all : 1);
    if (!a->kept) return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of alltoall in place", all);
    a->call.send = a->kept;
    if (!a->recv.byte_counts) return TRI_OK;
    a->kept_displs = malloc((size_t)a->recv.blocks * sizeof *a->kept_displs);
    if (!a->kept_displs)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the displacements of %d blocks", a->recv.blocks);
    size_t next = 0;
    for (int b = 0; b < a->recv.blocks; next += a->recv.byte_counts[b++])
        a->kept_displs[b] = (ptrdiff_t)next;
    a->call.send_counts = a->recv.byte_counts;
    a->call.send_displs = a->kept_displs;
    return TRI_OK;
}

static void copy_blocks(const tri_arguments *a) {
    const tri_side *from = &a->recv;
    if (!from->byte_counts) {
        memcpy(a->kept, from->bytes, kept_bytes(a));
        return;
    }
    for (int b = 0; b < from->blocks; b++)
        if (from->byte_counts[b])
            memcpy((char *)a->kept + a->kept_displs[b],
                   (void *)((uintptr_t)from->bytes + (size_t)from->byte_displs[b]), from->byte_counts[b]);
}

static int combines(const tri_arguments *a) {
    return a->spec.operation >= TRI_REDUCE;
}

tri_status tri_sides_open(tri_arguments *a, const tri_comm *comm) {
    tri_call *call = &a->call;
    if (a->send.blocks) {
        TRI_TRY(tri_side_open(&a->send, comm->mpi));
        call->send = a->send.bytes;
        if (a->send.counts) call->send_counts = a->send.byte_counts, call->send_displs = a->send.byte_displs;
    }
    if (a->recv.blocks) {
        TRI_TRY(tri_side_open(&a->recv, comm->mpi));
        call->recv = a->recv.bytes;
        if (a->recv.counts) call->recv_counts = a->recv.byte_counts, call->recv_displs = a->recv.byte_displs;
    }
    if (a->spec.operation == TRI_BCAST || (combines(a) && a->loads)) call->send = call->recv;
    if (!a->send_in_place && !a->recv_in_place) return a->keeps ? make_copy(a) : TRI_OK;
    tri_context bytes = {.unit_bytes = 1};
    if (a->send_in_place) call->send = tri_recv_block(&bytes, call, comm->rank);
    if (a->recv_in_place) call->recv = (void *)tri_send_block(&bytes, call, comm->rank);
    return TRI_OK;
}

tri_status tri_sides_load(const tri_arguments *a) {
    if (a->send.blocks) TRI_TRY(tri_side_load(&a->send));
    if (a->loads && a->recv.blocks) TRI_TRY(tri_side_load(&a->recv));
    if (a->keeps) copy_blocks(a);
    return TRI_OK;
}

void tri_sides_close(tri_arguments *a) {
    if (a->send.blocks) tri_side_close(&a->send);
    if (a->recv.blocks) tri_side_close(&a->recv);
    if (a->keeps) {
        free(a->kept);
        free(a->kept_displs);
    }
    free(a->displs);
}
