/* The collective calls on spans: argument checks, and synchronization with the devices. */
#include "trireme/gpu_collectives.h"

#include "gpu/collective_pieces.h"
#include "gpu/view.h"
#include "trireme/message.h"

static tri_status check_element(tri_gpu_element element) {
    if (tri_gpu_element_bytes(element)) return TRI_OK;
    return tri_fail(TRI_ERR_ARGUMENT, "invalid element type %d", (int)element);
}

static tri_status check_op(tri_gpu_element element, tri_gpu_op op) {
    bool real = element == TRI_GPU_DOUBLE || element == TRI_GPU_FLOAT;
    if ((unsigned)op < TRI_GPU_OP_COUNT && !(real && op >= TRI_GPU_AND)) return TRI_OK;
    return tri_fail(TRI_ERR_ARGUMENT, "operation %d does not apply to elements of type %d", (int)op,
                    (int)element);
}

/* ---- synchronization ---- */

static tri_status wait_before(const tri_gpu_when *when, const tri_gpu_buffer *buffer) {
    /* Earlier kernels must have written the send data and read the receive buffer. */
    if (!when || !when->after_count) return buffer ? tri_gpu_wait(buffer->gpu) : TRI_OK;
    for (size_t i = 0; i < when->after_count; i++)
        TRI_TRY(tri_gpu_event_wait(when->after[i]));
    return TRI_OK;
}

static tri_status begin(const tri_gpu_when *when, tri_gpu_span span, size_t count, tri_gpu_element element) {
    if (!span.buffer) return wait_before(when, NULL);
    TRI_TRY(tri_gpu_buffer_check(span.buffer, span.offset, count, tri_gpu_element_bytes(element)));
    return wait_before(when, span.buffer);
}

/* The last copies to the device, and the ends of mappings, may be pending. Later commands wait for them in
 * the queue, so the host does not wait, except for copies without an event in `when`. */
static tri_status end(const tri_gpu_when *when, tri_gpu_span send, tri_gpu_span recv) {
    tri_gpu *gpu = recv.buffer ? recv.buffer->gpu : send.buffer ? send.buffer->gpu : NULL;
    bool gives = when && when->done;
    if (send.buffer && send.buffer->gpu != gpu)
        TRI_TRY(tri_cl(send.buffer->gpu, clFinish(send.buffer->gpu->up), "unmapping a buffer"));
    cl_event event = NULL;
    if (gpu && !gives && tri_span_is_remote(recv))
        TRI_TRY(tri_cl(gpu, clFinish(gpu->up), "copying to the device"));
    else if (gpu) {
        TRI_TRY(tri_cl(gpu, clEnqueueMarkerWithWaitList(gpu->up, 0, NULL, &event), "recording an event"));
        clFlush(gpu->up);
        cl_int code = clEnqueueBarrierWithWaitList(gpu->queue, 1, &event, NULL);
        if (code != CL_SUCCESS || !gives) clReleaseEvent(event);
        TRI_TRY(tri_cl(gpu, code, "waiting for a copy"));
    }
    return gives ? tri_gpu_event_make(gpu, event, when->done) : TRI_OK;
}

static tri_status check_root(int root, tri_comm *comm) {
    if (root >= 0 && root < tri_comm_size(comm)) return TRI_OK;
    return tri_fail(TRI_ERR_ARGUMENT, "root %d is not in 0 ... %d - 1", root, tri_comm_size(comm));
}

static tri_status run(const tri_gpu_collective *c, const tri_gpu_when *when) {
    TRI_TRY(check_element(c->element));
    TRI_TRY(check_root(c->root, c->comm));
    if (c->send_blocks) TRI_TRY(begin(when, c->send, c->send_blocks * c->count, c->element));
    if (c->recv_blocks) TRI_TRY(begin(when, c->recv, c->recv_blocks * c->count, c->element));
    TRI_TRY(tri_gpu_collective_run(c));
    return end(when, c->send_blocks ? c->send : (tri_gpu_span){0},
               c->recv_blocks ? c->recv : (tri_gpu_span){0});
}

/* ---- the operations ---- */

tri_status tri_gpu_bcast(tri_gpu_span data, size_t count, tri_gpu_element element, int root,
                         const tri_gpu_when *when, tri_comm *comm) {
    bool is_root = tri_comm_rank(comm) == root;
    return run(&(tri_gpu_collective){TRI_BCAST, data, data, is_root, !is_root, count, element, TRI_GPU_SUM,
                                     root, comm},
               when);
}

tri_status tri_gpu_scatter(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                           int root, const tri_gpu_when *when, tri_comm *comm) {
    size_t all = tri_comm_rank(comm) == root ? (size_t)tri_comm_size(comm) : 0;
    return run(
        &(tri_gpu_collective){TRI_SCATTER, send, recv, all, 1, count, element, TRI_GPU_SUM, root, comm},
        when);
}

tri_status tri_gpu_gather(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                          int root, const tri_gpu_when *when, tri_comm *comm) {
    size_t all = tri_comm_rank(comm) == root ? (size_t)tri_comm_size(comm) : 0;
    return run(&(tri_gpu_collective){TRI_GATHER, send, recv, 1, all, count, element, TRI_GPU_SUM, root, comm},
               when);
}

tri_status tri_gpu_allgather(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                             const tri_gpu_when *when, tri_comm *comm) {
    size_t all = (size_t)tri_comm_size(comm);
    return run(&(tri_gpu_collective){TRI_ALLGATHER, send, recv, 1, all, count, element, TRI_GPU_SUM, 0, comm},
               when);
}

tri_status tri_gpu_alltoall(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                            const tri_gpu_when *when, tri_comm *comm) {
    size_t all = (size_t)tri_comm_size(comm);
    return run(
        &(tri_gpu_collective){TRI_ALLTOALL, send, recv, all, all, count, element, TRI_GPU_SUM, 0, comm},
        when);
}

tri_status tri_gpu_reduce(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                          tri_gpu_op op, int root, const tri_gpu_when *when, tri_comm *comm) {
    TRI_TRY(check_op(element, op));
    bool is_root = tri_comm_rank(comm) == root;
    return run(&(tri_gpu_collective){TRI_REDUCE, send, recv, 1, is_root, count, element, op, root, comm},
               when);
}

tri_status tri_gpu_allreduce(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                             tri_gpu_op op, const tri_gpu_when *when, tri_comm *comm) {
    TRI_TRY(check_op(element, op));
    return run(&(tri_gpu_collective){TRI_ALLREDUCE, send, recv, 1, 1, count, element, op, 0, comm}, when);
}

/* ---- exchange ---- */

typedef struct exchange {
    tri_gpu_span send, recv;
    size_t send_count, recv_count, piece; /* elements */
    int to, from, tag;
    tri_gpu_element element;
    tri_comm *comm;
    struct {
        tri_view send, recv;
    } slot[2];
} exchange;

/* The number of elements in piece i of `count` elements. */
static size_t piece_of(const exchange *e, size_t count, size_t i) {
    size_t first = i * e->piece;
    return first >= count ? 0 : count - first < e->piece ? count - first : e->piece;
}

static tri_status open_view(const exchange *e, tri_view *view, tri_gpu_span span, size_t count, size_t i,
                            bool read) {
    size_t each = tri_gpu_element_bytes(e->element), bytes = piece_of(e, count, i) * each;
    if (!bytes) return TRI_OK;
    return tri_view_open(
        view,
        (tri_view_region){
            .span = span, .each = each, .from = i * e->piece * each, .row_bytes = bytes, .rows = 1},
        read);
}

/* Each piece is one message. Sender and receiver of a message have the same number of pieces, whatever the
 * other neighbour has. */
static tri_status exchange_pieces(exchange *e) {
    size_t larger = e->send_count > e->recv_count ? e->send_count : e->recv_count,
           pieces = larger ? (larger - 1) / e->piece + 1 : 1;
    TRI_TRY(open_view(e, &e->slot[0].send, e->send, e->send_count, 0, true));
    for (size_t i = 0; i < pieces; i++) {
        tri_view *send = &e->slot[i % 2].send, *recv = &e->slot[i % 2].recv;
        size_t send_count = piece_of(e, e->send_count, i), recv_count = piece_of(e, e->recv_count, i);
        TRI_TRY(open_view(e, &e->slot[(i + 1) % 2].send, e->send, e->send_count, i + 1, true));
        TRI_TRY(open_view(e, recv, e->recv, e->recv_count, i, false));
        TRI_TRY(tri_view_ready(send));
        TRI_TRY(tri_view_ready(recv));
        TRI_TRY(tri_exchange(send->data, send_count, !i || send_count ? e->to : MPI_PROC_NULL, recv->data,
                             recv_count, !i || recv_count ? e->from : MPI_PROC_NULL,
                             tri_gpu_mpi_type(e->element), e->tag, e->comm));
        TRI_TRY(tri_view_close(send, false));
        TRI_TRY(tri_view_close(recv, recv_count > 0));
    }
    return TRI_OK;
}

tri_status tri_gpu_exchange(tri_gpu_span send, size_t send_count, int to, tri_gpu_span recv,
                            size_t recv_count, int from, tri_gpu_element element, int tag,
                            const tri_gpu_when *when, tri_comm *comm) {
    TRI_TRY(check_element(element));
    exchange e = {.send = send,
                  .recv = recv,
                  .send_count = to == MPI_PROC_NULL ? 0 : send_count,
                  .recv_count = from == MPI_PROC_NULL ? 0 : recv_count,
                  .piece = TRI_GPU_PIECE_BYTES / tri_gpu_element_bytes(element),
                  .to = to,
                  .from = from,
                  .tag = tag,
                  .element = element,
                  .comm = comm};
    if (e.send_count) TRI_TRY(begin(when, send, e.send_count, element));
    if (e.recv_count) TRI_TRY(begin(when, recv, e.recv_count, element));
    tri_status status = exchange_pieces(&e);
    for (int s = 0; s < 2; s++) {
        tri_view_free(&e.slot[s].send);
        tri_view_free(&e.slot[s].recv);
    }
    if (status != TRI_OK) return status;
    return end(when, e.send_count ? send : (tri_gpu_span){0}, e.recv_count ? recv : (tri_gpu_span){0});
}
