/* Exact sums of vectors: the bits of tri_sum for every element, on any number of ranks. */
#include "trireme/exact.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
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

/* The sum over ranks 0 to ranks - 1. */
static double expected(size_t i, int ranks) {
    tri_sum sum;
    tri_sum_clear(&sum);
    for (int of = 0; of < ranks; of++)
        tri_sum_add(&sum, term(of, i));
    return tri_sum_round(&sum);
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

static void try_count(tri_comm *comm, size_t count, int in_place) {
    double *send = malloc((count + 1) * sizeof *send), *recv = malloc((count + 1) * sizeof *recv);
    const void *input = in_place ? MPI_IN_PLACE : (const void *)send;
    int root = size / 2;
    fill(send, count);
    memcpy(recv, send, count * sizeof *recv);
    CHECK_OK(tri_exact_allreduce(input, recv, count, comm));
    CHECK(!wrong(recv, 0, count, size), "%zu of %zu sums are wrong in allreduce", wrong(recv, 0, count, size),
          count);
    memcpy(recv, send, count * sizeof *recv);
    input = in_place && rank == root ? MPI_IN_PLACE : (const void *)send;
    CHECK_OK(tri_exact_reduce(input, rank == root ? recv : NULL, count, root, comm));
    if (rank == root)
        CHECK(!wrong(recv, 0, count, size), "%zu of %zu sums are wrong in reduce",
              wrong(recv, 0, count, size), count);
    input = in_place ? MPI_IN_PLACE : (const void *)send;
    memcpy(recv, send, count * sizeof *recv);
    CHECK_OK(tri_exact_scan(input, recv, count, comm));
    CHECK(!wrong(recv, 0, count, rank + 1), "%zu of %zu sums are wrong in scan",
          wrong(recv, 0, count, rank + 1), count);
    memcpy(recv, send, count * sizeof *recv);
    CHECK_OK(tri_exact_exscan(input, recv, count, comm));
    if (rank)
        CHECK(!wrong(recv, 0, count, rank), "%zu of %zu sums are wrong in exscan",
              wrong(recv, 0, count, rank), count);
    else
        CHECK(!memcmp(recv, send, count * sizeof *recv), "exscan changed the result of rank 0");
    free(send);
    free(recv);
}

/* Rank r gets (r + 1) * unit elements, the last rank none; `even`: all of them `unit`. */
static void try_blocks(tri_comm *comm, size_t unit, int even, int in_place) {
    size_t *counts = malloc((size_t)size * sizeof *counts), all = 0, first = 0;
    for (int r = 0; r < size; r++) {
        counts[r] = even ? unit : r == size - 1 ? 0 : unit * (size_t)(r + 1);
        if (r < rank) first += counts[r];
        all += counts[r];
    }
    double *send = malloc((all + 1) * sizeof *send), *recv = malloc((all + 1) * sizeof *recv);
    fill(send, all);
    memcpy(recv, send, all * sizeof *recv);
    const void *input = in_place ? MPI_IN_PLACE : (const void *)send;
    if (even)
        CHECK_OK(tri_exact_reduce_scatter_block(input, recv, unit, comm));
    else
        CHECK_OK(tri_exact_reduce_scatter(input, recv, counts, comm));
    CHECK(!wrong(recv, first, counts[rank], size), "%zu of %zu sums are wrong in reduce_scatter%s",
          wrong(recv, first, counts[rank], size), counts[rank], even ? "_block" : "");
    free(send);
    free(recv);
    free(counts);
}

int main(int argc, char **argv) {
    static const size_t counts[] = {0, 1, 2, 63, 64, 65, 257, 2048, 5000, 140001};
    tri_comm *comm = NULL;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    for (int in_place = 0; in_place < 2; in_place++) {
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
            try_count(comm, counts[i], in_place);
        for (int even = 0; even < 2; even++) {
            try_blocks(comm, 0, even, in_place);
            try_blocks(comm, 3, even, in_place);
            try_blocks(comm, 70001, even, in_place);
        }
    }
    double x = 0;
    CHECK_STATUS(tri_exact_reduce(&x, &x, 1, size, comm), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_exact_allreduce(&x, &x, (size_t)-1, comm), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_exact_reduce_scatter_block(&x, &x, (size_t)-1, comm), TRI_ERR_ARGUMENT);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("exact");
}
