/* The mode watch: what each thread of each rank does, for the watcher of the node.
 *
 * In the normal run it writes memory and no more: no messages, no locks, no signals, no allocation; but for a
 * new communicator, window or file. */
#include "preload/watch.h"
#include "preload/profile.h"

#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of this thread. */
static _Thread_local struct {
    tri_slot_lane *lane;
    tri_slot_call *call; /* that runs */
    int depth;           /* calls inside of calls are the MPI library's own */
    int tried;
    uint64_t handle; /* the last object */
    unsigned epoch;
    tri_slot_object *object;
} me;
static atomic_uint epoch = 1; /* grows where a handle may get another meaning */

static tri_slot_lane *take_lane(void) {
    if (me.tried || !tri_watch_slot) return NULL;
    me.tried = 1;
    int place = atomic_fetch_add(&tri_watch_slot->lanes, 1);
    if (place >= TRI_SLOT_LANES) {
        atomic_store(&tri_watch_slot->crowded, 1);
        return NULL;
    }
    me.lane = &tri_watch_slot->lane[place];
    atomic_store(&me.lane->thread, (int32_t)syscall(SYS_gettid));
    return me.lane;
}

static inline tri_slot_object *object_of(const tri_mpi_call *call) {
    static const MPI_Win no_window;
    static const MPI_File no_file;
    uint64_t handle = call->win != no_window  ? TRI_HANDLE(call->win)
                      : call->file != no_file ? TRI_HANDLE(call->file)
                                              : TRI_HANDLE(call->comm);
    unsigned now = atomic_load_explicit(&epoch, memory_order_acquire);
    if (me.handle == handle && me.epoch == now) return me.object;
    if (!handle || call->comm == MPI_COMM_NULL) return NULL;
    tri_slot_object *object = tri_object_find(handle);
    /* Made in a way that was not seen: MPI_Comm_idup. */
    if (!object && TRI_HANDLE(call->comm) == handle) object = tri_object_add_comm(call->comm, NULL);
    me.handle = handle;
    me.epoch = now;
    me.object = object;
    return object;
}

static int32_t peer_of(int peer) {
    if (peer == MPI_ANY_SOURCE) return TRI_SLOT_ANY;
    if (peer == MPI_PROC_NULL) return TRI_SLOT_NOBODY;
    return peer < 0 ? TRI_SLOT_FOREIGN : peer;
}

/* Elements that every rank of the call knows, and their type. */
static void set_count(tri_slot_call *to, const tri_mpi_call *c, const tri_slot_object *object) {
    int f = c->function;
    int at_root = object && c->root == object->rank;
    int by_send = f == TRI_MPI_Scatter ? at_root : f == TRI_MPI_Gather && !at_root;
    int uneven = f == TRI_MPI_Scatterv || f == TRI_MPI_Gatherv || f == TRI_MPI_Allgatherv ||
                 f == TRI_MPI_Alltoallv || f == TRI_MPI_Alltoallw || f == TRI_MPI_Reduce_scatter;
    MPI_Datatype type = by_send ? c->send_type : c->recv_type;
    to->count = -1;
    to->type = 0;
    if (f == TRI_MPI_Barrier || uneven || c->kind != TRI_CALL_COLLECTIVE) return;
    /* MPI_IN_PLACE at the root: its own block need not be described. */
    if (c->recv == MPI_IN_PLACE && !by_send && f == TRI_MPI_Scatter) return;
    to->count = (int64_t)(by_send ? c->send_count : c->recv_count);
    to->type = tri_code_of_type(type);
}

static void fill_round(tri_slot_call *to, const tri_mpi_call *c) {
    tri_slot_object *object = object_of(c);
    to->object = object ? object->id : 0;
    /* Collective calls of an object follow each other, so no other thread counts now. */
    to->round = object ? 1 + atomic_load_explicit(&object->rounds, memory_order_relaxed) : 0;
    if (object) atomic_store_explicit(&object->rounds, to->round, memory_order_release);
    to->root = c->kind == TRI_CALL_COLLECTIVE && tri_call_has_root(c->function) ? c->root : -1;
    to->op = c->kind == TRI_CALL_COLLECTIVE && c->function >= TRI_MPI_Reduce ? tri_code_of_op(c->op) : 0;
    to->peer = to->recv_peer = TRI_SLOT_NOBODY;
    set_count(to, c, object);
}

static void fill_call(tri_slot_call *to, const tri_mpi_call *c) {
    int sends = c->kind == TRI_CALL_SEND || c->kind == TRI_CALL_SENDRECV;
    int gets = c->kind == TRI_CALL_RECV || c->kind == TRI_CALL_SENDRECV || c->kind == TRI_CALL_PROBE;
    int one_sided = c->kind == TRI_CALL_EPOCH || c->kind == TRI_CALL_ACCESS;
    tri_slot_object *object = sends || gets || one_sided ? object_of(c) : NULL;
    to->object = object ? object->id : 0;
    to->round = 0;
    to->root = -1;
    to->op = 0;
    to->peer = sends || one_sided ? peer_of(c->peer) : TRI_SLOT_NOBODY;
    to->tag = sends ? c->tag : 0;
    to->recv_peer = gets ? peer_of(c->recv_peer) : TRI_SLOT_NOBODY;
    to->recv_tag = gets ? (c->recv_tag == MPI_ANY_TAG ? TRI_SLOT_ANY : c->recv_tag) : 0;
    to->count = -1;
    to->type = 0;
    if (sends) {
        to->count = (int64_t)c->send_count;
        to->type = tri_code_of_type(c->send_type);
    } else if (c->kind == TRI_CALL_RECV || c->kind == TRI_CALL_MATCHED) {
        to->count = (int64_t)c->recv_count;
        to->type = tri_code_of_type(c->recv_type);
    }
}

static inline int is_round(const tri_mpi_call *c) {
    if (c->kind == TRI_CALL_COLLECTIVE) return 1;
    switch ((tri_call_kind)c->kind) {
    case TRI_CALL_NEIGHBOUR:
    case TRI_CALL_COMM_FREE:
    case TRI_CALL_WINDOW:
    case TRI_CALL_FILE_ALL:
    case TRI_CALL_FINALIZE:
        return 1;
    case TRI_CALL_COMM:
        return c->function != TRI_MPI_Comm_create_group; /* not of all ranks */
    default:
        return 0;
    }
}

static int polls(const tri_mpi_call *c) {
    return c->kind == TRI_CALL_TEST || (c->kind == TRI_CALL_PROBE && c->form == TRI_MPI_NONBLOCKING);
}

/* The record for a call. A loop that polls has one. */
static inline tri_slot_call *next_record(tri_slot_lane *lane, const tri_mpi_call *c, uint64_t step) {
    if (is_round(c)) {
        uint32_t at = lane->next_round++ % TRI_SLOT_ROUNDS;
        lane->current = TRI_SLOT_ROUND + at;
        return &lane->rounds[at];
    }
    if (polls(c) && lane->next_call) {
        uint32_t at = (lane->next_call - 1) % TRI_SLOT_CALLS;
        tri_slot_call *last = &lane->calls[at];
        if (last->caller == c->caller && last->symbol == c->symbol && last->step + 2 == step) {
            lane->current = at;
            last->repeats++;
            return last;
        }
    }
    uint32_t at = lane->next_call++ % TRI_SLOT_CALLS;
    lane->current = at;
    lane->calls[at].repeats = 0;
    return &lane->calls[at];
}

static void enter(tri_mpi_call *c, int place) {
    tri_slot_lane *lane = me.lane ? me.lane : take_lane();
    if (me.depth++ || !lane) return;
    uint64_t step = atomic_load_explicit(&lane->step, memory_order_relaxed) + 1;
    tri_slot_call *to = next_record(lane, c, step);
    to->step = step;
    to->caller = tri_profile_caller(c);
    to->symbol = c->symbol;
    to->kind = c->kind;
    to->form = c->form;
    to->function = c->function;
    if (lane->current >= TRI_SLOT_ROUND)
        fill_round(to, c);
    else
        fill_call(to, c);
    to->requests = (uint32_t)c->request_count;
    if (c->kind >= TRI_CALL_START && c->kind <= TRI_CALL_REQUEST) {
        tri_requests_note(lane, c);
        c->note[place] = c->kind == TRI_CALL_REQUEST ? TRI_HANDLE(*c->requests) : 0;
    }
    if (c->kind == TRI_CALL_COMM_FREE) c->note[place] = TRI_HANDLE(c->comm);
    me.call = to;
    atomic_store_explicit(&lane->step, step, memory_order_release);
    if (c->kind == TRI_CALL_FINALIZE) atomic_store(&tri_watch_slot->state, TRI_SLOT_ENDS);
}

/* A collective call that failed on this rank may not have happened on others. */
static void note_failure(const tri_slot_call *call) {
    for (int i = 0; i < TRI_SLOT_OBJECTS && call->round; i++)
        if (tri_watch_slot->objects[i].id == call->object) tri_watch_slot->objects[i].unproven = 1;
}

static void forget(uint64_t handle) {
    tri_object_forget(handle);
    atomic_fetch_add(&epoch, 1);
}

/* What the call has made or freed. */
static void after(const tri_mpi_call *c, int place) {
    static const MPI_Win no_window;
    static const MPI_File no_file;
    switch ((tri_call_kind)c->kind) {
    case TRI_CALL_COMM:
        if (c->form == TRI_MPI_BLOCKING && c->made && *c->made != MPI_COMM_NULL) {
            tri_object_add_comm(*c->made, c);
            atomic_fetch_add(&epoch, 1);
        }
        if (c->requests) tri_requests_add(c, me.call);
        break;
    case TRI_CALL_COMM_FREE:
        forget(c->note[place]);
        break;
    case TRI_CALL_WINDOW:
        if (c->win != no_window && c->function == TRI_MPI_Win_free) forget(TRI_HANDLE(c->win));
        if (c->win == no_window && c->made_win) tri_object_add_window(*c->made_win, c);
        break;
    case TRI_CALL_FILE_ALL:
        if (c->file != no_file && c->function == TRI_MPI_File_close) forget(TRI_HANDLE(c->file));
        if (c->file == no_file && c->made_file) tri_object_add_file(*c->made_file, c);
        if (c->requests) tri_requests_add(c, me.call);
        break;
    case TRI_CALL_START:
        tri_requests_start(c);
        break;
    case TRI_CALL_WAIT:
    case TRI_CALL_WAIT_ANY:
    case TRI_CALL_TEST:
        tri_requests_done(me.lane, c);
        break;
    case TRI_CALL_REQUEST: {
        tri_slot_request *r = tri_request_find(c->note[place]);
        if (r && c->function == TRI_MPI_Cancel) r->cancelled = 1;
        if (r && c->function == TRI_MPI_Request_free) atomic_store(&r->handle, 0);
        break;
    }
    case TRI_CALL_TYPE_FREE:
        tri_code_forget_types();
        break;
    default:
        if (c->requests) tri_requests_add(c, me.call);
    }
}

static void leave(tri_mpi_call *c, int result, int place) {
    if (--me.depth || !me.lane) return;
    if (result != MPI_SUCCESS)
        note_failure(me.call);
    else if (c->kind != TRI_CALL_COLLECTIVE || c->requests)
        after(c, place);
    uint64_t step = atomic_load_explicit(&me.lane->step, memory_order_relaxed);
    atomic_store_explicit(&me.lane->step, step + 1, memory_order_release);
    if (c->kind == TRI_CALL_FINALIZE) atomic_store(&tri_watch_slot->state, TRI_SLOT_LEFT);
}

static void init(void) {
    int file;
    if (!tri_slot_open(&file) || !tri_watcher_start(file)) return;
    tri_object_add_comm(MPI_COMM_WORLD, NULL);
    tri_object_add_comm(MPI_COMM_SELF, NULL);
}

const tri_mode tri_watch_mode = {.init = init, .enter = enter, .leave = leave};
