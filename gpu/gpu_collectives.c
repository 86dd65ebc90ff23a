#include "trireme/gpu_collectives.h"

#include "gpu/view.h"
#include "trireme/message.h"

/* Vectors that are combined or broadcast go in pieces of this size. It is the same on every rank, whatever its
 * memory, since each piece is a collective operation. Shorter vectors gain nothing from pieces. */
enum { PIECE_BYTES = 1 << 24 };

static MPI_Datatype type_of(tri_gpu_element element) {
    switch (element) {
    case TRI_GPU_DOUBLE:
        return MPI_DOUBLE;
    case TRI_GPU_FLOAT:
        return MPI_FLOAT;
    case TRI_GPU_INT32:
        return MPI_INT32_T;
    case TRI_GPU_INT64:
        return MPI_INT64_T;
    case TRI_GPU_UINT32:
        return MPI_UINT32_T;
    case TRI_GPU_UINT64:
        return MPI_UINT64_T;
    default:
        return MPI_DATATYPE_NULL;
    }
}

static MPI_Op op_of(tri_gpu_op op) {
    switch (op) {
    case TRI_GPU_SUM:
        return MPI_SUM;
    case TRI_GPU_PRODUCT:
        return MPI_PROD;
    case TRI_GPU_MIN:
        return MPI_MIN;
    case TRI_GPU_MAX:
        return MPI_MAX;
    case TRI_GPU_AND:
        return MPI_BAND;
    case TRI_GPU_OR:
        return MPI_BOR;
    case TRI_GPU_XOR:
        return MPI_BXOR;
    default:
        return MPI_OP_NULL;
    }
}

static tri_status check_element(tri_gpu_element element) {
    if (tri_gpu_element_bytes(element)) return TRI_OK;
    return tri_fail(TRI_ERR_ARGUMENT, "there is no element type %d", (int)element);
}

/* Kernels that were queued before must have written what is to be sent, and read what is to be overwritten. */
static tri_status begin(tri_gpu_span span, size_t count, tri_gpu_element element, bool used) {
    if (!used || !span.buffer) return TRI_OK;
    TRI_TRY(tri_gpu_buffer_check(span.buffer, span.offset, count, tri_gpu_element_bytes(element)));
    return tri_gpu_wait(span.buffer->gpu);
}

static bool same(tri_gpu_span a, tri_gpu_span b) {
    return a.buffer == b.buffer && a.offset == b.offset && (a.buffer || a.host == b.host);
}

/* ---- vectors in pieces ---- */

typedef struct vector {
    tri_gpu_span send, recv;
    bool sends, receives; /* this rank, in this operation */
    size_t count;
    tri_gpu_element element;
    tri_operation operation;
    MPI_Op op;
    int root;
} vector;

/* A piece on its way. */
typedef struct slot {
    tri_view send, recv;
} slot;

static bool in_place(const vector *v) {
    return v->sends && v->receives && same(v->send, v->recv);
}

static size_t piece_count(const vector *v, size_t piece) {
    size_t most = PIECE_BYTES / tri_gpu_element_bytes(v->element), first = piece * most;
    return v->count - first < most ? v->count - first : most;
}

static tri_status open_piece(const vector *v, slot *at, size_t piece) {
    size_t each = tri_gpu_element_bytes(v->element), from = piece * (PIECE_BYTES / each) * each,
           bytes = piece_count(v, piece) * each;
    if (v->sends && !in_place(v)) TRI_TRY(tri_view_open(&at->send, v->send, each, from, bytes, true));
    return v->receives ? tri_view_open(&at->recv, v->recv, each, from, bytes, in_place(v)) : TRI_OK;
}

static tri_status move_piece(const vector *v, slot *at, size_t piece, tri_comm *comm) {
    TRI_TRY(tri_view_ready(&at->send));
    TRI_TRY(tri_view_ready(&at->recv));
    size_t count = piece_count(v, piece);
    MPI_Datatype type = type_of(v->element);
    const void *from = in_place(v) ? MPI_IN_PLACE : at->send.data;
    if (v->operation == TRI_BCAST)
        TRI_TRY(tri_bcast(v->sends ? at->send.data : at->recv.data, count, type, v->root, comm));
    else if (v->operation == TRI_REDUCE)
        TRI_TRY(tri_reduce(from, at->recv.data, count, type, v->op, v->root, comm));
    else
        TRI_TRY(tri_allreduce(from, at->recv.data, count, type, v->op, comm));
    TRI_TRY(tri_view_close(&at->send, false));
    return tri_view_close(&at->recv, true);
}

static tri_status run_pieces(const vector *v, slot slots[2], tri_comm *comm) {
    size_t most = PIECE_BYTES / tri_gpu_element_bytes(v->element),
           pieces = v->count ? (v->count - 1) / most + 1 : 1;
    TRI_TRY(open_piece(v, &slots[0], 0));
    for (size_t i = 0; i < pieces; i++) {
        /* The next piece starts on its way to the host while this one is in the network. */
        if (i + 1 < pieces) TRI_TRY(open_piece(v, &slots[(i + 1) % 2], i + 1));
        TRI_TRY(move_piece(v, &slots[i % 2], i, comm));
    }
    TRI_TRY(tri_view_wait(&slots[0].recv));
    return tri_view_wait(&slots[1].recv);
}

static tri_status run_vector(const vector *v, tri_comm *comm) {
    slot slots[2] = {{.send = {0}}};
    tri_status status = run_pieces(v, slots, comm);
    for (int s = 0; s < 2; s++) {
        tri_view_free(&slots[s].send);
        tri_view_free(&slots[s].recv);
    }
    return status;
}

static tri_status start_vector(const vector *v, tri_comm *comm) {
    TRI_TRY(check_element(v->element));
    if (v->root < 0 || v->root >= tri_comm_size(comm))
        return tri_fail(TRI_ERR_ARGUMENT, "there is no rank %d: the root must be one of %d", v->root,
                        tri_comm_size(comm));
    bool real = v->element == TRI_GPU_DOUBLE || v->element == TRI_GPU_FLOAT;
    if (v->operation != TRI_BCAST &&
        (v->op == MPI_OP_NULL || (real && (v->op == MPI_BAND || v->op == MPI_BOR || v->op == MPI_BXOR))))
        return tri_fail(TRI_ERR_ARGUMENT, "not an operation for elements of type %d", (int)v->element);
    TRI_TRY(begin(v->send, v->count, v->element, v->sends));
    TRI_TRY(begin(v->recv, v->count, v->element, v->receives));
    return run_vector(v, comm);
}

tri_status tri_gpu_bcast(tri_gpu_span data, size_t count, tri_gpu_element element, int root, tri_comm *comm) {
    bool is_root = tri_comm_rank(comm) == root;
    return start_vector(&(vector){.send = data,
                                  .recv = data,
                                  .sends = is_root,
                                  .receives = !is_root,
                                  .count = count,
                                  .element = element,
                                  .operation = TRI_BCAST,
                                  .root = root},
                        comm);
}

tri_status tri_gpu_reduce(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                          tri_gpu_op op, int root, tri_comm *comm) {
    return start_vector(&(vector){.send = send,
                                  .recv = recv,
                                  .sends = true,
                                  .receives = tri_comm_rank(comm) == root,
                                  .count = count,
                                  .element = element,
                                  .operation = TRI_REDUCE,
                                  .op = op_of(op),
                                  .root = root},
                        comm);
}

tri_status tri_gpu_allreduce(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                             tri_gpu_op op, tri_comm *comm) {
    return start_vector(&(vector){.send = send,
                                  .recv = recv,
                                  .sends = true,
                                  .receives = true,
                                  .count = count,
                                  .element = element,
                                  .operation = TRI_ALLREDUCE,
                                  .op = op_of(op)},
                        comm);
}

/* ---- blocks, whole ---- */

typedef struct blocks {
    tri_gpu_span send, recv;
    size_t send_count, recv_count; /* of all blocks; 0 where this rank has none */
    tri_gpu_element element;
    tri_view from, to;
} blocks;

static tri_status open_blocks(blocks *b) {
    size_t each = tri_gpu_element_bytes(b->element);
    TRI_TRY(begin(b->send, b->send_count, b->element, b->send_count > 0));
    TRI_TRY(begin(b->recv, b->recv_count, b->element, b->recv_count > 0));
    if (b->send_count) TRI_TRY(tri_view_open(&b->from, b->send, each, 0, b->send_count * each, true));
    if (b->recv_count) TRI_TRY(tri_view_open(&b->to, b->recv, each, 0, b->recv_count * each, false));
    return tri_view_ready(&b->from);
}

static tri_status close_blocks(blocks *b, tri_status status) {
    if (status == TRI_OK) status = tri_view_close(&b->from, false);
    if (status == TRI_OK) status = tri_view_close(&b->to, true);
    if (status == TRI_OK) status = tri_view_wait(&b->to);
    tri_view_free(&b->from);
    tri_view_free(&b->to);
    return status;
}

tri_status tri_gpu_scatter(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                           int root, tri_comm *comm) {
    TRI_TRY(check_element(element));
    size_t all = tri_comm_rank(comm) == root ? (size_t)tri_comm_size(comm) * count : 0;
    blocks b = {.send = send, .recv = recv, .send_count = all, .recv_count = count, .element = element};
    tri_status status = open_blocks(&b);
    MPI_Datatype type = type_of(element);
    if (status == TRI_OK) status = tri_scatter(b.from.data, count, type, b.to.data, count, type, root, comm);
    return close_blocks(&b, status);
}

tri_status tri_gpu_gather(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                          int root, tri_comm *comm) {
    TRI_TRY(check_element(element));
    size_t all = tri_comm_rank(comm) == root ? (size_t)tri_comm_size(comm) * count : 0;
    blocks b = {.send = send, .recv = recv, .send_count = count, .recv_count = all, .element = element};
    tri_status status = open_blocks(&b);
    MPI_Datatype type = type_of(element);
    if (status == TRI_OK) status = tri_gather(b.from.data, count, type, b.to.data, count, type, root, comm);
    return close_blocks(&b, status);
}

tri_status tri_gpu_allgather(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                             tri_comm *comm) {
    TRI_TRY(check_element(element));
    size_t all = (size_t)tri_comm_size(comm) * count;
    blocks b = {.send = send, .recv = recv, .send_count = count, .recv_count = all, .element = element};
    tri_status status = open_blocks(&b);
    MPI_Datatype type = type_of(element);
    if (status == TRI_OK) status = tri_allgather(b.from.data, count, type, b.to.data, count, type, comm);
    return close_blocks(&b, status);
}

tri_status tri_gpu_alltoall(tri_gpu_span send, tri_gpu_span recv, size_t count, tri_gpu_element element,
                            tri_comm *comm) {
    TRI_TRY(check_element(element));
    size_t all = (size_t)tri_comm_size(comm) * count;
    blocks b = {.send = send, .recv = recv, .send_count = all, .recv_count = all, .element = element};
    tri_status status = open_blocks(&b);
    MPI_Datatype type = type_of(element);
    if (status == TRI_OK) status = tri_alltoall(b.from.data, count, type, b.to.data, count, type, comm);
    return close_blocks(&b, status);
}

tri_status tri_gpu_exchange(tri_gpu_span send, size_t send_count, int to, tri_gpu_span recv,
                            size_t recv_count, int from, tri_gpu_element element, int tag, tri_comm *comm) {
    TRI_TRY(check_element(element));
    blocks b = {.send = send,
                .recv = recv,
                .send_count = to == MPI_PROC_NULL ? 0 : send_count,
                .recv_count = from == MPI_PROC_NULL ? 0 : recv_count,
                .element = element};
    tri_status status = open_blocks(&b);
    if (status == TRI_OK)
        status = tri_exchange(b.from.data, b.send_count, to, b.to.data, b.recv_count, from, type_of(element),
                              tag, comm);
    return close_blocks(&b, status);
}
