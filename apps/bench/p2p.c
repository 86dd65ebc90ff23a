/* Times tri_send, tri_recv and tri_exchange against the underlying MPI calls. Each rank of the first half
 * has a partner in the second half; all pairs run concurrently. */
#include "apps/bench/p2p.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bench/bench.h"

enum { MPI_ROUND_TRIP, ROUND_TRIP, MPI_EXCHANGE, EXCHANGE, VARIANTS };
enum { SIZES = 16, TAG = 1 };

typedef struct state {
    const char *sizes_text;
    int trials;
    double duration_s;
    size_t bytes[SIZES];
    int sizes;
    tri_run *run;
    bench_pair pair; /* of the size under way; peer -1: this rank sits out */
    int messages;    /* of a trial */
    bench_variant variants[SIZES][VARIANTS];
} state;

static const tri_option options[] = {
    TRI_OPTION(state, sizes_text, "sizes", "8,4Ki,64Ki,1Mi,4Mi", "bytes of a message"),
    TRI_OPTION(state, trials, "trials", "11", "trials of each variant"),
    TRI_OPTION(state, duration_s, "duration", "0.01", "minimum seconds of a trial"),
    {.name = NULL},
};

static tri_status round_trip(const bench_pair *p) {
    int lower = tri_comm_rank(p->comm) < p->peer;
    if (lower) TRI_TRY(tri_send(p->out, p->bytes, MPI_BYTE, p->peer, TAG, p->comm));
    TRI_TRY(tri_recv(p->in, p->bytes, MPI_BYTE, p->peer, TAG, p->comm));
    return lower ? TRI_OK : tri_send(p->in, p->bytes, MPI_BYTE, p->peer, TAG, p->comm);
}

static tri_status exchange(const bench_pair *p) {
    return tri_exchange(p->out, p->bytes, p->peer, p->in, p->bytes, p->peer, MPI_BYTE, TAG, p->comm);
}

static const struct {
    const char *name;
    tri_status (*call)(const bench_pair *);
    int messages; /* messages of one call */
} kinds[VARIANTS] = {
    [MPI_ROUND_TRIP] = {"mpi_round_trip", bench_round_trip_mpi, 2},
    [ROUND_TRIP] = {"round_trip", round_trip, 2},
    [MPI_EXCHANGE] = {"mpi_exchange", bench_exchange_mpi, 2},
    [EXCHANGE] = {"exchange", exchange, 2},
};

/* Rank 0's bytes differ from those of rank 1, and neighbours from each other. */
static char byte_of(int rank, size_t at) {
    return (char)(unsigned char)((unsigned)rank * 37U + at % 251);
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    int rank = tri_comm_rank(run->comm), half = tri_comm_size(run->comm) / 2;
    size_t most = 1;
    s->run = run;
    TRI_TRY(bench_sizes(s->sizes_text, 1, INT_MAX, s->bytes, SIZES, &s->sizes));
    if (s->trials < 1) return tri_fail(TRI_ERR_ARGUMENT, "--trials: at least 1");
    if (!(s->duration_s >= 0)) return tri_fail(TRI_ERR_ARGUMENT, "--duration: 0 or more");
    if (!half) return tri_fail(TRI_ERR_ARGUMENT, "bench p2p needs two ranks or more");
    for (int i = 0; i < s->sizes; i++) {
        if (s->bytes[i] > most) most = s->bytes[i];
        for (int v = 0; v < VARIANTS; v++)
            s->variants[i][v] =
                (bench_variant){.name = kinds[v].name, .bytes = kinds[v].messages * (double)s->bytes[i]};
        TRI_TRY(bench_create(s->variants[i], VARIANTS, s->trials));
    }
    s->pair = (bench_pair){.comm = run->comm, .out = malloc(most), .in = malloc(most)};
    s->pair.peer = rank >= 2 * half ? -1 : rank < half ? rank + half : rank - half;
    if (!s->pair.out || !s->pair.in)
        return tri_fail(TRI_ERR_MEMORY, "no memory for messages of %zu bytes", most);
    for (size_t i = 0; i < most; i++)
        s->pair.out[i] = byte_of(rank, i);
    memset(s->pair.in, 0, most);
    return TRI_OK;
}

/* Seconds of one call. All ranks start together. */
static tri_status trial(void *argument, int variant, double *seconds) {
    state *s = argument;
    tri_status status = tri_barrier(s->run->comm);
    double start = tri_now_s();
    for (int i = 0; i < s->messages && s->pair.peer >= 0 && status == TRI_OK; i++)
        status = kinds[variant].call(&s->pair);
    *seconds = (tri_now_s() - start) / s->messages;
    return status;
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    for (int i = 0; i < s->sizes; i++) {
        s->pair.bytes = s->bytes[i];
        /* Number of calls that fill the duration, estimated by the second of two short trials. */
        s->messages = 1;
        double seconds;
        TRI_TRY(bench_once(run, "a short trial", trial, s, MPI_ROUND_TRIP, &seconds));
        s->messages = 10;
        TRI_TRY(bench_once(run, "a short trial", trial, s, MPI_ROUND_TRIP, &seconds));
        s->messages = 1 + (int)fmin(s->duration_s / fmax(seconds, 1e-9), 1e6);
        tri_progress(run, "sizes", i, s->sizes, "sizes");
        TRI_TRY(bench_alternate(run, s->variants[i], VARIANTS, s->trials, trial, s));
    }
    tri_progress(run, "sizes", s->sizes, s->sizes, "sizes");
    return TRI_OK;
}

/* Runs each variant again and checks every byte. */
static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    int rank = tri_comm_rank(run->comm), peer = s->pair.peer;
    s->pair.bytes = s->bytes[s->sizes - 1];
    for (int v = 0; v < VARIANTS && peer >= 0; v++) {
        int from = v == MPI_EXCHANGE || v == EXCHANGE ? peer : rank < peer ? rank : peer;
        memset(s->pair.in, 0, s->pair.bytes);
        TRI_TRY(kinds[v].call(&s->pair));
        for (size_t i = 0; i < s->pair.bytes; i++)
            if (s->pair.in[i] != byte_of(from, i))
                return tri_fail(TRI_ERR_WRONG, "%s: byte %zu of %zu is wrong", kinds[v].name, i,
                                s->pair.bytes);
    }
    return TRI_OK;
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    bench_list list = {NULL, 0, 0};
    for (int i = 0; i < s->sizes; i++) {
        char group[40];
        tri_report_line(run, "%zu bytes", s->bytes[i]);
        snprintf(group, sizeof group, "samples/%zu", s->bytes[i]);
        bench_rows(run, s->variants[i], 2, s->trials, MPI_ROUND_TRIP, group, &list);
        bench_rows(run, s->variants[i] + 2, 2, s->trials, 0, group, &list);
    }
    bench_note(run, &list);
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    for (int i = 0; i < s->sizes; i++)
        bench_destroy(s->variants[i], VARIANTS);
    free(s->pair.out);
    free(s->pair.in);
}

const tri_app bench_p2p = {
    .name = "bench-p2p",
    .summary = "compares messages between pairs of ranks with the same messages of the MPI library",
    .examples = "mpirun -np 2 trireme bench p2p --sizes 8,4Mi\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};
