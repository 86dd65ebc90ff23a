/* The mode `profile`: each call into its cell, the time line and the rows of other ranks. No allocation, no
 * message and no lock (but with MPI_THREAD_MULTIPLE) in a call. */
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "preload/bits.h"
#include "preload/profile.h"

enum { CELL_BITS = 10, SOURCES = 16, SHARE = 128 };
_Static_assert(1 << CELL_BITS == PROFILE_CELLS, "a note has the number of a cell in its low bits");
static const uint64_t NESTED = UINT64_MAX;

/* What a call keeps from its beginning to its end; calls inside of it count as parts of it. */
static _Thread_local struct {
    unsigned depth;
    uint32_t cell;
    profile_comm *comm;
    int sources, source[SOURCES]; /* of the messages that a call waits for; -1: not known */
} mine;

static int several_threads;
static atomic_flag busy = ATOMIC_FLAG_INIT;

/* Looking up who came last takes at most one part in SHARE of the time in MPI: `credit` ticks are left for
 * it. cost: of one look at another rank. */
static uint64_t credit = 100000, cost = 200;

static void lock(void) {
    if (several_threads)
        while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
            sched_yield();
}

static void unlock(void) {
    if (several_threads) atomic_flag_clear_explicit(&busy, memory_order_release);
}

/* ---- the beginning of a call ---- */

static void add_source(int world) {
    if (mine.sources < SOURCES) mine.source[mine.sources++] = world;
}

/* The rank of MPI_COMM_WORLD; -1: not known, or any. */
static int world_of(const profile_comm *c, int rank) {
    return c && c->world && rank >= 0 && rank < c->size ? c->world[rank] : -1;
}

/* Requests get their last value in the call, so what they are is looked up before. */
static void find_sources(const tri_mpi_call *call, const profile_comm *c) {
    mine.sources = 0;
    if (call->kind == TRI_CALL_RECV || call->kind == TRI_CALL_SENDRECV || call->kind == TRI_CALL_PROBE) {
        if (call->form == TRI_MPI_BLOCKING && call->recv_peer != MPI_PROC_NULL)
            add_source(world_of(c, call->recv_peer));
        return;
    }
    if (call->kind != TRI_CALL_WAIT || call->request_count > SOURCES) return;
    for (int i = 0; i < call->request_count; i++) {
        const profile_request *r =
            call->requests[i] == MPI_REQUEST_NULL ? NULL : tri_profile_request_of(call->requests[i]);
        if (r && !r->sends) add_source(r->world);
    }
}

static void start_request(MPI_Request handle, uint64_t ticks) {
    const profile_request *r = tri_profile_request_of(handle);
    if (!r || !r->sends || r->world < 0) return;
    tri_profiled.peers[r->world].sent_bytes += r->bytes;
    tri_profiled.peers[r->world].sent_messages++;
    tri_profile_late_send(r->world, ticks);
}

/* What other ranks may wait for. */
static void tell(const tri_mpi_call *call, profile_comm *c, uint64_t ticks) {
    switch (call->kind) {
    case TRI_CALL_COLLECTIVE:
        if (call->form != TRI_MPI_BLOCKING || !c) return;
        c->number++;
        tri_profile_late_arrive(c, ticks);
        return;
    case TRI_CALL_SEND:
    case TRI_CALL_SENDRECV: {
        int to = world_of(c, call->peer);
        if (to >= 0 && call->form != TRI_MPI_PERSISTENT) tri_profile_late_send(to, ticks);
        return;
    }
    case TRI_CALL_START:
        for (int i = 0; i < call->request_count; i++)
            start_request(call->requests[i], ticks);
        return;
    default:
        return;
    }
}

static void enter(tri_mpi_call *call, int place) {
    profile_memory *m = &tri_profiled;
    if (mine.depth++ || !m->head) {
        call->note[place] = NESTED;
        return;
    }
    const int has_comm =
        call->kind <= TRI_CALL_PROBE && call->kind != TRI_CALL_COMM_FREE && call->kind != TRI_CALL_MATCHED;
    profile_comm *c = has_comm ? tri_profile_comm_of(call->comm) : NULL;
    const void *caller = tri_profile_caller(call);
    mine.comm = c;
    lock();
    mine.cell = tri_profile_cell(call, caller, c ? c->row : 0);
    find_sources(call, c);
    uint64_t ticks = tri_profile_ticks();
    tell(call, c, ticks);
    m->head->inside_cell = mine.cell;
    m->head->inside_since = ticks - m->origin;
    unlock();
    call->note[place] = (ticks - m->origin) << CELL_BITS | mine.cell;
}

/* ---- the end of a call ---- */

/* The time line has room for a run of any length: where it ends, two parts become one. */
static void fold(profile_head *head) {
    profile_bin *bins = tri_profiled.bins;
    for (size_t i = 0; i < PROFILE_BINS / 2; i++) {
        const profile_bin a = bins[2 * i], b = bins[2 * i + 1];
        bins[i] = (profile_bin){a.ticks + b.ticks, a.wait_ticks + b.wait_ticks, a.calls + b.calls,
                                a.bytes + b.bytes};
    }
    memset(bins + PROFILE_BINS / 2, 0, PROFILE_BINS / 2 * sizeof *bins);
    head->bin_shift++;
}

static void add_times(profile_head *head, uint64_t from, uint64_t to, int waits) {
    while (from < to) {
        uint64_t at = from >> head->bin_shift, end = (at + 1) << head->bin_shift;
        if (end > to) end = to;
        profile_bin *bin = &tri_profiled.bins[at];
        if (waits)
            bin->wait_ticks += end - from;
        else
            bin->ticks += end - from;
        from = end;
    }
}

static void add_to_line(profile_head *head, uint64_t came, uint64_t left, uint64_t waited, uint64_t bytes) {
    while (left >> head->bin_shift >= PROFILE_BINS)
        fold(head);
    profile_bin *bin = &tri_profiled.bins[left >> head->bin_shift];
    /* The second anchor of the clock, which the reader needs, follows the run. */
    if (!bin->calls) head->now = tri_profile_anchor();
    bin->calls++;
    bin->bytes += bytes;
    add_times(head, came, left, 0);
    if (waited) add_times(head, came, came + waited, 1);
}

/* The ranks that a cell waits for most, in a fixed number of places (Misra and Gries 1982, "Finding repeated
 * elements"): ticks are at most as many as there were. */
static void blame(profile_cell *cell, int rank, uint64_t ticks) {
    uint64_t least = ticks;
    for (int i = 0; i < PROFILE_LATE; i++) {
        if (cell->late[i].rank == rank || cell->late[i].rank < 0) {
            cell->late[i].rank = rank;
            cell->late[i].ticks += ticks;
            return;
        }
        if (cell->late[i].ticks < least) least = cell->late[i].ticks;
    }
    for (int i = 0; i < PROFILE_LATE; i++) {
        cell->late[i].ticks -= least;
        if (cell->late[i].ticks) continue;
        cell->late[i].rank = rank;
        cell->late[i].ticks = ticks - least;
        ticks = least;
    }
}

/* How many other ranks have to be looked at. */
static uint64_t looks_of(const tri_mpi_call *call, const profile_comm *c) {
    if (call->kind != TRI_CALL_COLLECTIVE) {
        uint64_t looks = 0;
        for (int i = 0; i < mine.sources; i++)
            looks += mine.source[i] < 0 ? (uint64_t)tri_profile_node_ranks() : 1;
        return looks;
    }
    return call->form == TRI_MPI_BLOCKING && c && c->size > 1 ? (uint64_t)c->present : 0;
}

/* A message from any rank: its status may say who sent it. */
static void find_source(const tri_mpi_call *call, const profile_comm *c) {
    const int one =
        call->kind == TRI_CALL_RECV || call->kind == TRI_CALL_SENDRECV || call->kind == TRI_CALL_PROBE;
    if (one && mine.sources == 1 && mine.source[0] < 0 && call->statuses &&
        call->statuses != MPI_STATUS_IGNORE)
        mine.source[0] = world_of(c, call->statuses->MPI_SOURCE);
}

/* Ticks that the call waited for the rank that came last; 0 also where that is not known. */
static uint64_t split(const tri_mpi_call *call, const profile_comm *c, profile_cell *cell, uint64_t came,
                      uint64_t left) {
    profile_memory *m = &tri_profiled;
    const uint64_t looks = looks_of(call, c);
    credit += (left - came) / SHARE;
    if (!looks || credit < 2 * looks * cost) return 0;
    find_source(call, c);
    profile_late late = call->kind == TRI_CALL_COLLECTIVE
                            ? tri_profile_late_collective(call, c, came + m->origin, left + m->origin)
                            : tri_profile_late_messages(mine.source, mine.sources, left + m->origin);
    uint64_t spent = tri_profile_ticks() - m->origin - left;
    /* The rank that is looked at pays as well: its memory has to come back to it. */
    credit = credit > 2 * spent ? credit - 2 * spent : 0;
    /* A long wait pays for itself, not for the short calls that follow. */
    if (credit > 8 * looks * cost) credit = 8 * looks * cost;
    /* Now and then the process loses its core in between. */
    if (spent < 16 * looks * cost) cost = (7 * cost + spent / looks) / 8 + 1;
    m->head->scans++;
    if (!late.ticks) return 0;
    cell->split_ticks += left - came;
    uint64_t last = late.ticks > m->origin ? late.ticks - m->origin : 0;
    if (last <= came) return 0;
    uint64_t waited = last < left ? last - came : left - came;
    cell->wait_ticks += waited;
    blame(cell, late.rank, waited);
    m->peers[late.rank].wait_ticks += waited;
    m->peers[late.rank].waits++;
    return waited;
}

/* Requests that later calls wait for. */
static void keep_requests(const tri_mpi_call *call, const profile_comm *c, uint64_t bytes) {
    profile_request r = {.persistent = call->form == TRI_MPI_PERSISTENT, .bytes = bytes};
    if (call->form == TRI_MPI_BLOCKING || call->request_count != 1) return;
    r.handle = *call->requests;
    r.sends = call->kind == TRI_CALL_SEND;
    r.world = world_of(c, r.sends ? call->peer : call->recv_peer);
    if (call->kind != TRI_CALL_SEND && call->kind != TRI_CALL_RECV && call->kind != TRI_CALL_SENDRECV) {
        /* What another request had under this handle must not be taken for it. */
        if (tri_profile_request_of(r.handle))
            tri_profile_request_add(&(profile_request){.handle = r.handle, .sends = 1, .world = -1});
        return;
    }
    if (r.sends && call->form != TRI_MPI_PERSISTENT && !tri_profile_request_of(r.handle)) return;
    if (r.sends && call->form != TRI_MPI_PERSISTENT) r.world = -1;
    tri_profile_request_add(&r);
}

/* Whether the bits of a reduction are those of any order; that of the last type and operation of a cell is
 * kept. Only MPI's own have it, and their handles never get another meaning. */
static int has_same_bits(const tri_mpi_call *call, const profile_comm *c, uint32_t cell) {
    static struct {
        MPI_Datatype type;
        MPI_Op op;
        int known, same;
    } last[PROFILE_CELLS];
    if (!last[cell].known || last[cell].type != call->recv_type || last[cell].op != call->op) {
        last[cell].type = call->recv_type;
        last[cell].op = call->op;
        last[cell].same = tri_bits_are_same(call->recv_type, call->op, c->size);
        last[cell].known = 1;
    }
    return last[cell].same;
}

/* Whether boost would do the call by default; it says so itself where it is on. */
static int is_served(const tri_mpi_call *call, const profile_comm *c, uint32_t cell, uint64_t bytes) {
    if (call->kind != TRI_CALL_COLLECTIVE) return 0;
    if (tri_serves) return call->why == TRI_WHY_SERVED;
    if (call->form != TRI_MPI_BLOCKING || !c || c->size < 2) return 0;
    int class = bytes ? 64 - __builtin_clzll(bytes) : 0;
    if (!(c->served[call->function] >> class & 1)) return 0;
    return call->function < TRI_MPI_Reduce || has_same_bits(call, c, cell);
}

static void leave(tri_mpi_call *call, int result, int place) {
    profile_memory *m = &tri_profiled;
    uint64_t left = tri_profile_ticks() - m->origin, note = call->note[place], sent;
    (void)result;
    mine.depth--;
    if (note == NESTED || !m->head) return;
    profile_cell *cell = &m->cells[note & (PROFILE_CELLS - 1)];
    uint64_t came = note >> CELL_BITS;
    if (left < came) left = came;
    profile_comm *c = mine.comm;
    lock();
    uint64_t bytes = tri_profile_bytes(call, c, &sent), waited = split(call, c, cell, came, left);
    keep_requests(call, c, bytes);
    cell->calls++;
    cell->bytes += sent;
    cell->ticks += left - came;
    if (left - came > cell->most_ticks) cell->most_ticks = left - came;
    cell->served += (uint64_t)is_served(call, c, (uint32_t)(note & (PROFILE_CELLS - 1)), bytes);
    cell->sizes[profile_size_class(bytes)]++;
    add_to_line(m->head, came, left, waited, sent);
    m->head->outer_ticks += left - came;
    m->head->last = left;
    m->head->inside_since = 0;
    unlock();
}

/* ---- the mode ---- */

static void init(void) {
    int threads;
    profile_anchor began = tri_profile_anchor();
    PMPI_Query_thread(&threads);
    tri_profile_late_begin();
    if (!tri_profile_begin_files()) return;
    profile_head *head = tri_profiled.head;
    several_threads = threads == MPI_THREAD_MULTIPLE;
    head->threads = several_threads;
    head->boost = tri_serves;
    head->began = began;
    head->now = tri_profile_anchor();
    head->node_first = tri_profile_node_first();
    head->bin_shift = 24;
    tri_profiled.origin = began.ticks - 1; /* 0 is no time */
    tri_profile_bytes_begin();
    tri_profile_comms_begin();
}

static void made(MPI_Comm parent, MPI_Comm made_) {
    if (tri_profiled.head) tri_profile_comm_made(parent, made_, mine.cell);
}

static void end(void) {
    profile_head *head = tri_profiled.head;
    if (!head) return;
    tri_profile_comms_flush();
    head->now = tri_profile_anchor();
    head->ended = 1;
    tri_profile_end_files();
}

const tri_mode tri_profile_mode = {.init = init, .enter = enter, .leave = leave, .made = made, .end = end};
