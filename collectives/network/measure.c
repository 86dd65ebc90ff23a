/* Measurement of a machine's network numbers.
 *
 * Messages travel around rings of ranks: inside nodes, a ring of the ranks of each node; between nodes, a
 * ring of the ranks with equal local rank, one per node. Passing one token around gives the cost of a
 * message; shifts, in which every rank sends to the next at once, give the cost of concurrent messages.
 * Latency and overhead belong to a critical path, so only the ranks on that path are active. All other
 * ranks wait in a collective call, as they would for messages of others on that path: if nodes share cores
 * (virtual machines on one host), active ranks would disturb each other.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mpi/comm.h"
#include "mpi/shared.h"
#include "mpi/sums.h"
#include "trireme/collectives.h"
#include "trireme/message.h"
#include "trireme/network_file.h"
#include "trireme/statistics.h"

enum {
    TAG = 1,
    SMALL = 8,
    SHORT = 1 << 16,
    LONG = 1 << 20,
    MANY = 16,
    FEW = 4,
    SAMPLES = 31,
    LEAST_SAMPLES = 5,
    TRIES = 5
};
/* Data that stay in a cache near the core, like the pieces of a collective. */
enum { NEAR = 1 << 18 };
/* Minimum duration of a sample, so that clock resolution and start-up do not matter. */
static const double SAMPLE_S = 100e-6;
/* Other load only makes samples longer, so use a low quantile. */
static const double QUANTILE = 0.25;

/* This rank's position in a ring; size 0: not a member. */
typedef struct ring {
    int size, next, previous, first;
} ring;

typedef struct meter {
    tri_comm *comm;
    tri_shared *shared;
    ring inside, between;
    ring near, lane;    /* of the fullest node; of the first rank of each node; empty on other ranks */
    int lanes, fullest; /* index of the fullest node */
    double budget_s;    /* time budget per number */
    char *send, *recv;
    MPI_Request requests[2 * MANY + 2];
    int hub, peer[MANY],
        peers; /* first rank of `near` or `lane`, and the peers it exchanges with on that level */
} meter;

typedef struct trial {
    tri_status (*run)(meter *, const ring *, size_t bytes, int messages);
    const ring *ring;
    size_t bytes;
    int messages;
} trial;

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- what is timed ---- */

static tri_status pass(meter *m, const ring *r, size_t bytes, int messages) {
    (void)messages;
    if (r->first) TRI_TRY(tri_send(m->send, bytes, MPI_BYTE, r->next, TAG, m->comm));
    TRI_TRY(tri_recv(m->recv, bytes, MPI_BYTE, r->previous, TAG, m->comm));
    if (!r->first) TRI_TRY(tri_send(m->send, bytes, MPI_BYTE, r->next, TAG, m->comm));
    return TRI_OK;
}

static tri_status shift(meter *m, const ring *r, size_t bytes, int messages) {
    for (int i = 0; i < messages; i++)
        TRI_TRY(tri_irecv(m->recv, bytes, MPI_BYTE, r->previous, TAG, m->comm, &m->requests[i]));
    for (int i = 0; i < messages; i++)
        TRI_TRY(tri_isend(m->send, bytes, MPI_BYTE, r->next, TAG, m->comm, &m->requests[messages + i]));
    TRI_MPI(MPI_Waitall(2 * messages, m->requests, MPI_STATUSES_IGNORE));
    return TRI_OK;
}

/* The hub sends one message to each of several peers, and they answer. Messages to a single peer might be
 * aggregated. */
static tri_status ask(meter *m, const ring *r, size_t bytes, int messages) {
    (void)r;
    int hub = tri_comm_rank(m->comm) == m->hub;
    for (int i = 0; hub && i < messages; i++)
        TRI_TRY(tri_irecv(m->recv, bytes, MPI_BYTE, m->peer[i], TAG, m->comm, &m->requests[i]));
    for (int i = 0; hub && i < messages; i++)
        TRI_TRY(tri_isend(m->send, bytes, MPI_BYTE, m->peer[i], TAG, m->comm, &m->requests[messages + i]));
    if (hub) TRI_MPI(MPI_Waitall(2 * messages, m->requests, MPI_STATUSES_IGNORE));
    for (int i = 0; i < messages; i++) {
        if (tri_comm_rank(m->comm) != m->peer[i]) continue;
        TRI_TRY(tri_recv(m->recv, bytes, MPI_BYTE, m->hub, TAG, m->comm));
        TRI_TRY(tri_send(m->send, bytes, MPI_BYTE, m->hub, TAG, m->comm));
    }
    return TRI_OK;
}

static tri_status copy(meter *m, const ring *r, size_t bytes, int messages) {
    (void)r, (void)messages;
    memcpy(m->recv, m->send, bytes);
    return TRI_OK;
}

static tri_status combine(meter *m, const ring *r, size_t bytes, int messages) {
    (void)r, (void)messages;
    (void)tri_combine_common(m->send, m->recv, bytes / sizeof(double), MPI_DOUBLE, MPI_SUM);
    return TRI_OK;
}

static tri_status raise_flags(meter *m, const ring *r, size_t bytes, int messages) {
    (void)r, (void)bytes, (void)messages;
    tri_ring_barrier(&m->shared->small);
    return TRI_OK;
}

/* Copies into this rank's slot and out of its neighbour's. */
static tri_status copy_slots(meter *m, const ring *r, size_t bytes, int messages) {
    (void)r, (void)messages;
    tri_ring *slots = &m->shared->large;
    uint64_t piece = tri_ring_take(slots, 1);
    memcpy(tri_ring_open(slots, piece), m->send, bytes);
    tri_ring_publish(slots, piece);
    memcpy(m->recv, tri_ring_await(slots, (slots->rank + 1) % slots->size, piece), bytes);
    tri_ring_release(slots, piece);
    return TRI_OK;
}

static tri_status single_copy(meter *m, const ring *r, size_t bytes, int messages) {
    (void)r, (void)messages;
    int peer = (m->shared->rank + 1) % m->shared->size;
    return tri_shared_read(m->shared, peer, &m->shared->peers[peer].send, 0, m->recv, bytes);
}

/* ---- how it is timed ---- */

static tri_status run_times(meter *m, const trial *t, int times, double *out_s) {
    TRI_TRY(tri_barrier(m->comm));
    double start_s = now_s();
    for (int i = 0; i < times && (!t->ring || t->ring->size); i++)
        TRI_TRY(t->run(m, t->ring, t->bytes, t->messages));
    *out_s = (now_s() - start_s) / times;
    return tri_allreduce(MPI_IN_PLACE, out_s, 1, MPI_DOUBLE, MPI_MAX, m->comm);
}

/* A quantile of samples, each the time of the slowest rank. Equal on all ranks. */
static tri_status take(meter *m, trial t, double *out_s) {
    double sample[SAMPLES], end_s = now_s() + m->budget_s, once_s;
    TRI_TRY(run_times(m, &t, 1, &once_s));
    TRI_TRY(run_times(m, &t, 4, &once_s));
    int times = once_s > SAMPLE_S ? 1 : (int)(SAMPLE_S / (once_s > 1e-8 ? once_s : 1e-8)), taken = 0;
    for (int on = 1; on && taken < SAMPLES; taken++) {
        TRI_TRY(run_times(m, &t, times, &sample[taken]));
        on = taken + 1 < LEAST_SAMPLES || now_s() < end_s;
        TRI_TRY(tri_bcast(&on, 1, MPI_INT, 0, m->comm));
    }
    (void)tri_summarise(sample, (size_t)taken); /* sorts the samples */
    *out_s = tri_quantile(sample, (size_t)taken, QUANTILE);
    return TRI_OK;
}

/* Seconds per byte: the difference between a long trial and a short one. `each`: how many times the
 * trial's bytes are moved. */
static tri_status take_slope(meter *m, trial t, size_t from, size_t to, double each, double *out) {
    double from_s, to_s;
    t.bytes = from;
    TRI_TRY(take(m, t, &from_s));
    t.bytes = to;
    TRI_TRY(take(m, t, &to_s));
    double slope = (to_s - from_s) / ((double)(to - from) * each);
    /* If noise hides the difference, use the long trial's time per byte, an upper bound. */
    *out = slope > 0 ? slope : to_s / ((double)to * each);
    return TRI_OK;
}

static double least(double a, double b) {
    return a < b ? a : b;
}

/* Inside nodes: the other ranks of the fullest node. Between nodes: ranks of other nodes than the first. */
static void find_peers(meter *m, int level) {
    const tri_shape *s = tri_comm_shape(m->comm);
    int node = level == TRI_INSIDE ? m->fullest : 0, start = s->node_start[node],
        first = level == TRI_INSIDE ? start + 1 : s->node_start[1],
        end = level == TRI_INSIDE ? s->node_start[node + 1] : s->node_start[s->nodes];
    m->hub = s->members[start];
    m->peers = 0;
    for (int i = first; i < end && m->peers < MANY; i++)
        m->peer[m->peers++] = s->members[i];
}

/* The overhead of one message end: a rank that sends and receives one more message has two more overheads.
 * With a single peer, send several messages to it. */
static tri_status take_end(meter *m, int level, const ring *one, double *out_s) {
    double single_s, many_s;
    find_peers(m, level);
    trial t = {ask, NULL, SMALL, 1};
    if (m->peers == 1) t.run = shift, t.ring = one;
    int most = m->peers == 1 ? MANY + 1 : m->peers;
    TRI_TRY(take(m, t, &single_s));
    t.messages = most;
    TRI_TRY(take(m, t, &many_s));
    *out_s = (many_s - single_s) / (2 * (most - 1));
    return TRI_OK;
}

static tri_status take_level(meter *m, int level, tri_network *net) {
    const ring *all = level == TRI_INSIDE ? &m->inside : &m->between,
               *one = level == TRI_INSIDE ? &m->near : &m->lane;
    const tri_shape *shape = tri_comm_shape(m->comm);
    int size = level == TRI_INSIDE ? shape->largest : shape->nodes,
        together = level == TRI_INSIDE ? shape->largest : m->lanes;
    double hop_s, end_s, byte_s, duplex_byte_s, rank_byte_s, node_byte_s;
    TRI_TRY(take(m, (trial){pass, one, SMALL, 1}, &hop_s));
    TRI_TRY(take_end(m, level, one, &end_s));
    TRI_TRY(take_slope(m, (trial){pass, one, 0, 1}, SHORT, LONG, size, &byte_s));
    TRI_TRY(take_slope(m, (trial){shift, one, 0, 1}, SHORT, LONG, 1, &duplex_byte_s));
    TRI_TRY(take_slope(m, (trial){shift, one, 0, FEW}, SHORT, LONG, FEW, &rank_byte_s));
    TRI_TRY(take_slope(m, (trial){shift, all, 0, 1}, SHORT, LONG, together, &node_byte_s));
    hop_s /= size;
    end_s = end_s < 0 ? 0 : least(end_s, hop_s / 2);
    net->level[level].overhead_s = end_s;
    net->level[level].latency_s = hop_s - 2 * end_s;
    net->level[level].byte_s = byte_s;
    net->level[level].rank_byte_s = least(rank_byte_s, byte_s);
    net->level[level].node_byte_s = least(node_byte_s, byte_s);
    net->level[level].duplex_byte_s = duplex_byte_s > byte_s ? duplex_byte_s - byte_s : 0;
    return TRI_OK;
}

static tri_status take_shared(meter *m, tri_network *net) {
    double single_copy_s;
    TRI_TRY(take(m, (trial){raise_flags, &m->inside, 0, 1}, &net->flag_s));
    TRI_TRY(take_slope(m, (trial){copy_slots, &m->inside, 0, 1}, TRI_LARGE_PAYLOAD_BYTES / 4,
                       TRI_LARGE_PAYLOAD_BYTES, 2, &net->slot_byte_s));
    int can = m->shared->single_copy;
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, &can, 1, MPI_INT, MPI_MIN, m->comm));
    if (!can) return TRI_OK;
    m->shared->vectors_known = 0;
    if (m->shared->size > 1) (void)tri_shared_exchange_vectors(m->shared, m->send, m->recv, -1);
    TRI_TRY(take(m, (trial){single_copy, &m->inside, SMALL, 1}, &single_copy_s));
    TRI_TRY(take_slope(m, (trial){single_copy, &m->inside, 0, 1}, SHORT, LONG, 1, &net->single_copy_byte_s));
    net->single_copy_s = single_copy_s;
    m->shared->vectors_known = 0;
    return TRI_OK;
}

/* ---- the eager limit ---- */

static const struct timespec BUSY = {.tv_nsec = 20000000};

/* Whether a send completes while its receiver is busy elsewhere. Decided by majority, since either rank
 * may have been descheduled. */
static tri_status is_eager(meter *m, const ring *r, int second, size_t bytes, int *out) {
    double limit_s = 1e-9 * (double)BUSY.tv_nsec / 3;
    int late = 0;
    for (int i = 0; i < TRIES; i++) {
        TRI_TRY(tri_barrier(m->comm));
        if (r->first) {
            usleep(1000);
            double start_s = now_s();
            TRI_TRY(tri_send(m->send, bytes, MPI_BYTE, r->next, TAG, m->comm));
            late += now_s() - start_s > limit_s;
        } else if (second) {
            nanosleep(&BUSY, NULL);
            TRI_TRY(tri_recv(m->recv, bytes, MPI_BYTE, r->previous, TAG, m->comm));
        }
    }
    TRI_TRY(tri_bcast(&late, 1, MPI_INT, 0, m->comm));
    *out = late <= TRIES / 2;
    return TRI_OK;
}

/* Between the first two ranks of the ring that contains rank 0. */
static tri_status take_eager(meter *m, const ring *r, double *out_bytes) {
    int pair_info[2] = {0, r->next}, rank = tri_comm_rank(m->comm), eager = 1;
    TRI_TRY(tri_bcast(pair_info, 2, MPI_INT, 0, m->comm));
    ring pair = *r;
    pair.first = rank == 0;
    size_t low = 0, high = 256;
    while (eager && high <= LONG) {
        TRI_TRY(is_eager(m, &pair, rank == pair_info[1], high, &eager));
        if (eager) low = high, high *= 2;
    }
    for (int i = 0; i < 4 && !eager; i++) {
        int half;
        size_t middle = low + (high - low) / 2;
        TRI_TRY(is_eager(m, &pair, rank == pair_info[1], middle, &half));
        if (half)
            low = middle;
        else
            high = middle;
    }
    *out_bytes = (double)low;
    return TRI_OK;
}

/* ---- the whole measurement ---- */

static ring ring_of(const int *ranks, int size, int index) {
    if (size < 2) return (ring){0};
    return (ring){.size = size,
                  .next = ranks[(index + 1) % size],
                  .previous = ranks[(index + size - 1) % size],
                  .first = index == 0};
}

static tri_status make_rings(meter *m) {
    const tri_shape *s = tri_comm_shape(m->comm);
    int *lane = malloc((size_t)s->nodes * sizeof *lane);
    if (!lane) return tri_fail(TRI_ERR_MEMORY, "out of memory for %d nodes", s->nodes);
    m->inside = ring_of(s->members + s->node_start[s->node], s->local_size, s->local_rank);
    m->lanes = s->largest;
    m->fullest = -1;
    for (int n = 0; n < s->nodes; n++) {
        int size = s->node_start[n + 1] - s->node_start[n];
        if (size < m->lanes) m->lanes = size;
        if (size == s->largest && m->fullest < 0) m->fullest = n;
        lane[n] = s->members[s->node_start[n] + (s->local_rank < size ? s->local_rank : 0)];
    }
    if (s->local_rank < m->lanes) m->between = ring_of(lane, s->nodes, s->node);
    if (s->node == m->fullest) m->near = m->inside;
    if (s->local_rank == 0) m->lane = m->between;
    free(lane);
    return TRI_OK;
}

static tri_status check_cores(const meter *m) {
    if (m->shared->size <= m->shared->cores) return tri_agree(m->comm, TRI_OK);
    return tri_agree(m->comm, tri_fail(TRI_ERR_IMPOSSIBLE,
                                       "a node has more ranks than cores; start fewer ranks per node"));
}

static tri_status measure(meter *m, tri_network_file *found) {
    const tri_shape *shape = tri_comm_shape(m->comm);
    int shares;
    TRI_TRY(tri_agree(m->comm, tri_shared_of(m->comm, &m->shared)));
    TRI_TRY(tri_shared_ready(m->comm, TRI_RINGS_ALL, &shares));
    TRI_TRY(check_cores(m));
    TRI_TRY(tri_agree(m->comm, make_rings(m)));
    memset(m->send, 0, LONG);
    memset(m->recv, 0, LONG);
    found->measured[TRI_INSIDE] = shape->largest > 1;
    found->measured[TRI_BETWEEN] = shape->nodes > 1;
    TRI_TRY(take(m, (trial){copy, NULL, NEAR, 1}, &found->net.memory_byte_s));
    TRI_TRY(take(m, (trial){combine, NULL, NEAR, 1}, &found->net.combine_byte_s));
    found->net.memory_byte_s /= NEAR;
    found->net.combine_byte_s /= NEAR;
    for (int level = 0; level < TRI_LEVELS; level++)
        if (found->measured[level]) TRI_TRY(take_level(m, level, &found->net));
    if (found->measured[TRI_INSIDE] && shares) TRI_TRY(take_shared(m, &found->net));
    return take_eager(m, shape->nodes > 1 ? &m->between : &m->inside, &found->net.eager_bytes);
}

tri_status tri_network_measure(tri_comm *comm, double seconds, tri_network_file *out) {
    enum { NUMBERS = 28 }; /* calls of take(); each gets an equal share of the time */
    if (tri_comm_size(comm) < 2)
        return tri_fail(TRI_ERR_IMPOSSIBLE, "the measurement needs messages; start at least two ranks");
    meter m = {.comm = comm, .budget_s = seconds / NUMBERS, .send = malloc(LONG), .recv = malloc(LONG)};
    tri_network_file found = tri_network_file_new();
    tri_status status =
        m.send && m.recv ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "out of memory for two messages");
    status = tri_agree(comm, status);
    if (status == TRI_OK) status = measure(&m, &found);
    free(m.send);
    free(m.recv);
    TRI_TRY(status);
    time_t now = time(NULL);
    struct tm utc;
    strftime(found.date, sizeof found.date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    found.nodes = tri_comm_shape(comm)->nodes;
    found.ranks_per_node = tri_comm_shape(comm)->largest;
    TRI_TRY(tri_bcast(&found, sizeof found, MPI_BYTE, 0, comm));
    *out = found;
    return TRI_OK;
}
