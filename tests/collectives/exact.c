/* TRI_EXACT_SUM: the bits of tri_sum for every element, on any number of ranks, in every form. */
#include "trireme/exact.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "trireme/persistent.h"
#include "trireme/sum.h"

static int rank, size;

/* Element i of a rank. The kinds: wide range; cancelling; ties and results next to powers of two; special. */
static double term(int of, size_t i) {
    uint64_t x = (i * 64 + (uint64_t)of + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 29;
    double unit = (double)(int64_t)x * 0x1p-63;
    switch (i % 8) {
    case 0:
        return ldexp(unit, (int)(x >> 8 & 1023) - 512);
    case 1: /* the last rank's term cancels the first one's */
        if (of == size - 1 && size > 1) return -ldexp(1 + (double)(i % 97), 60);
        return of ? unit : ldexp(1 + (double)(i % 97), 60);
    case 2: /* ties, up and down, which a last small term may break */
        return of == 0   ? 1 + (double)(i / 8 % 2) * 0x1p-52
               : of == 1 ? 0x1p-53
               : of == 2 ? unit * 0x1p-120
                         : 0;
    case 3: /* below a power of two */
        return of == 0 ? 1 : of == 1 ? -0x1p-54 : unit * 0x1p-107;
    case 4:
        return i % 3 ? -0.0 : of ? -0.0 : 0.0;
    case 5:
        return i % 5 ? ldexp(unit, -1070) : of % 2 ? 0x1.8p1023 : i % 7 ? -0x1.8p1023 : 0x1.8p1023;
    case 6:
        return i % 3 == 0 && of == 0 ? INFINITY : i % 9 == 1 && of == size - 1 ? NAN : unit;
    default:
        return unit;
    }
}

static double add_up(size_t i, int ranks) {
    tri_sum sum;
    tri_sum_clear(&sum);
    for (int of = 0; of < ranks; of++)
        tri_sum_add(&sum, term(of, i));
    return tri_sum_round(&sum);
}

/* The sum over ranks 0 to ranks - 1. All calls have the same terms, so sums are remembered. */
static double expected(size_t i, int ranks) {
    enum { RANKS = 64, COUNT = 150000 };
    static double *known[RANKS];
    static unsigned char *is_known[RANKS];
    if (i >= COUNT || ranks >= RANKS) return add_up(i, ranks);
    if (!known[ranks]) {
        known[ranks] = malloc(COUNT * sizeof *known[ranks]);
        is_known[ranks] = calloc(COUNT, 1);
        if (!known[ranks] || !is_known[ranks]) abort();
    }
    if (!is_known[ranks][i]) known[ranks][i] = add_up(i, ranks);
    is_known[ranks][i] = 1;
    return known[ranks][i];
}

/* How many of `count` elements are not the sums from element `first` on. */
static size_t wrong(const double *got, size_t first, size_t count, int ranks) {
    size_t out = 0;
    for (size_t i = 0; i < count; i++) {
        double want = expected(first + i, ranks);
        out += memcmp(&got[i], &want, sizeof want) != 0;
    }
    return out;
}

static void fill(double *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        x[i] = term(rank, i);
}

typedef enum call_form { BLOCKING, NONBLOCKING, PERSISTENT, FORMS } call_form;

/* Makes a call in one of its forms; a persistent one is started twice, with the same data. */
#define CALL(form, again, name, ...)                                                                         \
    do {                                                                                                     \
        tri_request *request_ = NULL;                                                                        \
        if ((form) == BLOCKING) CHECK_OK(tri_##name(__VA_ARGS__));                                           \
        if ((form) == NONBLOCKING) CHECK_OK(tri_i##name(__VA_ARGS__, &request_));                            \
        if ((form) == PERSISTENT) CHECK_OK(tri_##name##_init(__VA_ARGS__, &request_));                       \
        for (int start_ = 0; (form) == PERSISTENT && start_ < 2; start_++) {                                 \
            again;                                                                                           \
            CHECK_OK(tri_request_start(request_));                                                           \
            CHECK_OK(tri_request_wait(&request_));                                                           \
        }                                                                                                    \
        if ((form) == PERSISTENT) CHECK_OK(tri_request_free(&request_));                                     \
        CHECK_OK(tri_request_wait(&request_));                                                               \
    } while (0)

/* Compares the elements from `first` on with the sums over the ranks below `ranks`. */
static void compare(const char *what, call_form form, const double *got, size_t first, size_t count,
                    int ranks) {
    size_t bad = wrong(got, first, count, ranks);
    CHECK(!bad, "%zu of %zu sums are wrong in %s, form %d", bad, count, what, (int)form);
}

static void try_count(tri_comm *comm, size_t count, call_form form, int in_place) {
    double *send = malloc((count + 1) * sizeof *send), *recv = malloc((count + 1) * sizeof *recv);
    int root = size / 2;
    size_t bytes = count * sizeof *recv;
    if (!send || !recv) abort();
    fill(send, count);
    const void *input = in_place ? MPI_IN_PLACE : (const void *)send;
    memcpy(recv, send, bytes);
    CALL(form, memcpy(recv, send, bytes), allreduce, input, recv, count, MPI_DOUBLE, TRI_EXACT_SUM, comm);
    compare("allreduce", form, recv, 0, count, size);
    memcpy(recv, send, bytes);
    CALL(form, memcpy(recv, send, bytes), scan, input, recv, count, MPI_DOUBLE, TRI_EXACT_SUM, comm);
    compare("scan", form, recv, 0, count, rank + 1);
    memcpy(recv, send, bytes);
    CALL(form, memcpy(recv, send, bytes), exscan, input, recv, count, MPI_DOUBLE, TRI_EXACT_SUM, comm);
    if (rank)
        compare("exscan", form, recv, 0, count, rank);
    else
        CHECK(!memcmp(recv, send, bytes), "exscan changed the result of rank 0");
    memcpy(recv, send, bytes);
    input = in_place && rank == root ? MPI_IN_PLACE : (const void *)send;
    CALL(form, memcpy(recv, send, bytes), reduce, input, rank == root ? recv : NULL, count, MPI_DOUBLE,
         TRI_EXACT_SUM, root, comm);
    if (rank == root) compare("reduce", form, recv, 0, count, size);
    free(send);
    free(recv);
}

/* Rank r gets (r + 1) * unit elements, the last rank none; `even`: all of them `unit`. */
static void try_blocks(tri_comm *comm, size_t unit, int even, call_form form, int in_place) {
    size_t *counts = malloc((size_t)size * sizeof *counts), all = 0, first = 0;
    if (!counts) abort();
    for (int r = 0; r < size; r++) {
        counts[r] = even ? unit : r == size - 1 ? 0 : unit * (size_t)(r + 1);
        if (r < rank) first += counts[r];
        all += counts[r];
    }
    size_t mine = counts[rank], bytes = all * sizeof(double);
    double *send = malloc(bytes + 1), *recv = malloc(bytes + 1);
    if (!send || !recv) abort();
    fill(send, all);
    memcpy(recv, send, bytes);
    const void *input = in_place ? MPI_IN_PLACE : (const void *)send;
    if (even)
        CALL(form, memcpy(recv, send, bytes), reduce_scatter_block, input, recv, unit, MPI_DOUBLE,
             TRI_EXACT_SUM, comm);
    else /* counts are read by the init only */
        CALL(form, (memcpy(recv, send, bytes), memset(counts, 0, (size_t)size * sizeof *counts)),
             reduce_scatter, input, recv, counts, MPI_DOUBLE, TRI_EXACT_SUM, comm);
    compare(even ? "reduce_scatter_block" : "reduce_scatter", form, recv, first, mine, size);
    free(send);
    free(recv);
    free(counts);
}

static void try_all(tri_comm *comm, call_form form, int in_place) {
    /* The last ones in several pieces. Expected sums take most of the time, so not every form has them. */
    static const size_t counts[] = {0, 1, 2, 63, 64, 65, 257, 2048, 5000, 140001}, large = 45001;
    int every = form == BLOCKING ? !in_place : in_place == (form == PERSISTENT);
    rank = tri_comm_rank(comm), size = tri_comm_size(comm);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (every || counts[i] < 5000) try_count(comm, counts[i], form, in_place);
    for (int even = 0; even < 2; even++) {
        try_blocks(comm, 0, even, form, in_place);
        try_blocks(comm, 3, even, form, in_place);
        if (every == even) try_blocks(comm, large, even, form, in_place);
    }
}

/* Several at once, with another reduction between them, completed in an order that differs. */
static void try_many(tri_comm *comm) {
    enum { MANY = 6, COUNT = 3000 };
    static double send[COUNT], recv[MANY][COUNT];
    tri_request *r[MANY];
    rank = tri_comm_rank(comm), size = tri_comm_size(comm);
    fill(send, COUNT);
    for (int i = 0; i < MANY; i++)
        CHECK_OK(tri_iallreduce(send, recv[i], i % 2 ? 40 : COUNT, MPI_DOUBLE,
                                i == 2 ? MPI_MAX : TRI_EXACT_SUM, comm, &r[i]));
    for (int i = 0; i < MANY; i++)
        CHECK_OK(tri_request_wait(&r[(i + rank) % MANY]));
    for (int i = 0; i < MANY; i++)
        if (i != 2) compare("one of several", NONBLOCKING, recv[i], 0, i % 2 ? 40 : COUNT, size);
}

int main(int argc, char **argv) {
    int ranks, world;
    tri_comm *comms[2] = {NULL, NULL};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &world);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comms[0]));
    /* Reversed: a rank is another one in the carrier. */
    CHECK_OK(tri_comm_split(comms[0], 0, -world, &comms[1]));
    for (int of = 0; of < FORMS; of++)
        for (int in_place = 0; in_place < 2; in_place++)
            try_all(comms[of == NONBLOCKING], (call_form)of, in_place);
    try_many(comms[0]);
    double x = 0;
    float y = 0;
    tri_request *request;
    CHECK(TRI_EXACT_SUM == TRI_EXACT_SUM && TRI_EXACT_SUM != MPI_SUM, "the operation changes");
    CHECK_STATUS(tri_reduce(&x, &x, 1, MPI_DOUBLE, TRI_EXACT_SUM, ranks, comms[0]), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_allreduce(&y, &y, 1, MPI_FLOAT, TRI_EXACT_SUM, comms[0]), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_iscan(&y, &y, 1, MPI_BYTE, TRI_EXACT_SUM, comms[0], &request), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_allreduce(&x, &x, (size_t)-1, MPI_DOUBLE, TRI_EXACT_SUM, comms[0]), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_reduce_scatter_block(&x, &x, (size_t)-1, MPI_DOUBLE, TRI_EXACT_SUM, comms[0]),
                 TRI_ERR_ARGUMENT);
    tri_comm_destroy(&comms[1]);
    tri_comm_destroy(&comms[0]);
    MPI_Finalize();
    return check_result("exact");
}
