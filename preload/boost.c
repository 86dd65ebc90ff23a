/* The mode boost: calls done by this library's collectives.
 *
 * Whether a call is served depends on what is alike on all ranks: the communicator, the function, the size
 * class, the operation. What is wrong goes to the MPI library, which reports it as it always does. */
#include <string.h>

#include "preload/bits.h"
#include "preload/home.h"
#include "trireme/collectives.h"

/* ---- what kind of call ---- */

static int is_uneven(int function) {
    return function == TRI_MPI_Scatterv || function == TRI_MPI_Gatherv || function == TRI_MPI_Allgatherv ||
           function == TRI_MPI_Alltoallv || function == TRI_MPI_Alltoallw ||
           function == TRI_MPI_Reduce_scatter;
}

static int combines(int function) {
    return function >= TRI_MPI_Reduce;
}

/* Bytes of one element. MPI_Type_size would report a wrong type to the handler of MPI_COMM_WORLD. */
static int type_bytes(MPI_Datatype type, uint64_t *out) {
    MPI_Count bytes;
    if (type == MPI_DOUBLE) {
        *out = sizeof(double);
        return 1;
    }
    if (type == MPI_DATATYPE_NULL || PMPI_Type_size_x(type, &bytes) != MPI_SUCCESS || bytes < 0) return 0;
    *out = (uint64_t)bytes;
    return 1;
}

/* The bytes of the vector or of a block, which all ranks compute alike from the arguments that they have;
 * 0: the arguments are wrong. */
static int find_bytes(tri_mpi_call *c, const tri_home *h) {
    int function = c->function, at_root = tri_call_has_root(function) && c->root == h->rank;
    if (tri_call_has_root(function) && (c->root < 0 || c->root >= h->size)) return 0;
    c->bytes = 0;
    if (function == TRI_MPI_Barrier || is_uneven(function)) return 1;
    /* The block is known from the side that every rank has; at the root, from the one that it always has. */
    int by_send = (function == TRI_MPI_Scatter && at_root) || (function == TRI_MPI_Gather && !at_root);
    MPI_Count count = by_send ? c->send_count : c->recv_count;
    MPI_Datatype type = by_send ? c->send_type : c->recv_type;
    uint64_t size;
    if (count < 0 || !type_bytes(type, &size)) return 0;
    return !__builtin_mul_overflow((uint64_t)count, size, &c->bytes);
}

static int class_of(const tri_mpi_call *c) {
    if (is_uneven(c->function)) return TRI_CLASS_UNEVEN;
    return c->bytes ? 64 - __builtin_clzll(c->bytes) : 0;
}

/* Buffers that MPI libraries judge in their own ways: NULL with data of a predefined type, MPI_IN_PLACE where
 * it has no meaning, one buffer for both sides. */
static int has_odd_buffers(const tri_mpi_call *c, const tri_home *h) {
    int f = c->function;
    if (!c->bytes) return 0;
    if (f == TRI_MPI_Bcast) return c->recv == MPI_IN_PLACE || (!c->recv && tri_is_predefined(c->recv_type));
    int sends = f != TRI_MPI_Scatter || c->root == h->rank,
        receives = (f != TRI_MPI_Gather && f != TRI_MPI_Reduce) || c->root == h->rank;
    int predefined = tri_is_predefined(c->recv_type);
    if (receives && c->recv == MPI_IN_PLACE && f != TRI_MPI_Scatter) return 1;
    if (receives && !c->recv && predefined) return 1;
    if (sends && !c->send && (combines(f) ? predefined : tri_is_predefined(c->send_type))) return 1;
#ifndef OPEN_MPI
    if (sends && receives && c->send == c->recv && c->send) return 1;
#endif
    return 0;
}

/* ---- counts and displacements in this library's types ---- */

static int read_counts(const tri_mpi_call *c, const void *from, int size, size_t *out) {
    for (int i = 0; i < size; i++) {
        MPI_Count count = c->large ? ((const MPI_Count *)from)[i] : ((const int *)from)[i];
        if (count < 0) return 0;
        out[i] = (size_t)count;
    }
    return 1;
}

static void read_displs(const tri_mpi_call *c, const void *from, int size, ptrdiff_t *out) {
    for (int i = 0; i < size; i++)
        out[i] = c->large ? (ptrdiff_t)((const MPI_Aint *)from)[i] : ((const int *)from)[i];
}

/* Those of the sides that this rank has. */
static int read_blocks(const tri_mpi_call *c, tri_home *h) {
    int at_root = !tri_call_has_root(c->function) || c->root == h->rank;
    int sends = c->send_counts && at_root && c->send != MPI_IN_PLACE, receives = c->recv_counts && at_root;
    if (sends && !read_counts(c, c->send_counts, h->size, h->counts[0])) return 0;
    if (sends) read_displs(c, c->send_displs, h->size, h->displs[0]);
    if (receives && !read_counts(c, c->recv_counts, h->size, h->counts[1])) return 0;
    if (receives && c->recv_displs) read_displs(c, c->recv_displs, h->size, h->displs[1]);
    /* A type of a block without data is not read. */
    for (int i = 0; i < h->size && sends && c->send_types; i++)
        if (h->counts[0][i] && c->send_types[i] == MPI_DATATYPE_NULL) return 0;
    return 1;
}

/* ---- the calls ---- */

static tri_status call_equal(const tri_mpi_call *c, tri_comm *comm) {
    size_t send_count = (size_t)c->send_count, count = (size_t)c->recv_count;
    MPI_Datatype type = c->recv_type;
    switch ((tri_mpi_function)c->function) {
    case TRI_MPI_Barrier:
        return tri_barrier(comm);
    case TRI_MPI_Bcast:
        return tri_bcast(c->recv, count, type, c->root, comm);
    case TRI_MPI_Scatter:
        return tri_scatter(c->send, send_count, c->send_type, c->recv, count, type, c->root, comm);
    case TRI_MPI_Gather:
        return tri_gather(c->send, send_count, c->send_type, c->recv, count, type, c->root, comm);
    case TRI_MPI_Allgather:
        return tri_allgather(c->send, send_count, c->send_type, c->recv, count, type, comm);
    case TRI_MPI_Alltoall:
        return tri_alltoall(c->send, send_count, c->send_type, c->recv, count, type, comm);
    case TRI_MPI_Reduce:
        return tri_reduce(c->send, c->recv, count, type, c->op, c->root, comm);
    case TRI_MPI_Allreduce:
        return tri_allreduce(c->send, c->recv, count, type, c->op, comm);
    case TRI_MPI_Reduce_scatter_block:
        return tri_reduce_scatter_block(c->send, c->recv, count, type, c->op, comm);
    case TRI_MPI_Scan:
        return tri_scan(c->send, c->recv, count, type, c->op, comm);
    case TRI_MPI_Exscan:
        return tri_exscan(c->send, c->recv, count, type, c->op, comm);
    default:
        return tri_fail(TRI_ERR_ARGUMENT, "not a function with equal blocks");
    }
}

static tri_status call_uneven(const tri_mpi_call *c, tri_home *h) {
    const size_t *sends = h->counts[0], *gets = h->counts[1];
    const ptrdiff_t *from = h->displs[0], *to = h->displs[1];
    size_t send_count = (size_t)c->send_count, count = (size_t)c->recv_count;
    if (c->send_count < 0 || c->recv_count < 0 || !read_blocks(c, h))
        return tri_fail(TRI_ERR_ARGUMENT, "a count is negative");
    switch ((tri_mpi_function)c->function) {
    case TRI_MPI_Scatterv:
        return tri_scatterv(c->send, sends, from, c->send_type, c->recv, count, c->recv_type, c->root,
                            h->comm);
    case TRI_MPI_Gatherv:
        return tri_gatherv(c->send, send_count, c->send_type, c->recv, gets, to, c->recv_type, c->root,
                           h->comm);
    case TRI_MPI_Allgatherv:
        return tri_allgatherv(c->send, send_count, c->send_type, c->recv, gets, to, c->recv_type, h->comm);
    case TRI_MPI_Alltoallv:
        return tri_alltoallv(c->send, sends, from, c->send_type, c->recv, gets, to, c->recv_type, h->comm);
    case TRI_MPI_Alltoallw:
        return tri_alltoallw(c->send, sends, from, c->send_types, c->recv, gets, to, c->recv_types, h->comm);
    case TRI_MPI_Reduce_scatter:
        return tri_reduce_scatter(c->send, c->recv, gets, c->recv_type, c->op, h->comm);
    default:
        return tri_fail(TRI_ERR_ARGUMENT, "not a function with blocks of different lengths");
    }
}

/* MPI's error class for a call that failed with messages in flight. */
static int raise_error(tri_status status, MPI_Comm mpi) {
    int code = status == TRI_ERR_MEMORY ? MPI_ERR_NO_MEM : MPI_ERR_OTHER;
    tri_say("a collective call failed: %s", tri_error_text());
    PMPI_Comm_call_errhandler(mpi, code);
    return code;
}

/* Why the MPI library has to do the call; or TRI_WHY_SERVED. */
static tri_why look_at(tri_mpi_call *c, tri_home *h, int *in_order) {
    if (!find_bytes(c, h)) return TRI_WHY_ARGUMENT;
    if (!h || !h->comm) return TRI_WHY_COMMUNICATOR;
    if (c->form != TRI_MPI_BLOCKING) return TRI_WHY_FORM;
    if (!(h->served[c->function] >> class_of(c) & 1)) return TRI_WHY_CLASS;
    if (combines(c->function) && tri_setting.bits != TRI_BITS_ANY && !tri_has_same_bits(h, c)) {
        if (tri_setting.bits == TRI_BITS_SAME) return TRI_WHY_BITS;
        *in_order = 1;
    }
    return has_odd_buffers(c, h) ? TRI_WHY_ARGUMENT : TRI_WHY_SERVED;
}

int tri_boost(tri_mpi_call *c, int *result) {
    tri_home *h = tri_home_of(c->comm);
    int in_order = 0;
    c->why = TRI_WHY_COMMUNICATOR;
    if (!h) return 0;
    c->why = (unsigned char)look_at(c, h, &in_order);
    if (c->why != TRI_WHY_SERVED) return 0;
    tri_status status = in_order                 ? tri_combine_in_order(c, h)
                        : is_uneven(c->function) ? call_uneven(c, h)
                                                 : call_equal(c, h->comm);
    *result = MPI_SUCCESS;
    if (status == TRI_OK) return 1;
    /* Nothing has been sent: the MPI library finds the error, too, and reports it. */
    c->why = TRI_WHY_ARGUMENT;
    if (status == TRI_ERR_ARGUMENT) return 0;
    *result = raise_error(status, c->comm);
    return 1;
}
