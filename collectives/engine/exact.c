/* Exact sums of vectors: tri_exact_allreduce() and its kin.
 *
 * A sum that is rounded once needs all its terms in one place. Short vectors are gathered whole. Long ones
 * are transposed in pieces: rank b gets block b of the piece from every rank (alltoall), sums its columns,
 * and passes on the results. Blocks are padded to the same length, so that the algorithms in shared memory
 * can carry them. */
#include "trireme/exact.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/sum_columns.h"
#include "collectives/engine/engine.h"
#include "collectives/engine/layout.h"

enum {
    /* Doubles of all ranks together that are gathered whole. */
    GATHERED = 2048,
    /* Doubles of a piece, and the least in a block of it: two buffers of this size are the memory needed. */
    PIECE = 1 << 17,
    LEAST_BLOCK = 1024
};

/* A piece in transit: a block for each rank, `block` doubles apart. */
typedef struct transit {
    tri_comm *comm;
    size_t ranks, block;
    double *out, *in;
} transit;

/* TRI_ERR_ARGUMENT: `count` doubles of each rank exceed the address space. */
static tri_status check(size_t count, const tri_comm *comm) {
    size_t bytes, all;
    TRI_TRY(tri_count_bytes(count, sizeof(double), &bytes));
    return tri_count_bytes(bytes, (size_t)comm->size, &all);
}

static tri_status transit_create(tri_comm *comm, size_t block, transit *out) {
    size_t ranks = (size_t)comm->size, all = block ? ranks * block : 1;
    *out = (transit){.comm = comm, .ranks = ranks, .block = block};
    out->out = malloc(2 * all * sizeof(double));
    if (!out->out) return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu doubles of exact sums", 2 * all);
    out->in = out->out + all;
    return TRI_OK;
}

static void transit_destroy(transit *t) {
    free(t->out);
}

/* The block of each piece where each rank has `most` elements to pass on. */
static size_t block_for(size_t most, size_t ranks) {
    size_t block = PIECE / ranks > LEAST_BLOCK ? PIECE / ranks : LEAST_BLOCK;
    return most < block ? most : block;
}

/* What a part of `count` elements has from element `at` on, at most `block`. */
static size_t left_of(size_t count, size_t at, size_t block) {
    size_t left = count > at ? count - at : 0;
    return left < block ? left : block;
}

static void pack(double *to, size_t block, const double *from, size_t some) {
    memcpy(to, from, some * sizeof *to);
    memset(to + some, 0, (block - some) * sizeof *to);
}

static tri_status turn(const transit *t) {
    return tri_alltoall(t->out, t->block, MPI_DOUBLE, t->in, t->block, MPI_DOUBLE, t->comm);
}

/* Gathers the whole vectors; root -1: on all ranks. */
static tri_status gather(const transit *t, const double *mine, size_t count, int root) {
    if (root < 0) return tri_allgather(mine, count, MPI_DOUBLE, t->in, count, MPI_DOUBLE, t->comm);
    return tri_gather(mine, count, MPI_DOUBLE, t->in, count, MPI_DOUBLE, root, t->comm);
}

static tri_status reduce_short(const double *mine, double *recv, size_t count, int root, tri_comm *comm) {
    transit t;
    TRI_TRY(transit_create(comm, count, &t));
    tri_status status = gather(&t, mine, count, root);
    if (status == TRI_OK && (root < 0 || root == comm->rank))
        tri_sum_columns(t.in, count, comm->size, count, recv);
    transit_destroy(&t);
    return status;
}

/* One piece, elements `at` to at + ranks * block: block b of it is summed on rank b. */
static tri_status reduce_piece(transit *t, const double *mine, double *recv, size_t at, size_t count,
                               int root) {
    for (size_t b = 0; b < t->ranks; b++) {
        size_t first = at + b * t->block, some = left_of(count, first, t->block);
        pack(t->out + b * t->block, t->block, some ? mine + first : mine, some);
    }
    TRI_TRY(turn(t));
    tri_sum_columns(t->in, t->block, (int)t->ranks, t->block, t->out);
    TRI_TRY(gather(t, t->out, t->block, root));
    if (root < 0 || root == t->comm->rank)
        memcpy(recv + at, t->in, left_of(count, at, t->ranks * t->block) * sizeof *recv);
    return TRI_OK;
}

static tri_status reduce(const void *send, void *recv, size_t count, int root, tri_comm *comm) {
    const double *mine = send == MPI_IN_PLACE ? recv : send;
    size_t ranks = (size_t)comm->size;
    TRI_TRY(check(count, comm));
    if (!count) return TRI_OK;
    if (count <= GATHERED / ranks || ranks == 1) return reduce_short(mine, recv, count, root, comm);
    transit t;
    TRI_TRY(transit_create(comm, block_for((count + ranks - 1) / ranks, ranks), &t));
    tri_status status = TRI_OK;
    for (size_t at = 0; at < count && status == TRI_OK; at += ranks * t.block)
        status = reduce_piece(&t, mine, recv, at, count, root);
    transit_destroy(&t);
    return status;
}

tri_status tri_exact_reduce(const void *send, void *recv, size_t count, int root, tri_comm *comm) {
    TRI_TRY(tri_check_root(root, comm));
    return reduce(send, recv, count, root, comm);
}

tri_status tri_exact_allreduce(const void *send, void *recv, size_t count, tri_comm *comm) {
    return reduce(send, recv, count, -1, comm);
}

/* counts NULL: recv_count elements for each rank. */
static tri_status reduce_scatter(const void *send, double *recv, const size_t *counts, size_t recv_count,
                                 tri_comm *comm) {
    const double *mine = send == MPI_IN_PLACE ? recv : send;
    size_t ranks = (size_t)comm->size, most = counts ? 0 : recv_count;
    for (size_t b = 0; counts && b < ranks; b++)
        if (counts[b] > most) most = counts[b];
    TRI_TRY(check(most, comm));
    transit t;
    TRI_TRY(transit_create(comm, block_for(most, ranks), &t));
    tri_status status = TRI_OK;
    for (size_t at = 0; at < most && status == TRI_OK; at += t.block) {
        size_t start = 0;
        for (size_t b = 0; b < ranks; b++) {
            size_t count = counts ? counts[b] : recv_count, some = left_of(count, at, t.block);
            pack(t.out + b * t.block, t.block, some ? mine + start + at : mine, some);
            start += count;
        }
        size_t own = left_of(counts ? counts[comm->rank] : recv_count, at, t.block);
        status = turn(&t);
        /* In place, this overwrites what has been sent: element i of a block is at i or behind it. */
        if (status == TRI_OK && own) tri_sum_columns(t.in, t.block, comm->size, own, recv + at);
    }
    transit_destroy(&t);
    return status;
}

tri_status tri_exact_reduce_scatter(const void *send, void *recv, const size_t *recv_counts, tri_comm *comm) {
    return reduce_scatter(send, recv, recv_counts, 0, comm);
}

tri_status tri_exact_reduce_scatter_block(const void *send, void *recv, size_t recv_count, tri_comm *comm) {
    return reduce_scatter(send, recv, NULL, recv_count, comm);
}

static tri_status scan_short(const double *mine, double *recv, size_t count, int exclusive, tri_comm *comm) {
    transit t;
    TRI_TRY(transit_create(comm, count, &t));
    tri_status status = gather(&t, mine, count, -1);
    int rows = comm->rank + 1 - exclusive;
    if (status == TRI_OK && rows) tri_sum_columns(t.in, count, rows, count, recv);
    transit_destroy(&t);
    return status;
}

/* Block b is scanned on rank b and turned back. */
static tri_status scan_piece(transit *t, const double *mine, double *recv, size_t at, size_t count,
                             int exclusive) {
    for (size_t b = 0; b < t->ranks; b++) {
        size_t first = at + b * t->block, some = left_of(count, first, t->block);
        pack(t->out + b * t->block, t->block, some ? mine + first : mine, some);
    }
    TRI_TRY(turn(t));
    tri_sum_prefixes(t->in, t->block, (int)t->ranks, t->block, exclusive);
    double *results = t->out;
    t->out = t->in;
    t->in = results;
    TRI_TRY(turn(t));
    if (!exclusive || t->comm->rank)
        memcpy(recv + at, t->in, left_of(count, at, t->ranks * t->block) * sizeof *recv);
    return TRI_OK;
}

static tri_status scan(const void *send, void *recv, size_t count, int exclusive, tri_comm *comm) {
    const double *mine = send == MPI_IN_PLACE ? recv : send;
    size_t ranks = (size_t)comm->size;
    TRI_TRY(check(count, comm));
    if (!count) return TRI_OK;
    if (count <= GATHERED / ranks || ranks == 1) return scan_short(mine, recv, count, exclusive, comm);
    transit t;
    TRI_TRY(transit_create(comm, block_for((count + ranks - 1) / ranks, ranks), &t));
    double *memory = t.out < t.in ? t.out : t.in;
    tri_status status = TRI_OK;
    for (size_t at = 0; at < count && status == TRI_OK; at += ranks * t.block)
        status = scan_piece(&t, mine, recv, at, count, exclusive);
    t.out = memory;
    transit_destroy(&t);
    return status;
}

tri_status tri_exact_scan(const void *send, void *recv, size_t count, tri_comm *comm) {
    return scan(send, recv, count, 0, comm);
}

tri_status tri_exact_exscan(const void *send, void *recv, size_t count, tri_comm *comm) {
    return scan(send, recv, count, 1, comm);
}
