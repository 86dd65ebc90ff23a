/* Short nonblocking and persistent calls inside a node.
 *
 * Each rank puts what it contributes into a slot of its own, and takes what it needs from the slots of the
 * others as soon as they are full: one step of the schedule, which never waits but is run again. The slot is
 * a piece of the ring of pending calls, or of a ring of its own for a persistent call, because ranks may
 * start these in different orders. */
#include "collectives/engine/pending.h"

#include <stdlib.h>
#include <string.h>

#include "collectives/engine/schedule.h"

typedef struct pending {
    tri_work work;
    tri_shared *shared;
    tri_ring *ring; /* shared->pending, or `own` */
    tri_ring own;
    uint64_t piece;
    int published;
    const tri_arguments *arguments;
    tri_context *context;
} pending;

/* ---- What a rank gives and takes ---- */

/* Blocks of the vector that a rank contributes: 1, or one for each rank. */
static int gives_all(tri_operation o) {
    return o == TRI_SCATTER || o == TRI_ALLTOALL || o == TRI_REDUCE_SCATTER;
}

static int has_root(tri_operation o) {
    return o == TRI_BCAST || o == TRI_SCATTER || o == TRI_GATHER || o == TRI_REDUCE;
}

/* Whether only the root contributes, or only the root gets a result. */
static int root_gives(tri_operation o) {
    return o == TRI_BCAST || o == TRI_SCATTER;
}

static int gives(const pending *p) {
    const tri_arguments *a = p->arguments;
    return !root_gives(a->spec.operation) || a->call.root == p->ring->rank;
}

/* The ranks from *first to *end - 1 whose contributions this rank takes. */
static void sources(const pending *p, int *first, int *end) {
    const tri_call *call = &p->arguments->call;
    tri_operation o = p->arguments->spec.operation;
    int rank = p->ring->rank;
    *first = 0;
    *end = p->ring->size;
    if (root_gives(o)) *first = call->root, *end = call->root + 1;
    if (has_root(o) && !root_gives(o) && call->root != rank) *end = 0;
    if (o == TRI_SCAN) *end = rank + 1;
    if (o == TRI_EXSCAN) *end = rank;
}

/* Moves the contribution of rank r, or what this rank needs of it. Its own comes from its buffer, which may
 * be where it belongs. */
static tri_status take(const pending *p, int r, const char *from) {
    const tri_call *call = &p->arguments->call;
    tri_context *c = p->context;
    char *to = call->recv;
    size_t count = call->count;
    if (r == c->rank) from = call->send;
    switch (p->arguments->spec.operation) {
    case TRI_BARRIER:
        return TRI_OK;
    case TRI_BCAST:
        return tri_do_copy(c, to, from, count);
    case TRI_SCATTER:
        return tri_do_copy(c, to, tri_unit(c, from, count * (size_t)c->rank), count);
    case TRI_GATHER:
    case TRI_ALLGATHER:
        return tri_do_copy(c, tri_unit(c, to, count * (size_t)r), from, count);
    default: /* alltoall */
        return tri_do_copy(c, tri_unit(c, to, count * (size_t)r), tri_unit(c, from, count * (size_t)c->rank),
                           count);
    }
}

/* Combines the contributions from right to left, so that the result of each step is the right operand. */
static tri_status combine(const pending *p, int first, int end) {
    const tri_call *call = &p->arguments->call;
    tri_context *c = p->context;
    size_t skip = p->arguments->spec.operation == TRI_REDUCE_SCATTER ? call->count * (size_t)c->rank : 0;
    for (int r = end - 1; r >= first; r--) {
        const void *from = tri_unit(c, tri_ring_peek(p->ring, r, p->piece), skip);
        TRI_TRY(r == end - 1 ? tri_do_copy(c, call->recv, from, call->count)
                             : tri_do_combine(c, from, call->recv, call->count));
    }
    return TRI_OK;
}

/* ---- The step ---- */

static void publish(pending *p, char *slot) {
    const tri_call *call = &p->arguments->call;
    size_t blocks = gives_all(p->arguments->spec.operation) ? (size_t)p->ring->size : 1;
    if (p->arguments->spec.operation != TRI_BARRIER && call->count)
        memcpy(slot, call->send, blocks * call->count * p->context->unit_bytes);
    tri_ring_publish(p->ring, p->piece);
}

static void release(pending *p) {
    if (p->ring == &p->own)
        tri_ring_release(p->ring, p->piece++);
    else
        tri_shared_release_pending(p->shared, p->piece);
    p->published = 0;
}

static tri_status advance(tri_work *work, int *blocked) {
    pending *p = (pending *)work;
    int first, end;
    /* The slots that this rank has released are counted round the ring. */
    *blocked = p->ring != &p->own && p->piece >= p->shared->released + TRI_PENDING_DEPTH;
    if (*blocked) return TRI_OK;
    if (!p->published && gives(p)) {
        char *slot = tri_ring_try_open(p->ring, p->piece);
        *blocked = !slot;
        if (!slot) return TRI_OK;
        publish(p, slot);
    }
    p->published = 1;
    sources(p, &first, &end);
    for (int r = first; r < end && !*blocked; r++)
        *blocked = !tri_ring_peek(p->ring, r, p->piece);
    if (*blocked) return TRI_OK;
    if (p->arguments->spec.operation >= TRI_REDUCE) {
        TRI_TRY(combine(p, first, end));
    } else {
        for (int r = first; r < end; r++)
            TRI_TRY(take(p, r, tri_ring_peek(p->ring, r, p->piece)));
    }
    release(p);
    return TRI_OK;
}

/* ---- Recording ---- */

static tri_status record_in(tri_comm *comm, tri_arguments *a, int tag, tri_schedule *schedule, void **memory,
                            int persistent) {
    pending *p = *memory = calloc(1, sizeof *p);
    if (!p) return tri_fail(TRI_ERR_MEMORY, "out of memory for a request");
    TRI_TRY(tri_arguments_open(a, comm));
    tri_state_of(comm)->last = NULL;
    schedule->context = tri_call_prepare(comm, &a->spec, tag, &schedule->engine, &tri_verbs_execute);
    *p = (pending){.work = {advance},
                   .shared = comm->shared,
                   .ring = &comm->shared->pending,
                   .arguments = a,
                   .context = &schedule->context};
    if (persistent) {
        p->ring = &p->own;
        tri_shared_persistent(comm->shared, &p->own);
    } else {
        p->piece = tri_ring_take(p->ring, 1);
    }
    return tri_schedule_record(schedule, (tri_step){.verb = TRI_STEP_WORK, .to = &p->work});
}

static tri_status record_nonblocking(tri_comm *comm, tri_arguments *a, int tag, tri_schedule *schedule,
                                     void **memory) {
    return record_in(comm, a, tag, schedule, memory, 0);
}

static tri_status record_persistent(tri_comm *comm, tri_arguments *a, int tag, tri_schedule *schedule,
                                    void **memory) {
    return record_in(comm, a, tag, schedule, memory, 1);
}

/* ---- The choice ---- */

/* Whether slots are faster than the fewest messages that could do: a round for each doubling of the ranks. */
static int pays(const tri_comm *comm, tri_operation o, size_t contribution, size_t block) {
    const tri_network *net = tri_comm_network(comm);
    size_t ranks = (size_t)comm->size, read = (root_gives(o) ? 1 : ranks) * block;
    int rounds = 0;
    while (1 << rounds < comm->size)
        rounds++;
    double slots = net->flag_s + (double)(contribution + read) * net->slot_byte_s +
                   (o >= TRI_REDUCE ? (double)read * net->combine_byte_s : 0);
    double round = net->level[TRI_INSIDE].latency_s + 2 * net->level[TRI_INSIDE].overhead_s +
                   (double)block * net->level[TRI_INSIDE].byte_s;
    return slots < rounds * round;
}

const tri_recorder *tri_pending_recorder(const tri_comm *comm, const tri_arguments *a, int persistent) {
    static const tri_recorder nonblocking = {record_nonblocking, free};
    static const tri_recorder kept = {record_persistent, free};
    const tri_collective_state *state = tri_state_of(comm);
    const tri_call_spec *spec = &a->spec;
    if (!state->shares || comm->shape.nodes > 1 || comm->shared->rings < TRI_RINGS_ALL || spec->uneven ||
        state->selected[spec->operation].algorithm)
        return NULL;
    /* The program may free its operation while a nonblocking call is pending (trireme/request.h). */
    if (spec->operation >= TRI_REDUCE && spec->operands.foreign && !persistent) return NULL;
    if (spec->bytes > TRI_PENDING_PAYLOAD_BYTES) return NULL;
    size_t contribution = spec->bytes * (gives_all(spec->operation) ? (size_t)comm->size : 1);
    if (contribution > TRI_PENDING_PAYLOAD_BYTES || !pays(comm, spec->operation, contribution, spec->bytes))
        return NULL;
    if (!persistent) return &nonblocking;
    return comm->shared->persistent_used < TRI_PERSISTENT_RINGS ? &kept : NULL;
}
