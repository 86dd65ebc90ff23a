/* Reductions by TRI_EXACT_SUM.
 *
 * A sum that is rounded once needs all its terms in one place. Short vectors are gathered whole. Long ones
 * are transposed in pieces: rank b gets block b of the piece from every rank (alltoall), sums its columns,
 * and passes on the results. Blocks are padded to the same length, so that the algorithms in shared memory
 * can carry them.
 *
 * A reduction is a sequence of steps: one that works on this rank's memory, or a collective call that moves
 * data. A blocking one takes each step at once; otherwise all of them are recorded in one schedule. */
#include "collectives/engine/exact.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/sum_columns.h"
#include "collectives/engine/run.h"
#include "collectives/engine/schedule.h"

enum {
    /* Doubles of all ranks together that are gathered whole. */
    GATHERED = 2048,
    /* Doubles of a piece, and the least in a block of it: two buffers of this size are the memory needed. */
    PIECE = 1 << 17,
    LEAST_BLOCK = 1024
};

typedef struct step step;

/* A reduction under way: a block for each rank, `block` doubles apart. */
typedef struct exact {
    tri_comm *comm;
    tri_operation operation;
    const double *mine;
    double *result;
    size_t count;         /* of the vector, or of an equal block of reduce_scatter */
    const size_t *counts; /* of its unequal blocks, which begin at displs; or NULL */
    const ptrdiff_t *displs;
    size_t *kept_counts; /* a copy of `counts`, or NULL */
    int root;            /* -1: all ranks */
    size_t ranks, block;
    double *out, *in;
    tri_schedule *schedule; /* NULL: steps are taken at once */
    void *scratch;          /* of the recorded calls */
    step *steps;            /* that are recorded: those of this rank's memory, last one first */
} exact;

/* What a step does from element `at` on. */
typedef void action(const exact *e, size_t at);

struct step {
    tri_work work;
    action *does;
    const exact *of;
    size_t at;
    step *before;
};

static tri_status take(tri_work *work, int *blocked) {
    const step *s = (const step *)work;
    (void)blocked;
    s->does(s->of, s->at);
    return TRI_OK;
}

static tri_status act(exact *e, action *does, size_t at) {
    if (!e->schedule) {
        does(e, at);
        return TRI_OK;
    }
    step *s = malloc(sizeof *s);
    if (!s) return tri_fail(TRI_ERR_MEMORY, "out of memory for a step of a reduction");
    *s = (step){.work = {take}, .does = does, .of = e, .at = at, .before = e->steps};
    e->steps = s;
    return tri_schedule_record(e->schedule, (tri_step){.verb = TRI_STEP_WORK, .to = &s->work});
}

/* ---- Moving data ---- */

static tri_call_spec spec_of(tri_operation operation, size_t count) {
    return (tri_call_spec){.operation = operation,
                           .unit_bytes = 1,
                           .commutes = 1,
                           .bytes = count * sizeof(double),
                           .type = MPI_BYTE,
                           .type_bytes = 1};
}

/* The call for blocks of `count` doubles, in `context`, which records. */
static tri_status choose(exact *e, tri_operation operation, size_t count, tri_context *context,
                         tri_call *call) {
    tri_call_spec spec = spec_of(operation, count);
    *call = (tri_call){.count = spec.bytes, .root = e->root < 0 ? 0 : e->root};
    *context = e->schedule->context;
    context->verbs = &tri_verbs_record;
    context->engine = &e->schedule->engine;
    return tri_call_choose(e->comm, &spec, 1, call);
}

static tri_status record(exact *e, tri_operation operation, const double *from, double *to, size_t count) {
    tri_context context;
    tri_call call;
    TRI_TRY(choose(e, operation, count, &context, &call));
    call.send = from;
    call.recv = to;
    call.scratch = e->scratch;
    return tri_call_execute(&context, &call);
}

static tri_status turn(exact *e, double *from, double *to) {
    if (e->schedule) return record(e, TRI_ALLTOALL, from, to, e->block);
    return tri_alltoall(from, e->block, MPI_DOUBLE, to, e->block, MPI_DOUBLE, e->comm);
}

/* Gathers blocks of `count` doubles where results belong. */
static tri_status gather(exact *e, const double *from, size_t count) {
    if (e->schedule) return record(e, e->root < 0 ? TRI_ALLGATHER : TRI_GATHER, from, e->in, count);
    if (e->root < 0) return tri_allgather(from, count, MPI_DOUBLE, e->in, count, MPI_DOUBLE, e->comm);
    return tri_gather(from, count, MPI_DOUBLE, e->in, count, MPI_DOUBLE, e->root, e->comm);
}

/* Scratch for all recorded calls, which run one after another. */
static tri_status make_scratch(exact *e, int tag) {
    const tri_operation uses[] = {TRI_ALLTOALL, e->root < 0 ? TRI_ALLGATHER : TRI_GATHER};
    tri_call_spec spec = spec_of(TRI_ALLTOALL, e->block);
    size_t most = 1;
    e->schedule->context = tri_call_prepare(e->comm, &spec, tag, &e->schedule->engine, &tri_verbs_execute);
    for (int i = 0; i < 2; i++) {
        tri_context context;
        tri_call call;
        TRI_TRY(choose(e, uses[i], e->block, &context, &call));
        size_t bytes = tri_call_scratch(&context, &call);
        if (bytes > most) most = bytes;
    }
    e->scratch = malloc(most);
    return e->scratch ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of scratch", most);
}

/* ---- Steps in this rank's memory ---- */

/* What a part of `count` elements has from element `at` on, at most a block. */
static size_t left_of(const exact *e, size_t count, size_t at) {
    size_t left = count > at ? count - at : 0;
    return left < e->block ? left : e->block;
}

/* Fills block b with `some` elements, and zeros. */
static void pack_block(const exact *e, size_t b, size_t first, size_t some) {
    double *to = e->out + b * e->block;
    if (some) memcpy(to, e->mine + first, some * sizeof *to);
    memset(to + some, 0, (e->block - some) * sizeof *to);
}

/* Element `at` and those behind it, block by block. */
static void pack(const exact *e, size_t at) {
    for (size_t b = 0; b < e->ranks; b++) {
        size_t first = at + b * e->block;
        pack_block(e, b, first, left_of(e, e->count, first));
    }
}

/* A part of each rank's block of reduce_scatter. */
static void pack_shares(const exact *e, size_t at) {
    for (size_t b = 0; b < e->ranks; b++) {
        size_t start = e->counts ? (size_t)e->displs[b] : b * e->count;
        pack_block(e, b, start + at, left_of(e, e->counts ? e->counts[b] : e->count, at));
    }
}

static void sum(const exact *e, size_t at) {
    (void)at;
    tri_sum_columns(e->in, e->block, (int)e->ranks, e->block, e->out);
}

/* The whole vectors of the ranks below `at`. */
static void sum_whole(const exact *e, size_t at) {
    if (at) tri_sum_columns(e->in, e->block, (int)at, e->block, e->result);
}

/* A part of this rank's block. In place, this overwrites what has been sent: element i of a block is at i or
 * behind it. */
static void sum_share(const exact *e, size_t at) {
    size_t own = left_of(e, e->counts ? e->counts[e->comm->rank] : e->count, at);
    if (own) tri_sum_columns(e->in, e->block, (int)e->ranks, own, e->result + at);
}

static void scan_columns(const exact *e, size_t at) {
    (void)at;
    tri_sum_prefixes(e->in, e->block, (int)e->ranks, e->block, e->operation == TRI_EXSCAN);
}

static void unpack(const exact *e, const double *from, size_t at) {
    size_t left = e->count - at, most = e->ranks * e->block;
    memcpy(e->result + at, from, (left < most ? left : most) * sizeof *from);
}
static void unpack_in(const exact *e, size_t at) {
    unpack(e, e->in, at);
}
static void unpack_out(const exact *e, size_t at) {
    unpack(e, e->out, at);
}

static void round_alone(const exact *e, size_t at) {
    (void)at;
    tri_sum_columns(e->mine, e->count, 1, e->count, e->result);
}

/* ---- Reductions ---- */

static int is_scan(const exact *e) {
    return e->operation == TRI_SCAN || e->operation == TRI_EXSCAN;
}

/* Whether this rank has a result. */
static int gets(const exact *e) {
    if (e->operation == TRI_EXSCAN) return e->comm->rank > 0;
    return e->root < 0 || e->root == e->comm->rank;
}

/* Vectors that are gathered whole. */
static tri_status add_whole(exact *e) {
    size_t last = is_scan(e) ? (size_t)e->comm->rank + (e->operation == TRI_SCAN) : e->ranks;
    TRI_TRY(gather(e, e->mine, e->count));
    return gets(e) ? act(e, sum_whole, last) : TRI_OK;
}

/* One piece, elements `at` to at + ranks * block: block b of it is summed or scanned on rank b. */
static tri_status add_piece(exact *e, size_t at) {
    TRI_TRY(act(e, pack, at));
    TRI_TRY(turn(e, e->out, e->in));
    TRI_TRY(act(e, is_scan(e) ? scan_columns : sum, at));
    TRI_TRY(is_scan(e) ? turn(e, e->in, e->out) : gather(e, e->out, e->block));
    return gets(e) ? act(e, is_scan(e) ? unpack_out : unpack_in, at) : TRI_OK;
}

static tri_status add_shares(exact *e, size_t at) {
    TRI_TRY(act(e, pack_shares, at));
    TRI_TRY(turn(e, e->out, e->in));
    return act(e, sum_share, at);
}

/* The most elements of a rank's block: of reduce_scatter, or of the vector divided among the ranks. */
static size_t largest_block(const exact *e) {
    if (e->operation != TRI_REDUCE_SCATTER) return (e->count + e->ranks - 1) / e->ranks;
    size_t most = e->counts ? 0 : e->count;
    for (size_t b = 0; e->counts && b < e->ranks; b++)
        if (e->counts[b] > most) most = e->counts[b];
    return most;
}

static int is_short(const exact *e) {
    return e->operation != TRI_REDUCE_SCATTER && e->count <= GATHERED / e->ranks;
}

static tri_status add(exact *e) {
    size_t most = largest_block(e);
    if (!e->count) return TRI_OK;
    if (e->ranks == 1) return gets(e) ? act(e, round_alone, 0) : TRI_OK;
    if (is_short(e)) return add_whole(e);
    int shares = e->operation == TRI_REDUCE_SCATTER;
    size_t per_piece = shares ? e->block : e->ranks * e->block, end = shares ? most : e->count;
    for (size_t at = 0; at < end; at += per_piece)
        TRI_TRY(shares ? add_shares(e, at) : add_piece(e, at));
    return TRI_OK;
}

/* ---- Memory ---- */

static void empty(exact *e) {
    while (e->steps) {
        step *s = e->steps;
        e->steps = s->before;
        free(s);
    }
    free(e->out < e->in ? e->out : e->in);
    free(e->scratch);
    free(e->kept_counts);
}

/* The buffers, for blocks that are as long as a piece has. */
static tri_status open(exact *e, tri_comm *comm, const tri_arguments *a) {
    const tri_call *call = &a->call;
    size_t ranks = (size_t)comm->size, most;
    *e = (exact){.comm = comm,
                 .operation = a->spec.operation,
                 .mine = call->send,
                 .result = call->recv,
                 .count = call->count,
                 .counts = call->send_counts,
                 .displs = call->send_displs,
                 .root = a->spec.operation == TRI_REDUCE ? call->root : -1,
                 .ranks = ranks};
    if (ranks == 1 || !e->count) return TRI_OK;
    size_t block = PIECE / ranks > LEAST_BLOCK ? PIECE / ranks : LEAST_BLOCK;
    most = is_short(e) ? e->count : largest_block(e);
    e->block = most < block ? most : block;
    e->out = malloc(2 * ranks * e->block * sizeof *e->out);
    if (!e->out)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu doubles of exact sums", 2 * ranks * e->block);
    e->in = e->out + ranks * e->block;
    return TRI_OK;
}

tri_status tri_exact_block(tri_comm *comm, tri_arguments *a) {
    exact e;
    tri_status status = open(&e, comm, a);
    if (status == TRI_OK) status = add(&e);
    empty(&e);
    tri_arguments_close(a);
    return status;
}

/* The program may change its counts afterwards. */
static tri_status keep_counts(exact *e) {
    if (!e->counts) return TRI_OK;
    e->kept_counts = malloc(e->ranks * sizeof *e->kept_counts);
    if (!e->kept_counts)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the counts of %zu ranks", e->ranks);
    memcpy(e->kept_counts, e->counts, e->ranks * sizeof *e->kept_counts);
    e->counts = e->kept_counts;
    return TRI_OK;
}

static tri_status record_all(tri_comm *comm, tri_arguments *a, int tag, tri_schedule *schedule,
                             void **memory) {
    exact *e = *memory = malloc(sizeof *e);
    if (!e) return tri_fail(TRI_ERR_MEMORY, "out of memory for a reduction");
    tri_status status = open(e, comm, a);
    e->schedule = schedule;
    TRI_TRY(status);
    TRI_TRY(keep_counts(e));
    TRI_TRY(make_scratch(e, tag));
    return add(e);
}

static void destroy(void *memory) {
    if (memory) empty(memory);
    free(memory);
}

const tri_recorder tri_exact_recorder = {record_all, destroy};
