/* Schedules of calls drawn at random from a seed: every operation, blocking, nonblocking and persistent, on
 * several communicators at once, completed in an order that each rank draws for itself.
 *
 *   mixed                      every algorithm by name, then a few schedules with the cheapest ones
 *   mixed SEED COUNT           COUNT schedules from this seed on
 */
#include <stdio.h>
#include <time.h>

#include "tests/collectives/mixed.h"

enum { CALLS = 14, SEEDS = 12 };

/* Draws numbers: xorshift64*. */
typedef uint64_t generator;
static uint64_t draw(generator *g, uint64_t below) {
    *g ^= *g >> 12, *g ^= *g << 25, *g ^= *g >> 27;
    return (*g * 0x2545F4914F6CDD1Du >> 33) % below;
}
static generator generator_of(uint64_t seed, uint64_t stream) {
    generator g = (seed + 1) * 0x9E3779B97F4A7C15u ^ (stream + 1) * 0xBF58476D1CE4E5B9u;
    for (int i = 0; i < 4; i++)
        draw(&g, 2);
    return g;
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void make_blocks(one_call *c, generator *g) {
    c->lengths = calloc((size_t)c->size, sizeof *c->lengths);
    if (!c->lengths) abort();
    for (int b = 0; b < c->size; b++)
        c->lengths[b] = draw(g, 3) ? (size_t)draw(g, 90) : 0;
}

/* The same call on all ranks of its communicator. */
static void draw_call(one_call *c, const setting *s, generator *g, int comms) {
    static const size_t counts[] = {0, 1, 2, 3, 7, 61, 500, 3001};
    int which = (int)draw(g, (uint64_t)comms);
    *c = (one_call){.comm = s->comm[which], .where = s->where[which]};
    c->rank = tri_comm_rank(c->comm), c->size = tri_comm_size(c->comm);
    c->operation = (tri_operation)draw(g, TRI_OPERATION_COUNT);
    c->form = (form)draw(g, 4) < 1 ? BLOCKING : (form)(1 + draw(g, FORMS - 1));
    c->count = counts[draw(g, sizeof counts / sizeof *counts)];
    c->root = (int)(draw(g, 1000) % (uint64_t)c->size);
    c->matrices = (int)draw(g, 2);
    c->pair = &s->pairs[draw(g, PAIRS)];
    c->in_place = c->operation != TRI_BCAST && c->operation != TRI_BARRIER && draw(g, 3) == 0;
    c->uneven = c->operation >= TRI_SCATTER && c->operation <= TRI_ALLTOALL && draw(g, 2);
    if (c->operation == TRI_REDUCE_SCATTER) c->uneven = (int)draw(g, 2);
    if (c->operation == TRI_ALLTOALL && c->uneven && draw(g, 2)) c->pairs = s->pairs;
    /* A generator of its own: the halves of a split communicator may draw different numbers of lengths. */
    generator lengths = generator_of(draw(g, 1 << 30), 0);
    make_blocks(c, &lengths);
    if (c->operation == TRI_SCATTER || c->operation == TRI_GATHER || c->operation == TRI_REDUCE)
        c->in_place = c->in_place && c->rank == c->root;
    c->rounds = c->form == PERSISTENT ? draw(g, 4) : 1;
    make_images(c);
    fill(c);
}

/* Starts the next round of a persistent call. */
static void start_round(one_call *c) {
    c->came = now_s();
    c->started = 1;
    CHECK_OK(tri_request_start(c->request));
}

static int is_pending(const one_call *c) {
    return c->request && (c->form == NONBLOCKING || c->started);
}

/* `request`: what a wait or test left of the call's request. */
static void complete(one_call *c, tri_request *request, const char *names, uint64_t seed) {
    c->left = now_s();
    CHECK(request == (c->form == PERSISTENT ? c->request : NULL), "form %d: a wrong request after completion",
          (int)c->form);
    c->request = request;
    c->started = 0;
    check_call(c, names, seed);
    if (++c->round >= c->rounds) return;
    fill(c);
    start_round(c);
}

/* How a schedule may be completed. */
enum {
    ONE_FAMILY,     /* a wait for one request progresses all others */
    ALL_AT_ONCE,    /* several families: a wait is for all requests */
    SEVERAL_ROUNDS, /* persistent calls start again, so only what returns at the first completion may wait */
    MODES
};

/* Completes all requests, in an order and by functions that differ between ranks. */
static void complete_all(one_call *calls, const char *names, uint64_t seed, generator *own, int mode) {
    for (;;) {
        one_call *pending[CALLS];
        tri_request *requests[CALLS];
        size_t count = 0;
        for (int i = 0; i < CALLS; i++)
            if (is_pending(&calls[i])) pending[count++] = &calls[i];
        if (!count) return;
        for (size_t i = 0; i < count; i++)
            requests[i] = pending[i]->request;
        size_t chosen = draw(own, count), some = mode == ONE_FAMILY ? 1 + draw(own, count) : count;
        size_t first = 0, end = 0, index = count; /* complete ones */
        int done = 0;
        switch (draw(own, mode == ONE_FAMILY ? 7 : mode == ALL_AT_ONCE ? 6 : 5)) {
        case 0:
            tri_comm_progress(pending[chosen]->comm);
            break;
        case 1:
            CHECK_OK(tri_request_test(&requests[chosen], &done));
            if (done) first = chosen, end = chosen + 1;
            break;
        case 2:
            CHECK_OK(tri_request_test_all(some, requests, &done));
            if (done) end = some;
            break;
        case 3:
            CHECK_OK(tri_request_test_any(count, requests, &index, &done));
            CHECK(done == (index < count), "a test of any of %zu requests: done %d, index %zu", count, done,
                  index);
            if (done) first = index, end = index + 1;
            break;
        case 4:
            CHECK_OK(tri_request_wait_any(count, requests, &index));
            CHECK(index < count, "a wait for any of %zu requests found none", count);
            first = index, end = index + 1;
            break;
        case 5:
            CHECK_OK(tri_request_wait_all(some, requests));
            end = some;
            break;
        default:
            CHECK_OK(tri_request_wait(&requests[chosen]));
            first = chosen, end = chosen + 1;
        }
        for (size_t i = first; i < end; i++)
            complete(pending[i], requests[i], names, seed);
    }
}

/* No rank has left a barrier before the last one came, by the clock that all ranks of the machine share. */
static void check_barrier(const one_call *c, uint64_t seed) {
    double last;
    MPI_Allreduce(&c->came, &last, 1, MPI_DOUBLE, MPI_MAX, tri_comm_mpi(c->comm));
    CHECK(c->left >= last, "barrier, form %d, %s: left %g s before the last of %d had come, seed %llu",
          (int)c->form, c->where, last - c->left, c->size, (unsigned long long)seed);
}

static void issue(one_call *c, const setting *s, const char *names, uint64_t seed, generator *own) {
    c->came = now_s();
    CHECK_OK(issue_call(c, s));
    if (c->form == BLOCKING) complete(c, NULL, names, seed);
    if (c->form == PERSISTENT && c->rounds && draw(own, 2)) start_round(c);
}

static void run_schedule(const setting *s, uint64_t seed, const char *names) {
    int me, done;
    MPI_Comm_rank(MPI_COMM_WORLD, &me);
    generator shared = generator_of(seed, 0), own = generator_of(seed, 1 + (uint64_t)me);
    int mode = (int)draw(&shared, MODES);
    one_call calls[CALLS];
    memset(calls, 0, sizeof calls);
    for (int i = 0; i < CALLS; i++) {
        draw_call(&calls[i], s, &shared, mode == ONE_FAMILY ? s->family : COMMS);
        if (mode != SEVERAL_ROUNDS && calls[i].rounds > 1) calls[i].rounds = 1;
        issue(&calls[i], s, names, seed, &own);
        one_call *other = &calls[draw(&own, (uint64_t)i + 1)];
        if (draw(&own, 4) || !is_pending(other)) continue;
        tri_request *request = other->request;
        CHECK_OK(tri_request_test(&request, &done));
        if (done) complete(other, request, names, seed);
    }
    size_t first = draw(&own, CALLS);
    for (size_t i = 0; i < CALLS; i++) {
        one_call *c = &calls[(first + i) % CALLS];
        if (c->form == PERSISTENT && c->round < c->rounds && !c->started) start_round(c);
    }
    complete_all(calls, names, seed, &own, mode);
    for (int i = 0; i < CALLS; i++) {
        if (calls[i].operation == TRI_BARRIER && calls[i].rounds) check_barrier(&calls[i], seed);
        call_free(&calls[i]);
    }
}

static void make_setting(setting *s) {
    int rank, size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int *pairs = malloc((size_t)size * sizeof *pairs);
    if (!pairs) abort();
    for (int r = 0; r < size; r++)
        pairs[r] = r / 2;
    MPI_Comm reversed;
    MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &reversed);
    s->family = 3;
    CHECK_OK(tri_comm_create_with(MPI_COMM_WORLD, &(tri_comm_options){.node_of = pairs}, &s->comm[0]));
    CHECK_OK(tri_comm_split(s->comm[0], 0, 0, &s->comm[1]));
    CHECK_OK(tri_comm_split(s->comm[0], rank % 2, 0, &s->comm[2]));
    CHECK_OK(tri_comm_create(reversed, &s->comm[3]));
    CHECK_OK(tri_comm_create_with(reversed, &(tri_comm_options){.node_of = pairs}, &s->comm[4]));
    MPI_Comm_free(&reversed);
    free(pairs);
    s->where[0] = "world, nodes of two", s->where[1] = "world, the machine's nodes";
    s->where[2] = "odd and even halves", s->where[3] = "reversed, the machine's nodes";
    s->where[4] = "reversed, nodes of two";
    sample_pairs(s->pairs, &s->gaps);
    MPI_Type_contiguous(4, MPI_UINT64_T, &s->matrix);
    MPI_Type_commit(&s->matrix);
    MPI_Op_create(multiply, 0, &s->multiply);
}

static void free_setting(setting *s) {
    for (int i = 0; i < COMMS; i++)
        tri_comm_destroy(&s->comm[i]);
    MPI_Op_free(&s->multiply);
    MPI_Type_free(&s->matrix);
    MPI_Type_free(&s->gaps);
}

static void select_all(const setting *s, const char *names) {
    for (int i = 0; i < COMMS; i++)
        CHECK_OK(tri_comm_select(s->comm[i], names));
}

/* The n-th algorithm of each operation. Returns 0 if no operation has one. */
static int names_of(int n, char *out, size_t room) {
    int at = 0, found = 0, seen[TRI_OPERATION_COUNT] = {0};
    out[0] = 0;
    for (int i = 0; i < tri_algorithm_count(); i++) {
        tri_operation o = tri_algorithm_operation(i);
        if (seen[o]++ != n) continue;
        at += snprintf(out + at, room - (size_t)at, "%s%s:%s", found++ ? "," : "", tri_operation_name(o),
                       tri_algorithm_name(i));
    }
    return found;
}

int main(int argc, char **argv) {
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    setting s;
    make_setting(&s);
    uint64_t first = argc > 2 ? strtoull(argv[1], NULL, 10) : 0;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : SEEDS;
    for (uint64_t seed = first; seed < first + count; seed++)
        run_schedule(&s, seed, "");
    char names[512];
    for (int n = 0; names_of(n, names, sizeof names); n++) {
        if (argc > 2 && (uint64_t)n >= count) break;
        select_all(&s, names);
        run_schedule(&s, first + 1000 + (uint64_t)n, names);
    }
    free_setting(&s);
    MPI_Finalize();
    return check_result("mixed");
}
