/* Times neighbourhood collectives on a grid of ranks, beside those of the MPI library. */
#include "apps/bench/neighbours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bench/bench.h"

enum { MPI, DIRECT, COMBINED, OURS, PERSISTENT, VARIANTS, SIZES = 16, DIMS = 3 };
static const char *const names[VARIANTS] = {"mpi", "direct", "combined", "ours", "persistent"};

typedef struct cell {
    size_t bytes;
    tri_neighbours_way chosen;
    bench_variant variants[VARIANTS];
} cell;

typedef struct state {
    int dims, trials, star;
    double duration_s;
    const char *sizes_text;
    size_t sizes[SIZES];
    int size_count, count;
    cell cell[SIZES];
    tri_comm *comm;
    MPI_Comm graph;
    bool has_graph;
    tri_neighbours *neighbours;
    double *send, *recv;
    /* of the cell under way */
    int doubles, calls;
} state;

static const tri_option options[] = {
    TRI_OPTION(state, dims, "dims", "3", "dimensions of the periodic grid of ranks, 1 to 3"),
    TRI_OPTION(state, star, "shape", "box", "all neighbours of a box, or those that share a face",
               "box|star"),
    TRI_OPTION(state, sizes_text, "sizes", "8,64,512,4Ki,32Ki", "bytes of a block; multiples of 8"),
    TRI_OPTION(state, trials, "trials", "11", "trials of each variant"),
    TRI_OPTION(state, duration_s, "duration", "0.01", "minimum seconds of a trial"),
    {.name = NULL},
};

static tri_status call_once(const state *s, int variant, tri_request *kept) {
    size_t n = (size_t)s->doubles;
    switch (variant) {
    case MPI:
        return bench_graph_alltoall(s->send, s->recv, s->doubles, s->graph);
    case PERSISTENT:
        TRI_TRY(tri_request_start(kept));
        return tri_request_wait(&kept);
    default:
        return tri_neighbour_alltoall(s->send, n, MPI_DOUBLE, s->recv, n, MPI_DOUBLE, s->neighbours);
    }
}

static tri_status trial(void *argument, int variant, double *seconds) {
    static const tri_neighbours_way ways[VARIANTS] = {
        [DIRECT] = TRI_NEIGHBOURS_DIRECT, [COMBINED] = TRI_NEIGHBOURS_COMBINED};
    state *s = argument;
    size_t n = (size_t)s->doubles;
    tri_request *kept = NULL;
    tri_neighbours_select(s->neighbours, ways[variant]);
    if (variant == PERSISTENT)
        TRI_TRY(tri_neighbour_alltoall_init(s->send, n, MPI_DOUBLE, s->recv, n, MPI_DOUBLE, s->neighbours,
                                            &kept));
    TRI_TRY(tri_barrier(s->comm));
    double start = tri_now_s();
    for (int i = 0; i < s->calls; i++)
        TRI_TRY(call_once(s, variant, kept));
    *seconds = (tri_now_s() - start) / s->calls;
    return tri_request_free(&kept);
}

/* All variants must receive the same blocks, which the offsets determine. */
static tri_status compare(tri_run *run, state *s) {
    tri_status status = TRI_OK;
    int rank = tri_comm_rank(run->comm), sources;
    const int *source = tri_neighbours_sources(s->neighbours, &sources);
    s->calls = 1;
    for (int v = 0; v < VARIANTS; v++) {
        double seconds;
        for (int i = 0; i < s->count * s->doubles; i++) {
            int block = i / s->doubles;
            s->send[i] = rank * 1000 + block;
            s->recv[i] = -1000;
        }
        TRI_TRY(trial(s, v, &seconds));
        for (int i = 0; i < s->count * s->doubles && status == TRI_OK; i++) {
            int block = i / s->doubles;
            /* Where two ranks have several edges, MPICH 4.0 pairs them in another order. */
            int expected = source[block] * 1000 + block;
            if (v == MPI ? (int)s->recv[i] / 1000 != source[block] : s->recv[i] != expected)
                status = tri_fail(TRI_ERR_WRONG, "block %d of %s is wrong", block, names[v]);
        }
    }
    return tri_agree(run->comm, status);
}

/* Offsets from -1 to 1 in each dimension; a star has only offsets with one nonzero coordinate. */
static int fill_offsets(const state *s, int *offsets) {
    int count = 0, all = 1;
    for (int d = 0; d < s->dims; d++)
        all *= 3;
    for (int x = 0; x < all; x++) {
        int changed = 0;
        for (int d = 0, left = x; d < s->dims; d++, left /= 3) {
            offsets[count * s->dims + d] = left % 3 - 1;
            changed += left % 3 != 1;
        }
        count += s->star ? changed == 1 : changed > 0;
    }
    return count;
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    int ranks[DIMS] = {0}, periodic[DIMS] = {1, 1, 1}, offsets[27 * DIMS];
    size_t most = 0;
    s->comm = run->comm;
    if (s->dims < 1 || s->dims > DIMS) return tri_fail(TRI_ERR_ARGUMENT, "--dims: 1 to %d", (int)DIMS);
    if (s->trials < 1) return tri_fail(TRI_ERR_ARGUMENT, "--trials: at least 1");
    if (!(s->duration_s >= 0)) return tri_fail(TRI_ERR_ARGUMENT, "--duration: 0 or more");
    TRI_TRY(bench_sizes(s->sizes_text, sizeof(double), 1 << 26, s->sizes, SIZES, &s->size_count));
    TRI_TRY(bench_graph_dims(run->comm, s->dims, ranks));
    s->count = fill_offsets(s, offsets);
    TRI_TRY(tri_neighbours_create_stencil(run->comm, s->dims, ranks, periodic, s->count, offsets,
                                          &s->neighbours));
    TRI_TRY(bench_graph_make(run->comm, s->neighbours, &s->graph));
    s->has_graph = true;
    for (int i = 0; i < s->size_count; i++) {
        if (s->sizes[i] > most) most = s->sizes[i];
        s->cell[i].bytes = s->sizes[i];
        for (int v = 0; v < VARIANTS; v++)
            s->cell[i].variants[v] = (bench_variant){.name = names[v]};
        TRI_TRY(bench_create(s->cell[i].variants, VARIANTS, s->trials));
    }
    s->send = calloc((size_t)s->count, most);
    s->recv = calloc((size_t)s->count, most);
    if (!s->send || !s->recv)
        return tri_fail(TRI_ERR_MEMORY, "no memory for %d blocks of %zu bytes; choose smaller --sizes",
                        2 * s->count, most);
    return TRI_OK;
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    for (int i = 0; i < s->size_count; i++) {
        double seconds;
        cell *c = &s->cell[i];
        tri_progress(run, "sizes", i, s->size_count, "sizes");
        s->doubles = (int)(c->bytes / sizeof(double));
        TRI_TRY(compare(run, s));
        TRI_TRY(bench_once(run, names[OURS], trial, s, OURS, &seconds));
        c->chosen = tri_neighbours_last(s->neighbours);
        s->calls = 1 + (int)(seconds > 0 ? s->duration_s / seconds : 1);
        TRI_TRY(bench_alternate(run, c->variants, VARIANTS, s->trials, trial, s));
    }
    tri_progress(run, "sizes", s->size_count, s->size_count, "sizes");
    return TRI_OK;
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    bench_list list = {NULL, 0, 0};
    tri_report_integer(run, "neighbours", s->count, "1", "neighbours of a rank");
    for (int i = 0; i < s->size_count; i++) {
        char size[TRI_SIZE_TEXT], group[80];
        cell *c = &s->cell[i];
        tri_size_format(c->bytes, size);
        snprintf(group, sizeof group, "samples/neighbours/%zu", c->bytes);
        tri_report_line(run, "%d blocks of %s; chosen: %s", s->count, size,
                        names[c->chosen == TRI_NEIGHBOURS_COMBINED ? COMBINED : DIRECT]);
        bench_rows(run, c->variants, VARIANTS, s->trials, MPI, group, &list);
    }
    bench_note(run, &list);
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    for (int i = 0; i < s->size_count; i++)
        bench_destroy(s->cell[i].variants, VARIANTS);
    tri_neighbours_destroy(&s->neighbours);
    if (s->has_graph) bench_graph_free(&s->graph);
    free(s->send);
    free(s->recv);
}

const tri_app bench_neighbours = {
    .name = "bench-neighbours",
    .summary = "times neighbourhood collectives, with and without combined messages",
    .examples = "mpirun -np 8 trireme bench neighbours --dims 3 --shape box\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .setup = setup,
    .run = run,
    .record = record,
    .teardown = teardown,
};
