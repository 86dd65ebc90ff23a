/* Schedules of calls drawn at random from a seed: every operation, blocking, nonblocking and persistent, on several
 * communicators at once, completed in an order that each rank draws for itself.
 *
 *   mixed                      every algorithm by name, then a few schedules with the cheapest ones
 *   mixed SEED COUNT           COUNT schedules from this seed on
 */
#include <stdio.h>
#include <time.h>

#include "tests/collectives/sample.h"
#include "trireme/persistent.h"

enum { CALLS = 14, SEEDS = 12, COMMS = 5 };
typedef enum form { BLOCKING, NONBLOCKING, PERSISTENT, FORMS } form;

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

/* The communicators of all schedules: the first `family` of them make progress together. */
typedef struct setting {
    tri_comm *comm[COMMS];
    const char *where[COMMS];
    int family;
    sample_pair pairs[PAIRS];
    MPI_Datatype gaps, matrix;
    MPI_Op multiply; /* does not commute */
} setting;

typedef struct one_call {
    tri_comm *comm;
    const char *where;
    int rank, size;
    tri_operation operation;
    form form;
    int uneven; /* a v-form, or reduce_scatter with unequal blocks */
    int root, in_place;
    int matrices; /* combines them, not integers */
    size_t count;
    const sample_pair *pair;
    size_t *lengths;   /* of the blocks: rank a's for rank b is lengths[(a + b) % size] in alltoall */
    size_t *counts[2]; /* of send and recv, in elements of their types */
    ptrdiff_t *displs[2];
    image send, kept, got, want;
    uint64_t round, rounds; /* a persistent call runs several times */
    double came, left;      /* barrier */
    tri_request *request;
    int started; /* a persistent call that is active */
} one_call;

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* 2 x 2 matrices of integers modulo 2^64: right = left x right. */
static void multiply(void *left, void *right, int *count, MPI_Datatype *type) {
    (void)type;
    for (int i = 0; i < *count; i++) {
        uint64_t a[4], b[4], c[4];
        memcpy(a, (char *)left + 32 * i, 32);
        memcpy(b, (char *)right + 32 * i, 32);
        for (int k = 0; k < 4; k++)
            c[k] = a[k / 2 * 2] * b[k % 2] + a[k / 2 * 2 + 1] * b[2 + k % 2];
        memcpy((char *)right + 32 * i, c, 32);
    }
}

static int combines(const one_call *c) {
    return c->operation >= TRI_REDUCE;
}

static size_t element_bytes(const one_call *c) {
    return c->matrices ? 32 : 8;
}

/* The length of the block that rank `from` has for rank `to`. */
static size_t length_of(const one_call *c, int from, int to) {
    if (!c->uneven) return c->count;
    if (c->operation == TRI_ALLTOALL) return c->lengths[(from + to) % c->size];
    return c->lengths[c->operation == TRI_SCATTER || combines(c) ? to : from];
}

/* Blocks in descending order with gaps, or equal blocks one after another. Returns the room that they need. */
static size_t place_blocks(const one_call *c, int receives, ptrdiff_t *starts) {
    size_t room = 0;
    for (int i = 0; i < c->size; i++) {
        int b = c->uneven && !combines(c) ? c->size - 1 - i : i;
        starts[b] = (ptrdiff_t)room;
        room += receives ? length_of(c, b, c->rank) : length_of(c, c->rank, b);
        if (c->uneven && !combines(c)) room++;
    }
    return room;
}

static size_t *numbers(int count) {
    size_t *out = calloc((size_t)count, sizeof *out);
    if (!out) abort();
    return out;
}

static int has_many(const one_call *c, int receives) {
    int at_root = c->rank == c->root;
    switch (c->operation) {
    case TRI_SCATTER:
        return !receives && at_root;
    case TRI_GATHER:
        return receives && at_root;
    case TRI_ALLGATHER:
        return receives;
    case TRI_ALLTOALL:
        return 1;
    default:
        return 0;
    }
}

/* Input and expected result of a call that moves data. */
static void fill_side(one_call *c, int receives, image *im, int input) {
    const sample_side *side = receives ? &c->pair->recv : &c->pair->send;
    int salt = (int)c->round * 1000;
    if (!has_many(c, receives)) {
        int from = c->operation == TRI_GATHER || c->operation == TRI_ALLGATHER ? c->rank : c->root;
        int to = c->operation == TRI_SCATTER ? c->rank : 0;
        image_put(im, side, 0, length_of(c, c->rank, c->rank), from, to + salt);
        return;
    }
    for (int b = 0; b < c->size; b++) {
        /* The data that an input in place holds, or those that arrive. */
        int from = receives ? b : c->rank, to = receives ? c->rank : b;
        if (input && receives) {
            if (c->operation == TRI_ALLTOALL)
                from = c->rank, to = b;
            else if (b != c->rank)
                continue;
        }
        if (c->operation == TRI_GATHER || c->operation == TRI_ALLGATHER) to = 0;
        size_t length = receives ? length_of(c, b, c->rank) : length_of(c, c->rank, b);
        image_put(im, side, (size_t)c->displs[receives][b] / side->per, length, from, to + salt);
    }
}

static void put_element(one_call *c, unsigned char *at, int rank, size_t i) {
    uint64_t value = sample_value((uint64_t)rank, 7 + c->round, i), matrix[4];
    for (int k = 0; k < 4; k++)
        matrix[k] = value >> 5 * k;
    memcpy(at, matrix, element_bytes(c));
}

/* Element i of the combination of ranks first to last. */
static void combine_element(one_call *c, unsigned char *at, int first, int last, size_t i) {
    unsigned char so_far[32];
    put_element(c, so_far, first, i);
    for (int r = first + 1; r <= last; r++) {
        unsigned char next[32];
        int one = 1;
        put_element(c, next, r, i);
        if (c->matrices) {
            multiply(so_far, next, &one, NULL);
            memcpy(so_far, next, 32);
        } else {
            uint64_t a, b;
            memcpy(&a, so_far, 8);
            memcpy(&b, next, 8);
            a += b;
            memcpy(so_far, &a, 8);
        }
    }
    memcpy(at, so_far, element_bytes(c));
}

static size_t vector_of(const one_call *c) {
    if (c->operation != TRI_REDUCE_SCATTER) return c->count;
    size_t all = 0;
    for (int b = 0; b < c->size; b++)
        all += length_of(c, 0, b);
    return all;
}

static void fill_combine(one_call *c, image *input) {
    size_t all = vector_of(c), first = 0, count = all, bytes = element_bytes(c);
    int last = c->size - 1;
    if (c->operation == TRI_REDUCE_SCATTER) {
        for (int b = 0; b < c->rank; b++)
            first += length_of(c, 0, b);
        count = length_of(c, 0, c->rank);
    }
    if (c->operation == TRI_SCAN) last = c->rank;
    if (c->operation == TRI_EXSCAN) last = c->rank - 1;
    for (size_t i = 0; i < all; i++) {
        put_element(c, input->data + i * bytes, c->rank, i);
        if (c->in_place) put_element(c, c->want.data + i * bytes, c->rank, i);
    }
    int gets = (c->operation != TRI_REDUCE || c->rank == c->root) && last >= 0;
    for (size_t i = 0; gets && i < count; i++)
        combine_element(c, c->want.data + i * bytes, 0, last, first + i);
}

static void blank(image *im) {
    memset(im->raw, FILL, im->bytes);
}

/* Fresh input, other in each round. */
static void fill(one_call *c) {
    blank(&c->send), blank(&c->kept), blank(&c->got), blank(&c->want);
    if (c->operation == TRI_BARRIER) return;
    if (combines(c)) {
        fill_combine(c, c->in_place ? &c->got : &c->send);
    } else if (c->operation == TRI_BCAST) {
        if (c->rank == c->root) fill_side(c, 1, &c->got, 1);
        fill_side(c, 1, &c->want, 0);
    } else {
        int sends = c->operation != TRI_SCATTER || c->rank == c->root;
        int receives = c->operation != TRI_GATHER || c->rank == c->root;
        if (sends && c->operation == TRI_SCATTER)
            fill_side(c, 0, &c->send, 1);
        else if (sends)
            fill_side(c, c->in_place, c->in_place ? &c->got : &c->send, 1);
        if (receives && !(c->operation == TRI_SCATTER && c->in_place)) fill_side(c, 1, &c->want, 0);
    }
    memcpy(c->kept.raw, c->send.raw, c->send.bytes);
}

static void make_blocks(one_call *c, generator *g) {
    c->lengths = numbers(c->size);
    for (int b = 0; b < c->size; b++)
        c->lengths[b] = draw(g, 3) ? (size_t)draw(g, 90) : 0;
}

static void make_images(one_call *c) {
    size_t room[2];
    for (int receives = 0; receives < 2; receives++) {
        const sample_side *side = receives ? &c->pair->recv : &c->pair->send;
        c->counts[receives] = numbers(c->size), c->displs[receives] = (ptrdiff_t *)numbers(c->size);
        size_t all = place_blocks(c, receives, c->displs[receives]);
        room[receives] = has_many(c, receives) ? all : length_of(c, c->rank, c->rank);
        for (int b = 0; b < c->size; b++) {
            c->displs[receives][b] *= (ptrdiff_t)side->per;
            c->counts[receives][b] =
                side->per * (receives ? length_of(c, b, c->rank) : length_of(c, c->rank, b));
        }
        room[receives] *= side->per;
        if (combines(c)) room[receives] = vector_of(c);
    }
    size_t send_bytes = combines(c) ? element_bytes(c) : c->pair->send.type.extent;
    size_t recv_bytes = combines(c) ? element_bytes(c) : c->pair->recv.type.extent;
    c->send = image_new(room[0], send_bytes, 8), c->kept = image_new(room[0], send_bytes, 8);
    c->got = image_new(room[1], recv_bytes, 8), c->want = image_new(room[1], recv_bytes, 8);
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
    /* A generator of its own: the halves of a split communicator may draw different numbers of lengths. */
    generator lengths = generator_of(draw(g, 1 << 30), 0);
    make_blocks(c, &lengths);
    if (c->operation == TRI_SCATTER || c->operation == TRI_GATHER || c->operation == TRI_REDUCE)
        c->in_place = c->in_place && c->rank == c->root;
    c->rounds = c->form == PERSISTENT ? draw(g, 4) : 1;
    make_images(c);
    fill(c);
}

/* One form of a call, with its arguments in parentheses. */
#define CALL(c, name, ...)                                                                                   \
    ((c)->form == BLOCKING      ? tri_##name(__VA_ARGS__, (c)->comm)                                         \
     : (c)->form == NONBLOCKING ? tri_i##name(__VA_ARGS__, (c)->comm, &(c)->request)                         \
                                : tri_##name##_init(__VA_ARGS__, (c)->comm, &(c)->request))

static tri_status issue_move(one_call *c) {
    const sample_side *s = &c->pair->send, *r = &c->pair->recv;
    size_t mine = length_of(c, c->rank, c->rank), *const *n = c->counts;
    ptrdiff_t *const *d = c->displs;
    const void *from = c->in_place && c->operation != TRI_SCATTER ? MPI_IN_PLACE : c->send.data;
    void *into = c->in_place && c->operation == TRI_SCATTER ? MPI_IN_PLACE : c->got.data;
    MPI_Datatype st = s->type.mpi, rt = r->type.mpi;
    switch (c->operation) {
    case TRI_BARRIER:
        return c->form == BLOCKING      ? tri_barrier(c->comm)
               : c->form == NONBLOCKING ? tri_ibarrier(c->comm, &c->request)
                                        : tri_barrier_init(c->comm, &c->request);
    case TRI_BCAST:
        return CALL(c, bcast, into, c->count * r->per, rt, c->root);
    case TRI_SCATTER:
        if (c->uneven) return CALL(c, scatterv, from, n[0], d[0], st, into, mine * r->per, rt, c->root);
        return CALL(c, scatter, from, mine * s->per, st, into, mine * r->per, rt, c->root);
    case TRI_GATHER:
        if (c->uneven) return CALL(c, gatherv, from, mine * s->per, st, into, n[1], d[1], rt, c->root);
        return CALL(c, gather, from, mine * s->per, st, into, mine * r->per, rt, c->root);
    case TRI_ALLGATHER:
        if (c->uneven) return CALL(c, allgatherv, from, mine * s->per, st, into, n[1], d[1], rt);
        return CALL(c, allgather, from, mine * s->per, st, into, mine * r->per, rt);
    default:
        if (c->uneven) return CALL(c, alltoallv, from, n[0], d[0], st, into, n[1], d[1], rt);
        return CALL(c, alltoall, from, mine * s->per, st, into, mine * r->per, rt);
    }
}

static tri_status issue_combine(one_call *c, const setting *s) {
    const void *from = c->in_place ? MPI_IN_PLACE : c->send.data;
    void *into = c->got.data;
    MPI_Datatype type = c->matrices ? s->matrix : MPI_UINT64_T;
    MPI_Op op = c->matrices ? s->multiply : MPI_SUM;
    switch (c->operation) {
    case TRI_REDUCE:
        return CALL(c, reduce, from, into, c->count, type, op, c->root);
    case TRI_ALLREDUCE:
        return CALL(c, allreduce, from, into, c->count, type, op);
    case TRI_REDUCE_SCATTER:
        if (c->uneven) return CALL(c, reduce_scatter, from, into, c->lengths, type, op);
        return CALL(c, reduce_scatter_block, from, into, c->count, type, op);
    case TRI_SCAN:
        return CALL(c, scan, from, into, c->count, type, op);
    default:
        return CALL(c, exscan, from, into, c->count, type, op);
    }
}

static void check(one_call *c, const char *names, uint64_t seed) {
    if (c->operation == TRI_REDUCE_SCATTER && c->in_place) {
        /* MPI leaves the data after the rank's own block undefined. */
        size_t mine = length_of(c, 0, c->rank) * element_bytes(c);
        size_t rest = vector_of(c) * element_bytes(c) - mine;
        memcpy(c->want.data + mine, c->got.data + mine, rest);
    }
    CHECK(image_same(&c->got, &c->want),
          "%s%s, form %d, %s, rank %d of %d, root %d, %zu %s%s, round %d, algorithms '%s', seed %llu",
          tri_operation_name(c->operation), c->uneven ? " of unequal blocks" : "", (int)c->form, c->where,
          c->rank, c->size, c->root, c->count,
          combines(c) ? c->matrices ? "matrices" : "integers"
          : c->pair   ? c->pair->name
                      : "",
          c->in_place ? ", in place" : "", (int)c->round, names, (unsigned long long)seed);
    CHECK(image_same(&c->send, &c->kept), "%s, %s: wrote into what it sends, seed %llu",
          tri_operation_name(c->operation), c->where, (unsigned long long)seed);
}

static void call_free(one_call *c) {
    CHECK_OK(tri_request_free(&c->request));
    for (int side = 0; side < 2; side++) {
        free(c->counts[side]);
        free(c->displs[side]);
    }
    free(c->lengths);
    image_free(&c->send);
    image_free(&c->kept);
    image_free(&c->got);
    image_free(&c->want);
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
    check(c, names, seed);
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
    CHECK_OK(c->operation >= TRI_REDUCE ? issue_combine(c, s) : issue_move(c));
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
    CHECK_OK(tri_comm_split(s->comm[0], 0, &s->comm[1]));
    CHECK_OK(tri_comm_split(s->comm[0], rank % 2, &s->comm[2]));
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
