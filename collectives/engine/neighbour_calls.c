/* tri_neighbour_allgather(), tri_neighbour_alltoall() and their v- and w-forms, blocking, nonblocking and
 * persistent. */
#include <stdlib.h>

#include "collectives/engine/arguments.h"
#include "collectives/engine/neighbour.h"
#include "collectives/engine/schedule.h"

/* ---- Arguments ---- */

static void move(tri_arguments *a, tri_neighbours *n, int same, int uneven) {
    tri_arguments_clear(a);
    a->spec.operation = TRI_ALLTOALL;
    a->spec.type = MPI_BYTE;
    a->spec.type_bytes = a->spec.unit_bytes = 1;
    a->spec.uneven = uneven;
    a->spec.commutes = 1;
    a->spec.bytes = 0;
    a->stores = 1;
    /* Unpacking writes the blocks that nobody sends, too. */
    a->loads = n->incomplete;
    a->neighbours = n;
    a->same = same;
}

static void side(tri_side *out, const void *user, size_t count, MPI_Datatype type, int blocks) {
    tri_side_init(out, user, type, blocks);
    out->count = count;
}

static void uneven_side(tri_side *out, const void *user, const size_t *counts, const ptrdiff_t *displs,
                        MPI_Datatype type, const MPI_Datatype *types, int blocks) {
    tri_side_init(out, user, type, blocks);
    out->counts = counts;
    out->displs = displs;
    out->types = types;
}

/* The bytes of a block of a rank that has it on one of its sides. */
static tri_status set_block(tri_arguments *a, size_t count, MPI_Datatype type) {
    size_t size;
    TRI_TRY(tri_type_bytes(type, &size));
    return tri_count_bytes(count, size, &a->call.count);
}

static tri_status allgather(tri_arguments *a, const void *send, size_t send_count, MPI_Datatype send_type,
                            void *recv, size_t recv_count, MPI_Datatype recv_type, tri_neighbours *n) {
    size_t size;
    move(a, n, 1, 0);
    side(&a->send, send, send_count, send_type, 1);
    side(&a->recv, recv, recv_count, recv_type, n->sources);
    TRI_TRY(tri_type_bytes(recv_type, &size));
    return set_block(a, send_count, send_type);
}

static tri_status allgatherv(tri_arguments *a, const void *send, size_t send_count, MPI_Datatype send_type,
                             void *recv, const size_t *recv_counts, const ptrdiff_t *recv_displs,
                             MPI_Datatype recv_type, tri_neighbours *n) {
    move(a, n, 1, 1);
    side(&a->send, send, send_count, send_type, 1);
    uneven_side(&a->recv, recv, recv_counts, recv_displs, recv_type, NULL, n->sources);
    return set_block(a, send_count, send_type);
}

static tri_status alltoall(tri_arguments *a, const void *send, size_t send_count, MPI_Datatype send_type,
                           void *recv, size_t recv_count, MPI_Datatype recv_type, tri_neighbours *n) {
    size_t size;
    move(a, n, 0, 0);
    side(&a->send, send, send_count, send_type, n->destinations);
    side(&a->recv, recv, recv_count, recv_type, n->sources);
    TRI_TRY(tri_type_bytes(recv_type, &size));
    return set_block(a, send_count, send_type);
}

static tri_status alltoallv(tri_arguments *a, const void *send, const size_t *send_counts,
                            const ptrdiff_t *send_displs, MPI_Datatype send_type, void *recv,
                            const size_t *recv_counts, const ptrdiff_t *recv_displs, MPI_Datatype recv_type,
                            tri_neighbours *n) {
    move(a, n, 0, 1);
    uneven_side(&a->send, send, send_counts, send_displs, send_type, NULL, n->destinations);
    uneven_side(&a->recv, recv, recv_counts, recv_displs, recv_type, NULL, n->sources);
    return TRI_OK;
}

static tri_status alltoallw(tri_arguments *a, const void *send, const size_t *send_counts,
                            const ptrdiff_t *send_displs, const MPI_Datatype *send_types, void *recv,
                            const size_t *recv_counts, const ptrdiff_t *recv_displs,
                            const MPI_Datatype *recv_types, tri_neighbours *n) {
    move(a, n, 0, 1);
    uneven_side(&a->send, send, send_counts, send_displs, MPI_BYTE, send_types, n->destinations);
    uneven_side(&a->recv, recv, recv_counts, recv_displs, MPI_BYTE, recv_types, n->sources);
    return TRI_OK;
}

/* ---- Execution ---- */

static tri_status exchange_directly(tri_context *c, const tri_neighbours *n, const tri_call *call, int same) {
    for (int i = 0; i < n->sources; i++) {
        int b = n->order[i];
        if (n->source[b] != MPI_PROC_NULL)
            TRI_TRY(tri_do_recv(c, tri_recv_block(c, call, b), tri_recv_count(c, call, b), n->source[b]));
    }
    for (int b = 0; b < n->destinations; b++) {
        const void *from = same ? call->send : tri_send_block(c, call, b);
        size_t count = same ? call->count : tri_send_count(c, call, b);
        if (n->destination[b] != MPI_PROC_NULL) TRI_TRY(tri_do_send(c, from, count, n->destination[b]));
    }
    return tri_do_wait(c);
}

/* Units of scratch. Sets the way of the call. */
static size_t choose(const tri_arguments *a) {
    tri_neighbours *n = a->neighbours;
    n->last = TRI_NEIGHBOURS_DIRECT;
    if (a->spec.uneven) return 0;
    const tri_neighbours_choice *choice = tri_neighbours_choose(n, a->call.count, a->same);
    n->last = choice->way;
    return choice->scratch;
}

static tri_status exchange(tri_context *c, const tri_arguments *a) {
    const tri_neighbours *n = a->neighbours;
    return n->last == TRI_NEIGHBOURS_COMBINED ? tri_neighbours_exchange_combined(c, n, &a->call, a->same)
                                              : exchange_directly(c, n, &a->call, a->same);
}

static tri_status make_room(tri_neighbours *n, size_t bytes) {
    if (bytes <= n->scratch_bytes) return TRI_OK;
    free(n->scratch);
    n->scratch_bytes = 0;
    n->scratch = malloc(bytes);
    if (!n->scratch)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of scratch of neighbours", bytes);
    n->scratch_bytes = bytes;
    return TRI_OK;
}

static tri_status run(tri_comm *comm, tri_arguments *a) {
    tri_collective_state *state = tri_state_of(comm);
    TRI_TRY(make_room(a->neighbours, choose(a)));
    a->call.scratch = a->neighbours->scratch;
    tri_context c = tri_call_prepare(comm, &a->spec, TRI_TAG_BLOCKING, &state->engine, &tri_verbs_execute);
    return exchange(&c, a);
}

static tri_status block(tri_comm *comm, tri_arguments *a) {
    tri_status status = tri_arguments_open(a, comm);
    if (status == TRI_OK) status = tri_arguments_load(a);
    if (status == TRI_OK) status = run(comm, a);
    if (status == TRI_OK) status = tri_arguments_store(a);
    tri_arguments_close(a);
    return status;
}

static tri_status record(tri_comm *comm, tri_arguments *a, int tag, tri_schedule *schedule, void **memory) {
    TRI_TRY(tri_arguments_open(a, comm));
    size_t bytes = choose(a);
    a->call.scratch = *memory = malloc(bytes ? bytes : 1);
    if (!*memory)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of scratch of neighbours", bytes);
    schedule->context = tri_call_prepare(comm, &a->spec, tag, &schedule->engine, &tri_verbs_execute);
    tri_context recording = schedule->context;
    recording.verbs = &tri_verbs_record;
    return exchange(&recording, a);
}

static const tri_recorder recorder = {record, free};

#define NEIGHBOUR_FORMS(name, describe, ...)                                                                 \
    tri_status tri_neighbour_##name(__VA_ARGS__, tri_neighbours *neighbours) {                               \
        tri_arguments a;                                                                                     \
        TRI_TRY(describe);                                                                                   \
        return block(neighbours->comm, &a);                                                                  \
    }                                                                                                        \
    tri_status tri_ineighbour_##name(__VA_ARGS__, tri_neighbours *neighbours, tri_request **out) {           \
        tri_arguments a;                                                                                     \
        TRI_TRY(describe);                                                                                   \
        return tri_call_start(neighbours->comm, &a, &recorder, out);                                         \
    }                                                                                                        \
    tri_status tri_neighbour_##name##_init(__VA_ARGS__, tri_neighbours *neighbours, tri_request **out) {     \
        tri_arguments a;                                                                                     \
        TRI_TRY(describe);                                                                                   \
        return tri_call_init(neighbours->comm, &a, &recorder, out);                                          \
    }

NEIGHBOUR_FORMS(allgather,
                allgather(&a, send, send_count, send_type, recv, recv_count, recv_type, neighbours),
                const void *send, size_t send_count, MPI_Datatype send_type, void *recv, size_t recv_count,
                MPI_Datatype recv_type)

NEIGHBOUR_FORMS(allgatherv,
                allgatherv(&a, send, send_count, send_type, recv, recv_counts, recv_displs, recv_type,
                           neighbours),
                const void *send, size_t send_count, MPI_Datatype send_type, void *recv,
                const size_t *recv_counts, const ptrdiff_t *recv_displs, MPI_Datatype recv_type)

NEIGHBOUR_FORMS(alltoall, alltoall(&a, send, send_count, send_type, recv, recv_count, recv_type, neighbours),
                const void *send, size_t send_count, MPI_Datatype send_type, void *recv, size_t recv_count,
                MPI_Datatype recv_type)

NEIGHBOUR_FORMS(alltoallv,
                alltoallv(&a, send, send_counts, send_displs, send_type, recv, recv_counts, recv_displs,
                          recv_type, neighbours),
                const void *send, const size_t *send_counts, const ptrdiff_t *send_displs,
                MPI_Datatype send_type, void *recv, const size_t *recv_counts, const ptrdiff_t *recv_displs,
                MPI_Datatype recv_type)

NEIGHBOUR_FORMS(alltoallw,
                alltoallw(&a, send, send_counts, send_displs, send_types, recv, recv_counts, recv_displs,
                          recv_types, neighbours),
                const void *send, const size_t *send_counts, const ptrdiff_t *send_displs,
                const MPI_Datatype *send_types, void *recv, const size_t *recv_counts,
                const ptrdiff_t *recv_displs, const MPI_Datatype *recv_types)
