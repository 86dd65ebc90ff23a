/* The verbs that execute: nonblocking MPI messages, completed by the next wait. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "collectives/engine/execute.h"
#include "mpi/sums.h"

/* Smaller pieces are combined faster than threads can be woken. */
enum { COMBINE_FROM_BYTES = 256 << 10 };

/* Makes room for one more message in this round. */
static tri_status make_room(tri_engine *e) {
    if (e->started < e->room) return TRI_OK;
    int room = e->room ? 2 * e->room : 16;
    MPI_Request *requests = realloc(e->requests, (size_t)room * sizeof *requests);
    if (!requests) return tri_fail(TRI_ERR_MEMORY, "out of memory for %d messages at once", room);
    e->requests = requests;
    e->room = room;
    return TRI_OK;
}

static tri_status execute_send(tri_context *c, const void *data, size_t count, int peer) {
    tri_engine *e = c->engine;
    TRI_TRY(make_room(e));
    return tri_start_send(data, count * e->per_unit, e->type, tri_carried(e->ranks, tri_member(c, peer)),
                          e->tag, e->mpi, &e->requests[e->started++]);
}

static tri_status execute_recv(tri_context *c, void *data, size_t count, int peer) {
    tri_engine *e = c->engine;
    TRI_TRY(make_room(e));
    return tri_start_recv(data, count * e->per_unit, e->type, tri_carried(e->ranks, tri_member(c, peer)),
                          e->tag, e->mpi, &e->requests[e->started++]);
}

static tri_status execute_wait(tri_context *c) {
    tri_engine *e = c->engine;
    int started = e->started;
    e->started = 0;
    if (!started) return TRI_OK;
    if (started == 1 && !tri_family_is_pending(e->family))
        return tri_mpi_status(MPI_Wait(e->requests, MPI_STATUS_IGNORE), "MPI_Wait");
    return tri_wait_messages(e->family, started, e->requests, MPI_STATUSES_IGNORE);
}

static tri_status execute_combine(tri_context *c, const void *left, void *right, size_t count) {
    const tri_engine *e = c->engine;
    const tri_operands *o = &e->operands;
    if (o->packed) return tri_combine_packed(o, e->mpi, left, right, count);
    if (e->combine && count >= COMBINE_FROM_BYTES / c->unit_bytes &&
        e->combine(e->combine_data, left, right, count, o->type, o->op))
        return TRI_OK;
    if (tri_combine_common(left, right, count, o->type, o->op)) return TRI_OK;
    while (count) {
        int some = count < INT_MAX ? (int)count : INT_MAX;
        TRI_MPI(MPI_Reduce_local(left, right, some, o->type, o->op));
        left = tri_unit(c, left, (size_t)some);
        right = tri_unit(c, right, (size_t)some);
        count -= (size_t)some;
    }
    return TRI_OK;
}

static tri_status execute_copy(tri_context *c, void *to, const void *from, size_t count) {
    memcpy(to, from, count * c->unit_bytes);
    return TRI_OK;
}

const tri_verbs tri_verbs_execute = {.send = execute_send,
                                     .recv = execute_recv,
                                     .wait = execute_wait,
                                     .combine = execute_combine,
                                     .copy = execute_copy};
