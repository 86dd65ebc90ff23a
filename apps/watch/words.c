/* Calls, ranks and verdicts in words. */
#include <stdlib.h>
#include <string.h>

#include "apps/watch/judge.h"

/* Adds to a text. */
static void add(char **text, char *more) {
    char *both = words_format("%s%s", *text, more);
    free(*text);
    free(more);
    *text = both;
}

/* "0, 2 to 5": of ranks in rising order. */
char *words_ranks(const int *ranks, int count) {
    char *text = words_format("%s", count == 1 ? "rank " : "ranks ");
    for (int i = 0; i < count;) {
        int last = i;
        while (last + 1 < count && ranks[last + 1] == ranks[last] + 1)
            last++;
        if (i) add(&text, words_format(last + 1 == count && last - i < 2 && i == 1 ? " and " : ", "));
        if (last - i >= 2)
            add(&text, words_format("%d to %d", ranks[i], ranks[last]));
        else if (last > i)
            add(&text,
                words_format(last + 1 == count && i == 0 ? "%d and %d" : "%d, %d", ranks[i], ranks[last]));
        else
            add(&text, words_format("%d", ranks[i]));
        i = last + 1;
    }
    return text;
}

char *words_object(const world *w, uint64_t id) {
    static const char *const kinds[] = {"communicator", "window", "file"};
    const object *o = world_object(w, id);
    if (!o) return words_format("a communicator that is freed");
    if (o->one->kind == TRI_SLOT_COMM && !o->one->made_by && !o->one->made_at && o->one->lowest >= 0 &&
        o->size[0] == w->ranks)
        return words_format("MPI_COMM_WORLD");
    if (o->size[0] == 1 && !o->one->made_at) return words_format("MPI_COMM_SELF");
    const char *place = place_text(w, o->one_rank, (uint64_t)(uintptr_t)o->one->made_at);
    const char *by = o->one->made_by ? w->board->names[o->one->made_by / 2] : NULL;
    return words_format("the %s of %d ranks%s%s%s%s", kinds[o->one->kind], o->size[0], by ? " made by " : "",
                        by ? by : "", place ? " at " : "", place ? place : "");
}

static const char *type_name(const world *w, uint32_t type) {
    unsigned code = type >> 24;
    return w->board->types[code < TRI_SLOT_CODES ? code : 0];
}

static char *words_count(const world *w, const tri_slot_call *c) {
    unsigned long long bytes = (unsigned long long)c->count * tri_slot_type_bytes(c->type);
    if (c->type >> 24 == 0 || !strcmp(type_name(w, c->type), "MPI_BYTE"))
        return words_format("%llu bytes", bytes);
    return words_format("%lld %s", (long long)c->count, type_name(w, c->type));
}

static char *words_peer(const world *w, int rank, const tri_slot_call *c, int peer, const char *word) {
    int p = world_peer(w, rank, c, peer);
    if (peer == TRI_SLOT_ANY) return words_format("%s any rank", word);
    if (peer == TRI_SLOT_NOBODY) return words_format("%s MPI_PROC_NULL", word);
    return p < 0 ? words_format("%s member %d", word, peer) : words_format("%s rank %d", word, p);
}

/* The arguments, in brackets; "" for none. */
static char *words_arguments(const world *w, int rank, const tri_slot_call *c) {
    char *text = words_format("%s", "");
    int parts = 0;
#define PART(...) (add(&text, words_format("%s", parts++ ? ", " : " (")), add(&text, __VA_ARGS__))
    if (c->root >= 0) PART(words_format("root %d", c->root));
    bool sends = c->kind == TRI_CALL_SEND || c->kind == TRI_CALL_SENDRECV;
    bool gets = c->kind == TRI_CALL_RECV || c->kind == TRI_CALL_SENDRECV || c->kind == TRI_CALL_PROBE;
    if (sends) {
        PART(words_peer(w, rank, c, c->peer, "to"));
        PART(words_format("tag %d", c->tag));
    }
    if (gets) {
        PART(words_peer(w, rank, c, c->recv_peer, "from"));
        PART(c->recv_tag == TRI_SLOT_ANY ? words_format("any tag") : words_format("tag %d", c->recv_tag));
    }
    if (c->kind == TRI_CALL_EPOCH && c->peer >= 0 && strstr(call_name(w, c), "ock"))
        PART(words_peer(w, rank, c, c->peer, "of"));
    if (c->count >= 0) PART(words_count(w, c));
    if (c->op) PART(words_format("%s", w->board->ops[c->op < TRI_SLOT_CODES ? c->op : 0]));
    if (c->requests > 1 && c->kind >= TRI_CALL_START && c->kind <= TRI_CALL_TEST)
        PART(words_format("%u requests", c->requests));
    if (parts) add(&text, words_format(")"));
#undef PART
    return text;
}

static const char *where(const world *w, int rank, const tri_slot_call *c) {
    const tri_slot_call *now = lane_call(&w->member[rank].slot->lane[w->member[rank].lane]);
    return now == c ? place_of_rank(w, rank) : place_text(w, rank, (uint64_t)(uintptr_t)c->caller);
}

char *words_place(const world *w, int rank, const tri_slot_call *c) {
    const char *at = where(w, rank, c);
    return words_format("%s%s%s", call_name(w, c), at ? " at " : "", at ? at : "");
}

/* "MPI_Bcast (root 0, 8 bytes) at solve.c:41 (main)". */
char *words_call(const world *w, int rank, const tri_slot_call *c, bool place) {
    char *arguments = words_arguments(w, rank, c);
    const char *at = place ? where(w, rank, c) : NULL;
    char *text = words_format("%s%s%s%s", call_name(w, c), arguments, at ? " at " : "", at ? at : "");
    free(arguments);
    return text;
}

/* ---- verdicts ---- */

/* Members by the call that they have in a round: the first two groups. */
static char *words_mismatch(const world *w, const mismatch *m) {
    int *group[2] = {calloc((size_t)w->ranks, sizeof(int)), calloc((size_t)w->ranks, sizeof(int))},
        count[2] = {0};
    const tri_slot_call *call[2] = {NULL, NULL};
    for (int i = 0; i < m->object->size[0] && group[0] && group[1]; i++) {
        int p = m->object->ranks[0][i];
        const tri_slot_call *c = p < 0 ? NULL : world_round(w, p, m->object->id, m->round);
        if (!c) continue;
        int g = !call[0] || !calls_differ(w, call[0], c) ? 0 : 1;
        if (g && call[1] && calls_differ(w, call[1], c)) continue; /* a third way */
        if (!call[g]) call[g] = c;
        group[g][count[g]++] = p;
    }
    int few = count[1] < count[0], many = !few;
    char *a = words_ranks(group[few], count[few]), *b = words_ranks(group[many], count[many]);
    char *x = words_call(w, *group[few], call[few], true), *y = words_call(w, *group[many], call[many], true);
    char *on = words_object(w, m->object->id);
    char *text =
        words_format("%s call%s %s where %s call%s %s: call %llu on %s", a, count[few] == 1 ? "s" : "", x, b,
                     count[many] == 1 ? "s" : "", y, (unsigned long long)m->round, on);
    free(a), free(b), free(x), free(y), free(on), free(group[0]), free(group[1]);
    return text;
}

/* "rank 0 waits in MPI_Recv (from rank 1, tag 7) at a.c:12". */
static char *words_waits(const world *w, int r) {
    const member *m = &w->member[r];
    const tri_slot_call *now = lane_call(&m->slot->lane[m->lane]);
    char *call = words_call(w, r, now ? now : m->call, true);
    char *for_what = now && now != m->call ? words_call(w, r, m->call, false) : NULL;
    char *on = m->call && is_round(m->call) ? words_object(w, m->call->object) : NULL;
    char *text = words_format("rank %d waits in %s%s%s%s%s", r, call, for_what ? " for its " : "",
                              for_what ? for_what : "", on ? " on " : "", on ? on : "");
    free(call), free(for_what), free(on);
    return text;
}

static char *words_cycle(const world *w, int start) {
    char *text = words_waits(w, start);
    int steps = 0;
    for (int r = w->member[start].target;; r = w->member[r].target) {
        if (r == start) {
            add(&text, words_format(" for rank %d", start));
            return text;
        }
        if (++steps > 7) {
            add(&text, words_format(" for rank %d, and so on back to rank %d", r, start));
            return text;
        }
        char *next = words_waits(w, r);
        add(&text, words_format(" for rank %d, which%s", r, strstr(next, " waits")));
        free(next);
    }
}

/* A rank of a closed chain of waits; -1: there is none. */
static int find_cycle(const world *w) {
    for (int r = 0; r < w->ranks; r++) {
        int at = r;
        for (int i = 0; i < w->ranks && at >= 0 && w->member[at].blocked; i++) {
            if (w->member[at].blame != BLAME_WAITS && w->member[at].blame != BLAME_ANYBODY) break;
            at = w->member[at].target;
            if (at == r) return r;
        }
    }
    return -1;
}

static char *words_gone(const world *w, int r, bool dead) {
    char *waits = words_waits(w, r);
    int p = w->member[r].target;
    char *text = dead ? words_format("rank %d died, and %s for it", p, waits)
                      : words_format("%s for rank %d, which is in MPI_Finalize", waits, p);
    free(waits);
    return text;
}

char *words_verdict(const world *w) {
    mismatch m;
    for (int r = 0; r < w->ranks; r++)
        if (w->member[r].blocked && w->member[r].blame == BLAME_DEAD) return words_gone(w, r, true);
    if (find_mismatch(w, &m)) return words_mismatch(w, &m);
    for (int r = 0; r < w->ranks; r++)
        if (w->member[r].blocked && w->member[r].blame == BLAME_LEFT) return words_gone(w, r, false);
    for (int r = 0; r < w->ranks; r++) {
        if (!w->member[r].blocked || w->member[r].blame != BLAME_ANYBODY) continue;
        char *waits = words_waits(w, r);
        char *text = words_format("%s, and no rank can do what it waits for", waits);
        free(waits);
        return text;
    }
    int start = find_cycle(w);
    if (start >= 0) return words_cycle(w, start);
    return NULL;
}
