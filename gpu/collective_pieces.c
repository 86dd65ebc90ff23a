/* Collective operations through views of device memory, whole or in pieces. */
#include "gpu/collective_pieces.h"

#include "gpu/collective_on_device.h"
#include "gpu/view.h"

static size_t each_of(const tri_gpu_collective *c) {
    return tri_gpu_element_bytes(c->element);
}

/* ---- in pieces: a range of each block ---- */

/* A piece in progress. While one is in the network, the next is copied from the device and the previous one
 * to it. */
enum { SLOTS = 2 };
typedef struct slot {
    tri_view send, recv;
} slot;

static bool in_place(const tri_gpu_collective *c) {
    return c->send_blocks && c->recv_blocks && c->send.buffer == c->recv.buffer &&
           c->send.offset == c->recv.offset && (c->send.buffer || c->send.host == c->recv.host);
}

static tri_view_region region_of(const tri_gpu_collective *c, tri_gpu_span span, size_t blocks, size_t first,
                                 size_t count) {
    size_t each = each_of(c);
    bool whole = count == c->count;
    return (tri_view_region){.span = span,
                             .each = each,
                             .from = first * each,
                             .row_bytes = (whole ? blocks : 1) * count * each,
                             .rows = whole ? 1 : blocks,
                             .stride_bytes = c->count * each};
}

static tri_status open_piece(const tri_gpu_collective *c, slot *at, size_t first, size_t count) {
    if (c->send_blocks && !in_place(c))
        TRI_TRY(tri_view_open(&at->send, region_of(c, c->send, c->send_blocks, first, count), true));
    if (!c->recv_blocks) return TRI_OK;
    return tri_view_open(&at->recv, region_of(c, c->recv, c->recv_blocks, first, count), in_place(c));
}

static tri_status move_piece(const tri_gpu_collective *c, slot *at, size_t count) {
    TRI_TRY(tri_view_ready(&at->send));
    TRI_TRY(tri_view_ready(&at->recv));
    TRI_TRY(tri_gpu_collective_call(c, in_place(c) ? MPI_IN_PLACE : at->send.data, at->recv.data, count));
    TRI_TRY(tri_view_close(&at->send, false));
    return tri_view_close(&at->recv, true);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static tri_status run_pieces(const tri_gpu_collective *c, slot slots[SLOTS], size_t piece) {
    TRI_TRY(open_piece(c, &slots[0], 0, least(piece, c->count)));
    for (size_t i = 0, first = 0; i == 0 || first < c->count; i++, first += piece) {
        size_t next = first + piece;
        if (next < c->count)
            TRI_TRY(open_piece(c, &slots[(i + 1) % SLOTS], next, least(piece, c->count - next)));
        TRI_TRY(move_piece(c, &slots[i % SLOTS], least(piece, c->count - first)));
    }
    return TRI_OK;
}

static tri_status run_views(const tri_gpu_collective *c, size_t piece) {
    slot slots[SLOTS] = {{.send = {0}}};
    tri_status status = run_pieces(c, slots, piece);
    for (int s = 0; s < SLOTS; s++) {
        tri_view_free(&slots[s].send);
        tri_view_free(&slots[s].recv);
    }
    return status;
}

/* ---- selection ---- */

/* Whether all, or any, of this rank's vectors are in the memory of one discrete device. */
static void remoteness(const tri_gpu_collective *c, bool *all, bool *any) {
    bool send = c->send_blocks && tri_span_is_remote(c->send),
         recv = c->recv_blocks && tri_span_is_remote(c->recv);
    *any = send || recv;
    *all = (send || !c->send_blocks) && (recv || !c->recv_blocks) &&
           (!send || !recv || c->send.buffer->gpu == c->recv.buffer->gpu);
}

tri_status tri_gpu_collective_run(const tri_gpu_collective *c) {
    int size = tri_comm_size(c->comm);
    bool vector = c->operation == TRI_BCAST || c->operation == TRI_REDUCE || c->operation == TRI_ALLREDUCE;
    size_t blocks = vector ? 1 : (size_t)size, most = TRI_GPU_PIECE_BYTES / each_of(c) / blocks;
    if (c->count <= most) return run_views(c, c->count);
    /* Ranks do not know each other's memory, and must all choose the same path. */
    bool all, any;
    remoteness(c, &all, &any);
    int ranks[2] = {all, any};
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, ranks, 2, MPI_INT, MPI_SUM, c->comm));
    /* Ranks of one node combine while they copy through shared memory. Between nodes, combining on the host
     * would be an additional step. */
    bool apart = size > 1 && tri_comm_shape(c->comm)->nodes == size;
    if (vector && c->operation != TRI_BCAST && ranks[0] == size && apart)
        return tri_gpu_collective_on_device(c);
    /* Blocks in host memory cannot be divided without a copy. */
    bool cut = vector ? ranks[1] > 0 : ranks[0] == size && most;
    return run_views(c, cut ? most : c->count);
}
