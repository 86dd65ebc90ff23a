/* random SEED TRIALS MODE: random collective calls. MPI_X, which a preload may do, is compared with the MPI
 * library's PMPI_X.
 *
 * MODE: same: results are equal bit by bit. any: those of sums and products of real numbers are not compared.
 * fixed: these are compared with the sum from rank 0 on. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BARRIER,
    BCAST,
    SCATTER,
    GATHER,
    ALLGATHER,
    ALLTOALL,
    SCATTERV,
    GATHERV,
    ALLGATHERV,
    ALLTOALLV,
    ALLTOALLW,
    REDUCE,
    ALLREDUCE,
    REDUCE_SCATTER_BLOCK,
    REDUCE_SCATTER,
    SCAN,
    EXSCAN,
    FUNCTIONS
};
static const char *const names[] = {"barrier",        "bcast",
                                    "scatter",        "gather",
                                    "allgather",      "alltoall",
                                    "scatterv",       "gatherv",
                                    "allgatherv",     "alltoallv",
                                    "alltoallw",      "reduce",
                                    "allreduce",      "reduce_scatter_block",
                                    "reduce_scatter", "scan",
                                    "exscan"};
enum { COMMS = 4, MOST_RANKS = 64, GUARD = 64 };

/* splitmix64: one sequence that all ranks share, one of each rank. */
static uint64_t common, own;
static uint64_t next(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}
static int below(int n) {
    return (int)(next(&common) % (uint64_t)n);
}

typedef struct call {
    int function, rank, ranks, root, count, in_place, real, exact;
    MPI_Comm comm;
    MPI_Datatype type;
    MPI_Op op;
    size_t size;
    int send_counts[MOST_RANKS], send_displs[MOST_RANKS], recv_counts[MOST_RANKS], recv_displs[MOST_RANKS];
    MPI_Datatype types[MOST_RANKS];
    int send_bytes[MOST_RANKS], recv_bytes[MOST_RANKS];
} call;

/* Elements that this rank's buffers have. */
static size_t sends(const call *c) {
    size_t all = (size_t)c->count * (size_t)c->ranks, uneven = 0;
    for (int r = 0; r < c->ranks; r++)
        if ((size_t)c->send_displs[r] + (size_t)c->send_counts[r] > uneven)
            uneven = (size_t)c->send_displs[r] + (size_t)c->send_counts[r];
    size_t most = all > uneven ? all : uneven;
    return most + 1;
}
static size_t gets(const call *c) {
    size_t all = (size_t)c->count * (size_t)c->ranks, uneven = 0;
    for (int r = 0; r < c->ranks; r++)
        if ((size_t)c->recv_displs[r] + (size_t)c->recv_counts[r] > uneven)
            uneven = (size_t)c->recv_displs[r] + (size_t)c->recv_counts[r];
    return (all > uneven ? all : uneven) + sends(c);
}

static void fill(const call *c, char *to, size_t count) {
    for (size_t i = 0; i < count * c->size; i++)
        to[i] = (char)next(&own);
    if (!c->real) return;
    for (size_t i = 0; i < count; i++) {
        double x =
            ((double)next(&own) / 1.8446744073709552e19 - 0.5) * (double)(UINT64_C(1) << next(&own) % 40);
        float y = (float)x;
        if (c->size == sizeof x)
            memcpy(to + i * sizeof x, &x, sizeof x);
        else
            memcpy(to + i * sizeof y, &y, sizeof y);
    }
}

/* The call by MPI_X (P empty) or PMPI_X. */
#define CALL(P, c, send, recv)                                                                               \
    do {                                                                                                     \
        const void *from = (c)->in_place && (c)->function != BCAST ? MPI_IN_PLACE : (send);                  \
        int at_root = (c)->rank == (c)->root, n = (c)->count;                                                \
        MPI_Datatype t = (c)->type;                                                                          \
        MPI_Comm m = (c)->comm;                                                                              \
        switch ((c)->function) {                                                                             \
        case BARRIER:                                                                                        \
            P##MPI_Barrier(m);                                                                               \
            break;                                                                                           \
        case BCAST:                                                                                          \
            P##MPI_Bcast(recv, n, t, (c)->root, m);                                                          \
            break;                                                                                           \
        case SCATTER:                                                                                        \
            P##MPI_Scatter(send, n, t, (c)->in_place &&at_root ? MPI_IN_PLACE : (recv), n, t, (c)->root, m); \
            break;                                                                                           \
        case GATHER:                                                                                         \
            P##MPI_Gather(at_root ? from : (send), n, t, recv, n, t, (c)->root, m);                          \
            break;                                                                                           \
        case ALLGATHER:                                                                                      \
            P##MPI_Allgather(from, n, t, recv, n, t, m);                                                     \
            break;                                                                                           \
        case ALLTOALL:                                                                                       \
            P##MPI_Alltoall(from, n, t, recv, n, t, m);                                                      \
            break;                                                                                           \
        case SCATTERV:                                                                                       \
            P##MPI_Scatterv(send, (c)->send_counts, (c)->send_displs, t,                                     \
                            (c)->in_place &&at_root ? MPI_IN_PLACE : (recv), (c)->send_counts[(c)->rank], t, \
                            (c)->root, m);                                                                   \
            break;                                                                                           \
        case GATHERV:                                                                                        \
            P##MPI_Gatherv(at_root ? from : (send), (c)->recv_counts[(c)->rank], t, recv, (c)->recv_counts,  \
                           (c)->recv_displs, t, (c)->root, m);                                               \
            break;                                                                                           \
        case ALLGATHERV:                                                                                     \
            P##MPI_Allgatherv(from, (c)->recv_counts[(c)->rank], t, recv, (c)->recv_counts,                  \
                              (c)->recv_displs, t, m);                                                       \
            break;                                                                                           \
        case ALLTOALLV:                                                                                      \
            P##MPI_Alltoallv(from, (c)->send_counts, (c)->send_displs, t, recv, (c)->recv_counts,            \
                             (c)->recv_displs, t, m);                                                        \
            break;                                                                                           \
        case ALLTOALLW:                                                                                      \
            P##MPI_Alltoallw(from, (c)->send_counts, (c)->send_bytes, (c)->types, recv, (c)->recv_counts,    \
                             (c)->recv_bytes, (c)->types, m);                                                \
            break;                                                                                           \
        case REDUCE:                                                                                         \
            P##MPI_Reduce(at_root ? from : (send), recv, n, t, (c)->op, (c)->root, m);                       \
            break;                                                                                           \
        case ALLREDUCE:                                                                                      \
            P##MPI_Allreduce(from, recv, n, t, (c)->op, m);                                                  \
            break;                                                                                           \
        case REDUCE_SCATTER_BLOCK:                                                                           \
            P##MPI_Reduce_scatter_block(from, recv, n, t, (c)->op, m);                                       \
            break;                                                                                           \
        case REDUCE_SCATTER:                                                                                 \
            P##MPI_Reduce_scatter(from, recv, (c)->recv_counts, t, (c)->op, m);                              \
            break;                                                                                           \
        case SCAN:                                                                                           \
            P##MPI_Scan(from, recv, n, t, (c)->op, m);                                                       \
            break;                                                                                           \
        case EXSCAN:                                                                                         \
            P##MPI_Exscan(from, recv, n, t, (c)->op, m);                                                     \
            break;                                                                                           \
        }                                                                                                    \
    } while (0)

/* What a reduction gives if it combines from rank 0 on: computed from all ranks' inputs. */
static void fold(const call *c, const char *input, char *recv) {
    int f = c->function;
    size_t n = f == REDUCE_SCATTER || f == REDUCE_SCATTER_BLOCK ? 0 : (size_t)c->count;
    size_t first = 0, mine = n;
    if (f == REDUCE_SCATTER_BLOCK)
        mine = (size_t)c->count, n = mine * (size_t)c->ranks, first = mine * (size_t)c->rank;
    for (int r = 0; f == REDUCE_SCATTER && r < c->ranks; r++) {
        if (r == c->rank) first = n, mine = (size_t)c->recv_counts[r];
        n += (size_t)c->recv_counts[r];
    }
    char *all = malloc(n * c->size * (size_t)c->ranks + 1);
    PMPI_Allgather(input, (int)n, c->type, all, (int)n, c->type, c->comm);
    int last = f == SCAN ? c->rank : f == EXSCAN ? c->rank - 1 : c->ranks - 1;
    for (int r = 1; r <= last; r++)
        PMPI_Reduce_local(all + (size_t)(r - 1) * n * c->size, all + (size_t)r * n * c->size, (int)n, c->type,
                          c->op);
    if (last >= 0 && (f != REDUCE || c->rank == c->root))
        memcpy(recv, all + ((size_t)last * n + first) * c->size, mine * c->size);
    free(all);
}

static void choose(call *c, const MPI_Comm *comms) {
    static const int sizes[] = {1, 1, 2, 3, 7, 30, 200, 1500, 9000};
    c->function = below(FUNCTIONS);
    c->comm = comms[below(COMMS)];
    PMPI_Comm_rank(c->comm, &c->rank);
    PMPI_Comm_size(c->comm, &c->ranks);
    int root = below(1 << 20);
    c->root = root % c->ranks;
    c->count = below(1 + sizes[below(sizeof sizes / sizeof *sizes)]);
    c->in_place = below(4) == 0;
    int kind = below(4), op = below(6);
    const MPI_Datatype types[] = {MPI_INT, MPI_UINT64_T, MPI_FLOAT, MPI_DOUBLE};
    const MPI_Op whole[] = {MPI_SUM, MPI_PROD, MPI_MIN, MPI_MAX, MPI_BXOR, MPI_LAND},
                 real[] = {MPI_SUM, MPI_PROD, MPI_MIN, MPI_MAX, MPI_SUM, MPI_SUM};
    c->real = kind > 1;
    c->type = types[kind];
    c->size = kind == 0 || kind == 2 ? 4 : 8;
    c->op = c->real ? real[op] : whole[op];
    c->exact = c->function < REDUCE || !c->real || c->op == MPI_MIN || c->op == MPI_MAX;
    /* counts[r][s]: what rank r sends to rank s; a sequence that depends on the pair alone */
    uint64_t salt = next(&common);
    int to = 0, from = 0;
    for (int r = 0; r < c->ranks; r++) {
        int me = c->rank, any = c->function == ALLTOALLV || c->function == ALLTOALLW;
        uint64_t a = salt + (uint64_t)(any && !c->in_place ? me * 64 + r : r),
                 b = salt + (uint64_t)(any && !c->in_place ? r * 64 + me : r);
        if (any && c->in_place) a = b = salt + (uint64_t)(me < r ? me * 64 + r : r * 64 + me);
        c->send_counts[r] = (int)(next(&a) % (uint64_t)(c->count + 1));
        c->recv_counts[r] = (int)(next(&b) % (uint64_t)(c->count + 1));
        c->send_displs[r] = to;
        c->recv_displs[r] = from;
        c->types[r] = c->type;
        c->send_bytes[r] = to * (int)c->size;
        c->recv_bytes[r] = from * (int)c->size;
        to += c->send_counts[r] + (int)(salt % 3);
        from += c->recv_counts[r] + (int)(salt % 3);
    }
}

/* 0: the results are equal. */
static int try(const call *c, const char *mode) {
    size_t in = sends(c) * c->size, out = gets(c) * c->size + GUARD;
    char *send = malloc(in), *first = malloc(out), *theirs = malloc(out), *ours = malloc(out);
    fill(c, send, sends(c));
    memset(first, 0x5a, out);
    if (c->in_place || c->function == BCAST) fill(c, first, (out - GUARD) / c->size);
    memcpy(ours, first, out);
    memcpy(theirs, first, out);
    CALL(, c, send, ours);
    int same = !strcmp(mode, "same") || c->exact;
    if (same)
        CALL(P, c, send, theirs);
    else
        fold(c, c->in_place && (c->function != REDUCE || c->rank == c->root) ? first : send, theirs);
    /* What MPI leaves undefined: exscan's result on rank 0, the input of a reduce in place. */
    size_t compared = out;
    if (c->function == EXSCAN && c->rank == 0) compared = 0;
    if ((c->function == REDUCE_SCATTER || c->function == REDUCE_SCATTER_BLOCK) && c->in_place)
        compared = (size_t)(c->function == REDUCE_SCATTER ? c->recv_counts[c->rank] : c->count) * c->size;
    int differs = (same || !strcmp(mode, "fixed")) && memcmp(ours, theirs, compared) != 0;
    free(send);
    free(first);
    free(theirs);
    free(ours);
    return differs;
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    if (argc < 4) MPI_Abort(MPI_COMM_WORLD, 2);
    MPI_Comm comms[COMMS] = {MPI_COMM_WORLD};
    int rank, bad = 0, worst;
    uint64_t seed = strtoull(argv[1], NULL, 10);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_dup(MPI_COMM_WORLD, &comms[1]);
    MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &comms[2]);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &comms[3]);
    for (int trial = 0; trial < atoi(argv[2]); trial++) {
        call c = {0};
        common = seed * 1000003 + (uint64_t)trial;
        own = common * 31 + (uint64_t)rank + 1;
        choose(&c, comms);
        if (!try(&c, argv[3])) continue;
        if (!bad++)
            fprintf(stderr, "seed %s, trial %d, rank %d: %s of %d elements on %d ranks differs\n", argv[1],
                    trial, rank, names[c.function], c.count, c.ranks);
    }
    PMPI_Allreduce(&bad, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    for (int i = 1; i < COMMS; i++)
        MPI_Comm_free(&comms[i]);
    MPI_Finalize();
    return worst != 0;
}
