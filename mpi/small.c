/* Small collective operations by messages of the communicator's own, for what its ranks agree on. MPI's would
 * need a communicator of MPI's for each of ours: others of the same carrier may be in use meanwhile, by other
 * threads or by pending calls. */
#include <stdlib.h>

#include "mpi/comm.h"

/* On the stack up to this size. */
enum { ROOM = 2048 };

static tri_status exchange(const tri_peers *p, const void *send, int to, void *recv, int from, size_t bytes) {
    MPI_Request requests[2];
    int started = 0;
    if (from >= 0)
        TRI_TRY(tri_start_recv(recv, bytes, MPI_BYTE, tri_carried(p->ranks, from), p->tag, p->mpi,
                               &requests[started++]));
    if (to >= 0)
        TRI_TRY(tri_start_send(send, bytes, MPI_BYTE, tri_carried(p->ranks, to), p->tag, p->mpi,
                               &requests[started++]));
    return tri_wait_messages(p->family, started, requests, MPI_STATUSES_IGNORE);
}

/* A partial result, and room for that of a peer. */
typedef struct partial {
    void *data, *other;
    size_t count, bytes;
    MPI_Datatype type;
    MPI_Op op;
} partial;

static tri_status add(const tri_peers *p, const partial *x, int to, int from) {
    TRI_TRY(exchange(p, x->data, to, x->other, from, x->bytes));
    TRI_MPI(MPI_Reduce_local(x->other, x->data, (int)x->count, x->type, x->op));
    return TRI_OK;
}

/* Recursive doubling among the first ranks, as many as the largest power of two. Each of the others gives its
 * data to one of them before, and gets the result after it. */
static tri_status reduce(const tri_peers *p, const partial *x) {
    int core = 1, rank = p->rank;
    while (core <= p->size / 2)
        core *= 2;
    if (rank >= core) {
        TRI_TRY(exchange(p, x->data, rank - core, NULL, -1, x->bytes));
        return exchange(p, NULL, -1, x->data, rank - core, x->bytes);
    }
    int beyond = rank + core < p->size ? rank + core : -1;
    if (beyond >= 0) TRI_TRY(add(p, x, -1, beyond));
    for (int distance = 1; distance < core; distance *= 2)
        TRI_TRY(add(p, x, rank ^ distance, rank ^ distance));
    return beyond >= 0 ? exchange(p, x->data, beyond, NULL, -1, x->bytes) : TRI_OK;
}

tri_status tri_small_allreduce(const tri_peers *peers, void *data, size_t count, MPI_Datatype type,
                               MPI_Op op) {
    int size;
    TRI_MPI(MPI_Type_size(type, &size));
    partial x = {.data = data, .count = count, .bytes = count * (size_t)size, .type = type, .op = op};
    _Alignas(16) char room[ROOM];
    x.other = x.bytes <= ROOM ? room : malloc(x.bytes);
    if (!x.other) return tri_fail(TRI_ERR_MEMORY, "out of memory for an agreement on %zu bytes", x.bytes);
    tri_status status = reduce(peers, &x);
    if (x.other != room) free(x.other);
    return status;
}

tri_status tri_small_bcast(const tri_peers *p, void *data, size_t bytes, int root) {
    int virtual = (p->rank - root + p->size) % p->size, distance = 1;
    while (distance < p->size && !(virtual & distance))
        distance *= 2;
    if (virtual) TRI_TRY(exchange(p, NULL, -1, data, (virtual - distance + root) % p->size, bytes));
    for (distance /= 2; distance; distance /= 2)
        if (virtual + distance < p->size)
            TRI_TRY(exchange(p, data, (virtual + distance + root) % p->size, NULL, -1, bytes));
    return TRI_OK;
}

tri_peers tri_peers_of(const tri_comm *comm) {
    return (tri_peers){.mpi = comm->mpi,
                       .ranks = comm->ranks,
                       .rank = comm->rank,
                       .size = comm->size,
                       .tag = comm->first_tag + TRI_TAG_SMALL,
                       .family = comm->family};
}
