/* Who is where. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apps/watch/judge.h"

bool is_round(const tri_slot_call *call) {
    return call->round > 0;
}

const char *call_name(const world *w, const tri_slot_call *call) {
    return w->board->names[call->symbol / 2];
}

const tri_slot_call *lane_call(const tri_slot_lane *lane) {
    uint64_t step = atomic_load_explicit(&lane->step, memory_order_acquire);
    if (!(step % 2)) return NULL;
    uint32_t at = lane->current;
    const tri_slot_call *call =
        at >= TRI_SLOT_ROUND ? &lane->rounds[at % TRI_SLOT_ROUNDS] : &lane->calls[at % TRI_SLOT_CALLS];
    return call->step == step ? call : NULL;
}

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

/* The letter of the state of a process or thread in /proc; 0: there is none, or another process has its
 * number. */
static char process_state(int pid, int thread, uint64_t started) {
    char path[64], line[512] = "";
    unsigned long long time = 0;
    if (thread)
        snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, thread);
    else
        snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    if (!fgets(line, sizeof line, file)) *line = 0;
    fclose(file);
    const char *at = strrchr(line, ')');
    if (!at || strlen(at) < 3) return 0;
    char state = at[2];
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    if (!thread && (!at || sscanf(at, "%llu", &time) != 1 || time != started)) return 0;
    return state == 'Z' || state == 'X' ? 0 : state;
}

static bool waits_in(const tri_slot_call *c) {
    if (c->form != TRI_MPI_BLOCKING) return false;
    return c->kind != TRI_CALL_TEST && c->kind != TRI_CALL_ABORT;
}

/* Threads that have not called MPI, and may. */
static bool may_have_more(const tri_slot *slot) {
    enum { SERIALIZED = 2 }; /* MPI_THREAD_SERIALIZED */
    return slot->threads >= SERIALIZED && atomic_load(&slot->strangers) > 0;
}

static void set_state(const world *w, member *m) {
    tri_slot *slot = m->slot;
    int state = atomic_load(&slot->state), lanes = atomic_load(&slot->lanes), waiting = 0, polls = 0,
        live = 0;
    char process = process_state(slot->pid, 0, slot->started);
    m->state = RANK_RUNS;
    if (state == TRI_SLOT_LEFT)
        m->state = RANK_LEFT;
    else if (!process)
        m->state = RANK_DEAD;
    else if (process == 'T' || process == 't')
        m->state = RANK_STOPPED;
    double now = now_ms();
    for (int i = 0; i < lanes && i < TRI_SLOT_LANES; i++) {
        const tri_slot_lane *lane = &slot->lane[i];
        double since = (now - (double)lane->seen_ms) / 1000;
        if (!process_state(slot->pid, lane->thread, 0)) continue; /* the thread has ended */
        const tri_slot_call *call = lane_call(lane);
        live++;
        if (call && waits_in(call) && since >= w->board->first_s * 0.9 &&
            lane->seen_step == atomic_load(&lane->step)) {
            if (!waiting++) m->lane = i;
            m->waits_s = since;
        } else {
            m->outside_s = since;
            const tri_slot_call *last =
                lane->next_call ? &lane->calls[(lane->next_call - 1) % TRI_SLOT_CALLS] : NULL;
            polls += last && last->repeats > 100 && last->step + 3 >= atomic_load(&lane->step);
        }
    }
    if (m->state != RANK_RUNS) return;
    if (polls) m->state = RANK_POLLS;
    if (live && waiting == live && !atomic_load(&slot->crowded) && !may_have_more(slot))
        m->state = RANK_WAITS;
}

object *world_object(const world *w, uint64_t id) {
    for (size_t i = 0; id && i < w->object_count; i++)
        if (w->objects[i].id == id) return &w->objects[i];
    return NULL;
}

const tri_slot_object *world_object_of(const world *w, int rank, uint64_t id) {
    const tri_slot *slot = w->member[rank].slot;
    for (int i = 0; slot && i < TRI_SLOT_OBJECTS; i++)
        if (slot->objects[i].id == id && atomic_load(&slot->objects[i].handle) > 1) return &slot->objects[i];
    return NULL;
}

static int add_object(world *w, int rank, const tri_slot_object *o) {
    object *to = world_object(w, o->id);
    if (!to) {
        object *more = realloc(w->objects, (w->object_count + 1) * sizeof *more);
        if (!more) return 0;
        w->objects = more;
        to = &w->objects[w->object_count++];
        *to = (object){.id = o->id, .one = o, .one_rank = rank};
    }
    /* An intercommunicator has the size of the other side. */
    int side = o->side == 2, there = o->side ? !side : side;
    to->unproven = to->unproven || o->unproven;
    if (!to->size[there]) to->size[there] = o->size;
    if (o->side && !to->size[side]) to->size[side] = w->ranks;
    for (int s = 0; s < 2; s++) {
        if (to->ranks[s] || !to->size[s]) continue;
        to->ranks[s] = malloc((size_t)to->size[s] * sizeof **to->ranks);
        for (int i = 0; to->ranks[s] && i < to->size[s]; i++)
            to->ranks[s][i] = -1;
    }
    if (to->ranks[side] && o->rank >= 0 && o->rank < to->size[side]) to->ranks[side][o->rank] = rank;
    return 1;
}

int world_read(world *w, tri_board *board) {
    *w = (world){.board = board, .ranks = board->world};
    w->member = calloc((size_t)board->world, sizeof *w->member);
    if (!w->member) return 0;
    for (int i = 0; i < board->slots; i++) {
        tri_slot *slot = &board->slot[i];
        if (atomic_load(&slot->state) == TRI_SLOT_EMPTY || slot->rank < 0 || slot->rank >= w->ranks) continue;
        w->member[slot->rank].slot = slot;
        set_state(w, &w->member[slot->rank]);
    }
    for (int r = 0; r < w->ranks; r++)
        for (int i = 0; w->member[r].slot && i < TRI_SLOT_OBJECTS; i++) {
            const tri_slot_object *o = &w->member[r].slot->objects[i];
            if (atomic_load(&o->handle) && o->id && !add_object(w, r, o)) return 0; /* freed ones, too */
        }
    return 1;
}

int world_peer(const world *w, int rank, const tri_slot_call *call, int peer) {
    const object *o = world_object(w, call->object);
    const tri_slot_object *mine = world_object_of(w, rank, call->object);
    if (!o || !mine || peer < 0) return -1;
    int side = mine->side ? mine->side != 2 : 0;
    return peer < o->size[side] && o->ranks[side] ? o->ranks[side][peer] : -1;
}

const tri_slot_call *world_round(const world *w, int rank, uint64_t id, uint64_t round) {
    const tri_slot *slot = w->member[rank].slot;
    int lanes = slot ? atomic_load(&slot->lanes) : 0;
    for (int l = 0; l < lanes && l < TRI_SLOT_LANES; l++)
        for (int i = 0; i < TRI_SLOT_ROUNDS; i++) {
            const tri_slot_call *call = &slot->lane[l].rounds[i];
            if (call->step && call->object == id && call->round == round) return call;
        }
    return NULL;
}
