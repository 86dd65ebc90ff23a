/* How many bytes a call gives away, and to whom. */
#include "preload/profile.h"

enum { TYPES = 256 };

/* MPI's own types: their handles never get another meaning. Written at the start, then only read. */
static struct {
    MPI_Datatype type;
    int known;
    uint64_t bytes;
} table[TYPES];

static size_t first_of(MPI_Datatype type) {
    uint64_t bits = (uint64_t)(uintptr_t)type;
    return (bits ^ bits >> 4 ^ bits >> 9) % TYPES;
}

void tri_profile_bytes_begin(void) {
    const MPI_Datatype all[] = {MPI_CHAR,
                                MPI_SHORT,
                                MPI_INT,
                                MPI_LONG,
                                MPI_LONG_LONG,
                                MPI_UNSIGNED_CHAR,
                                MPI_UNSIGNED_SHORT,
                                MPI_UNSIGNED,
                                MPI_UNSIGNED_LONG,
                                MPI_UNSIGNED_LONG_LONG,
                                MPI_SIGNED_CHAR,
                                MPI_FLOAT,
                                MPI_DOUBLE,
                                MPI_LONG_DOUBLE,
                                MPI_BYTE,
                                MPI_PACKED,
                                MPI_INT8_T,
                                MPI_INT16_T,
                                MPI_INT32_T,
                                MPI_INT64_T,
                                MPI_UINT8_T,
                                MPI_UINT16_T,
                                MPI_UINT32_T,
                                MPI_UINT64_T,
                                MPI_AINT,
                                MPI_COUNT,
                                MPI_OFFSET,
                                MPI_C_BOOL,
                                MPI_C_DOUBLE_COMPLEX,
                                MPI_C_FLOAT_COMPLEX,
                                MPI_INTEGER,
                                MPI_REAL,
                                MPI_LOGICAL,
                                MPI_CHARACTER,
                                MPI_DOUBLE_PRECISION,
                                MPI_COMPLEX,
                                MPI_DOUBLE_COMPLEX,
                                MPI_DOUBLE_INT,
                                MPI_2INT,
                                MPI_2DOUBLE_PRECISION,
                                MPI_INTEGER4,
                                MPI_INTEGER8,
                                MPI_REAL4,
                                MPI_REAL8};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int bytes;
        size_t at = first_of(all[i]);
        if (all[i] == MPI_DATATYPE_NULL || PMPI_Type_size(all[i], &bytes) != MPI_SUCCESS) continue;
        while (table[at].known && table[at].type != all[i])
            at = (at + 1) % TYPES;
        table[at].type = all[i];
        table[at].bytes = (uint64_t)bytes;
        table[at].known = 1;
    }
}

static uint64_t size_of(MPI_Datatype type) {
    MPI_Count bytes;
    for (size_t at = first_of(type); table[at].known; at = (at + 1) % TYPES)
        if (table[at].type == type) return table[at].bytes;
    /* A type that is wrong would end the program here, and not in the call. */
    if (type == MPI_DATATYPE_NULL || PMPI_Type_size_x(type, &bytes) != MPI_SUCCESS || bytes < 0) return 0;
    return (uint64_t)bytes;
}

static uint64_t product(MPI_Count count, MPI_Datatype type) {
    return count > 0 ? (uint64_t)count * size_of(type) : 0;
}

static uint64_t count_at(const tri_mpi_call *call, const void *counts, int rank) {
    MPI_Count count = call->large ? ((const MPI_Count *)counts)[rank] : ((const int *)counts)[rank];
    return count > 0 ? (uint64_t)count : 0;
}

static void send_to(const profile_comm *c, int rank, uint64_t bytes) {
    if (!c || !c->world || rank < 0 || rank >= c->size || c->world[rank] < 0) return;
    profile_peer *peer = &tri_profiled.peers[c->world[rank]];
    peer->sent_bytes += bytes;
    peer->sent_messages++;
}

static void got_from(const profile_comm *c, int rank, uint64_t bytes) {
    if (!c || !c->world || rank < 0 || rank >= c->size || rank == c->rank || c->world[rank] < 0) return;
    tri_profiled.peers[c->world[rank]].got_bytes += bytes;
}

/* Blocks of one length to all: the matrix gets them later, in one go. */
static void send_to_each(profile_comm *c, uint64_t bytes) {
    enum { CALLS = 64 };
    if (!c) return;
    c->to_each += bytes;
    if (++c->to_calls >= CALLS) tri_profile_comm_flush(c);
}

static uint64_t send_counts(const tri_mpi_call *call, const profile_comm *c) {
    uint64_t sum = 0, bytes = call->send_types ? 0 : size_of(call->send_type);
    for (int r = 0; call->send_counts && r < c->size; r++) {
        uint64_t block =
            count_at(call, call->send_counts, r) * (call->send_types ? size_of(call->send_types[r]) : bytes);
        if (block && call->function != TRI_MPI_Scatterv) send_to(c, r, block);
        sum += block;
    }
    return sum;
}

static uint64_t collective(const tri_mpi_call *call, profile_comm *c, uint64_t *sent) {
    const int in_place = call->send == MPI_IN_PLACE, size = c ? c->size : 0;
    const int at_root = c && call->root == c->rank;
    uint64_t block;
    switch (call->function) {
    case TRI_MPI_Barrier:
        return 0;
    case TRI_MPI_Bcast:
        block = product(call->recv_count, call->recv_type);
        if (at_root) *sent = block;
        if (!at_root) got_from(c, call->root, block);
        return block;
    case TRI_MPI_Scatter:
        block =
            at_root ? product(call->send_count, call->send_type) : product(call->recv_count, call->recv_type);
        if (at_root) *sent = block * (uint64_t)size;
        if (!at_root) got_from(c, call->root, block);
        return block;
    case TRI_MPI_Scatterv:
        block = product(call->recv_count, call->recv_type);
        if (!at_root) got_from(c, call->root, block);
        if (at_root) block = *sent = send_counts(call, c);
        return block;
    case TRI_MPI_Gather:
    case TRI_MPI_Gatherv:
        if (at_root) return call->function == TRI_MPI_Gather ? product(call->recv_count, call->recv_type) : 0;
        *sent = product(call->send_count, call->send_type);
        send_to(c, call->root, *sent);
        return *sent;
    case TRI_MPI_Allgather:
    case TRI_MPI_Alltoall:
        block = in_place ? product(call->recv_count, call->recv_type)
                         : product(call->send_count, call->send_type);
        *sent = call->function == TRI_MPI_Alltoall ? block * (uint64_t)size : block;
        send_to_each(c, block);
        return block;
    case TRI_MPI_Allgatherv:
        block = in_place && c ? count_at(call, call->recv_counts, c->rank) * size_of(call->recv_type)
                              : product(in_place ? 0 : call->send_count, call->send_type);
        send_to_each(c, block);
        return *sent = block;
    case TRI_MPI_Alltoallv:
    case TRI_MPI_Alltoallw:
        return *sent = c && !in_place ? send_counts(call, c) : 0;
    case TRI_MPI_Reduce:
        *sent = product(call->recv_count, call->recv_type);
        if (!at_root) send_to(c, call->root, *sent);
        return *sent;
    case TRI_MPI_Reduce_scatter: {
        uint64_t count = 0;
        for (int r = 0; r < size && call->recv_counts; r++)
            count += count_at(call, call->recv_counts, r);
        return *sent = count * size_of(call->recv_type);
    }
    case TRI_MPI_Reduce_scatter_block:
        return *sent = product(call->recv_count, call->recv_type) * (uint64_t)size;
    default:
        return *sent = product(call->recv_count, call->recv_type);
    }
}

uint64_t tri_profile_bytes(const tri_mpi_call *call, profile_comm *comm, uint64_t *sent) {
    *sent = 0;
    switch (call->kind) {
    case TRI_CALL_COLLECTIVE:
        return collective(call, comm, sent);
    case TRI_CALL_SEND:
    case TRI_CALL_SENDRECV: {
        uint64_t bytes = product(call->send_count, call->send_type);
        if (call->peer == MPI_PROC_NULL) return 0;
        /* A persistent request sends when it is started. */
        if (call->kind == TRI_CALL_SEND && call->form == TRI_MPI_PERSISTENT) return bytes;
        send_to(comm, call->peer, bytes);
        return *sent = bytes;
    }
    case TRI_CALL_RECV:
    case TRI_CALL_MATCHED:
        return product(call->recv_count, call->recv_type);
    case TRI_CALL_ACCESS:
    case TRI_CALL_FILE:
    case TRI_CALL_FILE_ALL:
        if (!call->send) return product(call->recv_count, call->recv_type);
        return *sent = product(call->send_count, call->send_type);
    case TRI_CALL_NEIGHBOUR:
        return *sent = product(call->send_count, call->send_type);
    default:
        return 0;
    }
}

/* ---- requests ---- */

enum { REQUESTS = 1024, PROBES = 8 };
static profile_request requests[REQUESTS];

static size_t place_of(MPI_Request handle) {
    uint64_t bits = (uint64_t)(uintptr_t)handle;
    return (size_t)((bits ^ bits >> 5 ^ bits >> 12) * 31);
}

/* A handle that comes again replaces what it was; where there is no place the first one is forgotten. */
void tri_profile_request_add(const profile_request *request) {
    size_t first = place_of(request->handle), at = first;
    for (size_t probe = 0; probe < PROBES; probe++) {
        profile_request *r = &requests[(first + probe) % REQUESTS];
        if (r->handle == request->handle || !r->handle) {
            at = first + probe;
            break;
        }
    }
    requests[at % REQUESTS] = *request;
}

const profile_request *tri_profile_request_of(MPI_Request handle) {
    size_t first = place_of(handle);
    for (size_t probe = 0; probe < PROBES; probe++) {
        const profile_request *r = &requests[(first + probe) % REQUESTS];
        if (r->handle == handle) return r;
        if (!r->handle) break;
    }
    return NULL;
}
