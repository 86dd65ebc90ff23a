/* Who can go on. At first, nobody that has waited for long; then each rank that something known could set
 * free, until nothing changes: those that are left wait for each other, or for what cannot come. What is not
 * known could set a rank free. */
#include <string.h>

#include "apps/watch/judge.h"

enum { WEAK_S = 10 };

typedef struct reason {
    blame blame;
    int target;
    const tri_slot_call *call;
} reason;

static bool tag_fits(int wanted, int sent) {
    return wanted == TRI_SLOT_ANY || wanted == sent;
}

static bool sends(const tri_slot_call *c) {
    return c->kind == TRI_CALL_SEND || c->kind == TRI_CALL_SENDRECV;
}

static bool gets(const tri_slot_call *c) {
    return c->kind == TRI_CALL_RECV || c->kind == TRI_CALL_SENDRECV || c->kind == TRI_CALL_PROBE;
}

/* Whether the call `c` of rank p takes a message from rank r, or sends the one that r wants. */
static bool takes(const world *w, int p, const tri_slot_call *c, int r, const tri_slot_call *of) {
    if (!gets(c) || c->object != of->object || !tag_fits(c->recv_tag, of->tag)) return false;
    return c->recv_peer == TRI_SLOT_ANY || world_peer(w, p, c, c->recv_peer) == r;
}

static bool gives(const world *w, int p, const tri_slot_call *c, int r, const tri_slot_call *of) {
    if (!sends(c) || c->object != of->object || !tag_fits(of->recv_tag, c->tag)) return false;
    return world_peer(w, p, c, c->peer) == r;
}

typedef bool fit(const world *w, int p, const tri_slot_call *c, int r, const tri_slot_call *of);

/* Whether rank p has a call or an active request that fits. */
static bool has(const world *w, int p, int r, const tri_slot_call *of, fit *fits) {
    const tri_slot *slot = w->member[p].slot;
    int lanes = atomic_load(&slot->lanes);
    for (int l = 0; l < lanes && l < TRI_SLOT_LANES; l++) {
        const tri_slot_call *c = lane_call(&slot->lane[l]);
        if (c && c != of && fits(w, p, c, r, of)) return true;
    }
    for (int i = 0; i < TRI_SLOT_REQUESTS; i++) {
        const tri_slot_request *q = &slot->requests[i];
        if (atomic_load(&q->handle) > 1 && q->active && &q->call != of && fits(w, p, &q->call, r, of))
            return true;
    }
    return false;
}

/* What rank p can do for the message of `of`: BLAME_NONE: it may still come. */
static blame look_at_peer(const world *w, int p, int r, const tri_slot_call *of, fit *fits) {
    if (p < 0 || !w->member[p].slot) return BLAME_NONE;
    const member *m = &w->member[p];
    if (m->state != RANK_LEFT && m->state != RANK_DEAD && !m->blocked) return BLAME_NONE;
    if (m->state != RANK_DEAD && has(w, p, r, of, fits)) return BLAME_NONE;
    if (atomic_load(&m->slot->lost)) return BLAME_NONE;
    if (m->state == RANK_DEAD) return BLAME_DEAD;
    int in_finalize = atomic_load(&m->slot->state) != TRI_SLOT_RUNS;
    return m->state == RANK_LEFT || in_finalize ? BLAME_LEFT : BLAME_WAITS;
}

static bool send_goes_on(const world *w, int r, const tri_slot_call *c, reason *why) {
    if (c->peer < 0) return true;
    int p = world_peer(w, r, c, c->peer);
    *why = (reason){look_at_peer(w, p, r, c, takes), p, c};
    return why->blame == BLAME_NONE;
}

static bool get_goes_on(const world *w, int r, const tri_slot_call *c, reason *why) {
    const object *o = world_object(w, c->object);
    if (c->recv_peer == TRI_SLOT_ANY) {
        const tri_slot_object *mine = world_object_of(w, r, c->object);
        int side = mine && mine->side ? mine->side != 2 : 0, alone = -1;
        if (!o || !mine || !o->ranks[side]) return true;
        for (int i = 0; i < o->size[side]; i++) {
            int p = o->ranks[side][i];
            if (p == r) continue;
            if (look_at_peer(w, p, r, c, gives) == BLAME_NONE) return true;
            alone = p;
        }
        *why = (reason){BLAME_ANYBODY, alone, c};
        return false;
    }
    if (c->recv_peer < 0) return true;
    int p = world_peer(w, r, c, c->recv_peer);
    *why = (reason){look_at_peer(w, p, r, c, gives), p, c};
    return why->blame == BLAME_NONE;
}

/* Whether two ranks called other functions not long before: since then the numbers of their calls have no
 * meaning. */
static bool histories_differ(const world *w, int r, int p, const tri_slot_call *c) {
    enum { BEFORE = 8 };
    for (uint64_t round = c->round > BEFORE ? c->round - BEFORE : 1; round < c->round; round++) {
        const tri_slot_call *mine = world_round(w, r, c->object, round),
                            *theirs = world_round(w, p, c->object, round);
        if (mine && theirs && (mine->function != theirs->function || mine->form != theirs->form)) return true;
    }
    return false;
}

/* A collective call needs the ranks that have not entered it; the calls of the others must match it. */
static bool round_goes_on(const world *w, int r, const tri_slot_call *c, reason *why) {
    const object *o = world_object(w, c->object);
    if (!o || o->unproven || (o->one && o->one->side) || !o->ranks[0]) return true;
    const char *name = call_name(w, c);
    bool only_root = strstr(name, "cast") || strstr(name, "catter");
    only_root = only_root && !strstr(name, "educe") && c->root >= 0;
    const tri_slot_object *mine = world_object_of(w, r, c->object);
    bool weak = (only_root && mine && mine->rank != c->root) || c->kind == TRI_CALL_NEIGHBOUR;
    for (int i = 0; i < o->size[0]; i++) {
        int p = o->ranks[0][i];
        if (p < 0 || p == r || !w->member[p].slot) continue;
        const member *m = &w->member[p];
        const tri_slot_object *theirs = world_object_of(w, p, c->object);
        bool gone = m->state == RANK_LEFT || m->state == RANK_DEAD;
        const tri_slot_call *same = world_round(w, p, c->object, c->round);
        if ((same && calls_differ(w, c, same)) || histories_differ(w, r, p, c)) {
            *why = (reason){BLAME_MISMATCH, p, c};
            return false;
        }
        if (!theirs && !gone) continue; /* it has freed it, so it had come */
        if (same || (theirs && atomic_load(&theirs->rounds) >= c->round)) continue;
        if (!gone && !m->blocked) continue;
        if (weak && i != c->root && w->member[r].waits_s < WEAK_S) continue;
        bool leaves = m->state == RANK_LEFT || (!gone && atomic_load(&m->slot->state) != TRI_SLOT_RUNS);
        *why = (reason){m->state == RANK_DEAD ? BLAME_DEAD : leaves ? BLAME_LEFT : BLAME_WAITS, p, c};
        return false;
    }
    return true;
}

/* One-sided calls do not say whom they wait for: any rank of the window may be it. */
static bool epoch_goes_on(const world *w, int r, const tri_slot_call *c, reason *why) {
    const object *o = world_object(w, c->object);
    if (!o || !o->ranks[0] || o->size[0] < 2 || w->member[r].waits_s < WEAK_S) return true;
    for (int i = 0; i < o->size[0]; i++) {
        int p = o->ranks[0][i];
        if (p == r) continue;
        if (p < 0 || !w->member[p].slot) return true;
        const member *m = &w->member[p];
        if (!m->blocked && m->state != RANK_LEFT && m->state != RANK_DEAD) return true;
        *why = (reason){BLAME_ANYBODY, p, c};
    }
    return why->blame == BLAME_NONE;
}

/* A call, or the call that made a request. */
static bool goes_on(const world *w, int r, const tri_slot_call *c, reason *why) {
    if (is_round(c)) return round_goes_on(w, r, c, why);
    switch ((tri_call_kind)c->kind) {
    case TRI_CALL_SEND:
        return send_goes_on(w, r, c, why);
    case TRI_CALL_RECV:
    case TRI_CALL_PROBE:
        return get_goes_on(w, r, c, why);
    case TRI_CALL_SENDRECV:
        return get_goes_on(w, r, c, why) && send_goes_on(w, r, c, why);
    case TRI_CALL_EPOCH:
        return epoch_goes_on(w, r, c, why);
    default:
        return true;
    }
}

static bool wait_goes_on(const world *w, int r, const tri_slot_lane *lane, const tri_slot_call *c,
                         reason *why) {
    const tri_slot *slot = w->member[r].slot;
    uint32_t known = lane->waiting_count, stuck = 0;
    for (uint32_t i = 0; i < known; i++) {
        const tri_slot_request *q = &slot->requests[lane->waiting[i]];
        reason one = {BLAME_NONE, -1, NULL};
        if (atomic_load(&q->handle) <= 1 || q->cancelled || goes_on(w, r, &q->call, &one)) continue;
        stuck++;
        *why = one;
        if (c->kind == TRI_CALL_WAIT) return false;
    }
    if (c->kind == TRI_CALL_WAIT || !known || stuck < known) return true;
    /* Requests of MPI_Waitany that are not known may be done. */
    for (uint32_t i = known; i < c->requests; i++)
        if (slot->lost) return true;
    if (stuck > 1) why->blame = BLAME_ANYBODY;
    return false;
}

static bool rank_goes_on(world *w, int r) {
    member *m = &w->member[r];
    int lanes = atomic_load(&m->slot->lanes);
    for (int l = 0; l < lanes && l < TRI_SLOT_LANES; l++) {
        const tri_slot_lane *lane = &m->slot->lane[l];
        const tri_slot_call *c = lane_call(lane);
        reason why = {BLAME_NONE, -1, NULL};
        if (!c) continue; /* of a thread that has ended */
        bool waits = c->kind == TRI_CALL_WAIT || c->kind == TRI_CALL_WAIT_ANY;
        if (waits ? wait_goes_on(w, r, lane, c, &why) : goes_on(w, r, c, &why)) return true;
        m->blame = why.blame;
        m->target = why.target;
        m->call = why.call;
        m->lane = l;
    }
    return false;
}

int find_blocked(world *w) {
    int count = 0;
    for (int r = 0; r < w->ranks; r++) {
        w->member[r].blocked = w->member[r].state == RANK_WAITS;
        count += w->member[r].blocked;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (int r = 0; r < w->ranks; r++)
            if (w->member[r].blocked && rank_goes_on(w, r)) {
                w->member[r].blocked = false;
                count--;
                changed = true;
            }
    }
    return count;
}
