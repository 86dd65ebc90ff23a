/* Message combining for stencils (Traff, Lubbe, Rougier, Hunold 2014).
 *
 * Blocks travel dimension by dimension. In dimension k a block moves by its offset's number k, together with
 * all blocks that move by the same number. For example the corners and edges of a box in two dimensions:
 *
 *      1 2 3        dimension 0: {1 2 3} upwards in one message, {6 7 8} downwards; 4 and 5 stay
 *      4 . 5        dimension 1: {1 4 6} to the left, {3 5 8} to the right; 2 and 7 have arrived
 *      6 7 8
 *
 * A block's way stays between its source and its destination in every dimension, so where both are in the
 * grid, the ranks between them are, too. All ranks have the same offsets, so each of them knows what its
 * neighbours send. An allgather sends a block once to all offsets that have the same numbers so far.
 *
 * Cost, d dimensions, m_k different numbers in dimension k that are not 0, moved by n_k offsets: d latencies,
 * 2 m_k overheads and n_k blocks in each, and as many bytes copied. */
#include <stdlib.h>
#include <string.h>

#include "collectives/cost/terms.h"
#include "collectives/engine/neighbour.h"

/* A call on its way. Blocks are counted by the first offset of their class: the offsets that share a block
 * until dimension k. */
typedef struct way {
    const tri_stencil *s;
    int same;
    size_t block;
    const void **now, **next; /* where the block of a class is, before and after a dimension; or NULL */
    char *room;               /* scratch that is not used yet */
} way;

/* The class of offset i before dimension k. */
static int class_of(const tri_stencil *s, int same, int k, int i) {
    return same ? s->first[k * s->count + i] : i;
}

static int number(const tri_stencil *s, int i, int k) {
    return s->offsets[i * s->dims + k];
}

/* Whether offset i's block passes this rank before dimension k: its source and destination are in the grid.
 * */
static int passes(const tri_stencil *s, int i, int k) {
    for (int d = 0; d < s->dims; d++) {
        int to = s->at[d] + (d < k ? -number(s, i, d) : number(s, i, d));
        if (!s->periodic[d] && (to < 0 || to >= s->ranks[d])) return 0;
    }
    return 1;
}

/* Whether the class of offset i after dimension k has a block here before dimension `when`, k or k + 1. */
static int class_passes(const tri_stencil *s, int same, int i, int k, int when) {
    if (!same) return passes(s, i, when);
    for (int j = i; j < s->count; j++)
        if (class_of(s, 1, k + 1, j) == i && passes(s, j, when)) return 1;
    return 0;
}

/* Whether offset i is the first of its class after dimension k, which moves by `by`. */
static int moves(const tri_stencil *s, int same, int i, int k, int by) {
    return number(s, i, k) == by && class_of(s, same, k + 1, i) == i;
}

/* The next larger number of dimension k that is not 0; *by: the last one, INT_MIN at first. */
static int next_number(const tri_stencil *s, int k, long *by) {
    long best = 0;
    int found = 0;
    for (int i = 0; i < s->count; i++) {
        long x = number(s, i, k);
        if (x && x > *by && (!found || x < best)) best = x, found = 1;
    }
    *by = best;
    return found;
}
static const long before_all = -(1L << 40);

/* Packs the blocks that move by `by`, and sends them; a single one from where it is. */
static tri_status send(tri_context *c, way *w, int k, int by, int to) {
    const tri_stencil *s = w->s;
    const void *from = NULL;
    char *packed = w->room;
    size_t count = 0;
    for (int i = 0; i < s->count; i++)
        if (moves(s, w->same, i, k, by) && class_passes(s, w->same, i, k, k)) count++;
    for (int i = 0, at = 0; i < s->count; i++) {
        if (!moves(s, w->same, i, k, by) || !class_passes(s, w->same, i, k, k)) continue;
        from = w->now[class_of(s, w->same, k, i)];
        if (count > 1) TRI_TRY(tri_do_copy(c, packed + (size_t)at++ * w->block, from, w->block));
    }
    if (count > 1) w->room += count * w->block;
    return to == MPI_PROC_NULL ? TRI_OK : tri_do_send(c, count > 1 ? packed : from, count * w->block, to);
}

static tri_status receive(tri_context *c, way *w, int k, int by, int from) {
    const tri_stencil *s = w->s;
    char *start = w->room;
    for (int i = 0; i < s->count; i++) {
        if (!moves(s, w->same, i, k, by) || !class_passes(s, w->same, i, k, k + 1)) continue;
        w->next[i] = w->room;
        w->room += w->block;
    }
    return from == MPI_PROC_NULL ? TRI_OK : tri_do_recv(c, start, (size_t)(w->room - start), from);
}

static tri_status cross(tri_context *c, way *w, int k) {
    const tri_stencil *s = w->s;
    memset(w->next, 0, (size_t)s->count * sizeof *w->next);
    for (int i = 0; i < s->count; i++)
        if (moves(s, w->same, i, k, 0)) w->next[i] = w->now[class_of(s, w->same, k, i)];
    for (long by = before_all; next_number(s, k, &by);)
        TRI_TRY(receive(c, w, k, (int)by, tri_stencil_shift(s, k, -(int)by)));
    for (long by = before_all; next_number(s, k, &by);)
        TRI_TRY(send(c, w, k, (int)by, tri_stencil_shift(s, k, (int)by)));
    const void **now = w->now;
    w->now = w->next;
    w->next = now;
    return tri_do_wait(c);
}

static tri_status travel(tri_context *c, way *w, const tri_call *call) {
    const tri_stencil *s = w->s;
    for (int i = 0; i < s->count; i++)
        w->now[i] = w->same ? call->send : tri_send_block(c, call, i);
    for (int k = 0; k < s->dims; k++)
        TRI_TRY(cross(c, w, k));
    for (int i = 0; i < s->count; i++)
        if (passes(s, i, s->dims))
            TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, i), w->now[class_of(s, w->same, s->dims, i)],
                                w->block));
    return TRI_OK;
}

tri_status tri_neighbours_exchange_combined(tri_context *c, const tri_neighbours *n, const tri_call *call,
                                            int same) {
    size_t count = (size_t)n->stencil->count;
    if (!call->count || !count) return TRI_OK;
    way w = {.s = n->stencil, .same = same, .block = call->count, .room = call->scratch};
    const void **places = malloc(2 * count * sizeof *places);
    if (!places) return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu neighbours", count);
    w.now = places;
    w.next = places + count;
    tri_status status = travel(c, &w, call);
    free(places);
    return status;
}

/* ---- The price ---- */

/* How many blocks and messages a rank in the middle of the grid sends in dimension k. */
typedef struct traffic {
    int blocks, messages;
} traffic;

static traffic traffic_of(const tri_stencil *s, int same, int k) {
    traffic t = {0, 0};
    for (int i = 0; i < s->count; i++)
        t.blocks += number(s, i, k) && class_of(s, same, k + 1, i) == i;
    for (long by = before_all; next_number(s, k, &by);)
        t.messages++;
    return t;
}

static int is_cheaper(const tri_neighbours *n, size_t block, int same) {
    const tri_stencil *s = n->stencil;
    const tri_network *net = tri_comm_network(n->comm);
    tri_case all = tri_comm_case(n->comm, TRI_ALLTOALL, block, 0, 1);
    tri_subcase c = tri_subcase_of(&all);
    tri_cost direct = {0}, combined = {0};
    int level = tri_case_level(&c);
    tri_cost_burst(&direct, &c, net, level, s->count, (double)block, c.largest);
    for (int k = 0; k < s->dims; k++) {
        traffic t = traffic_of(s, same, k);
        if (!t.messages) continue;
        tri_cost_burst(&combined, &c, net, level, t.messages, (double)block * t.blocks / t.messages,
                       c.largest);
        combined.memory_bytes += (double)block * t.blocks;
    }
    combined.memory_bytes += (double)block * s->count;
    return tri_cost_time_s(&combined, net) < tri_cost_time_s(&direct, net);
}

const tri_neighbours_choice *tri_neighbours_choose(tri_neighbours *n, size_t block, int same) {
    tri_neighbours_choice *known = &n->known[same];
    if (known->way && known->block == block && known->asked == n->way) return known;
    int combine = n->stencil && n->stencil->count && n->way != TRI_NEIGHBOURS_DIRECT &&
                  (n->way == TRI_NEIGHBOURS_COMBINED || is_cheaper(n, block, same));
    size_t blocks = 0;
    for (int k = 0; combine && k < n->stencil->dims; k++)
        blocks += (size_t)traffic_of(n->stencil, same, k).blocks;
    *known = (tri_neighbours_choice){.asked = n->way,
                                     .way = combine ? TRI_NEIGHBOURS_COMBINED : TRI_NEIGHBOURS_DIRECT,
                                     .block = block,
                                     .scratch = 2 * blocks * block};
    return known;
}
