/* Sparse exchange: every block arrives once, at the right rank, in order, and none of a later exchange. */
#include "trireme/sparse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "trireme/collectives.h"
#include "trireme/message.h"
#include "trireme/request.h"

enum { MOST = 6 };

/* Block i of a sender in a round: its receiver, and its elements. */
static int receiver(int from, int i, int round, int size) {
    return (from * 5 + i * i * 3 + round * 7) % size;
}
static int blocks_of(int from, int round) {
    return (from + 2 * round) % (MOST + 1);
}
static size_t elements(int from, int i, int round) {
    static const size_t some[] = {1, 0, 7, 1000, 3, 40000};
    return some[(from + 3 * i + round) % 6];
}
static uint64_t value(int from, int i, int round, size_t k) {
    return ((uint64_t)(from * 100 + i) * 1000 + (uint64_t)round) * 100000 + k;
}

/* Compares with what all ranks send to this one. */
static void check_received(const tri_sparse *got, int round, tri_comm *comm) {
    size_t next = 0;
    int size = tri_comm_size(comm), me = tri_comm_rank(comm);
    for (int from = 0; from < size; from++)
        for (int i = 0; i < blocks_of(from, round); i++) {
            size_t count = elements(from, i, round), wrong = 0;
            if (receiver(from, i, round, size) != me || !count) continue;
            if (next == got->count) {
                CHECK(0, "round %d: block %d of rank %d is missing", round, i, from);
                continue;
            }
            const tri_sparse_block *b = &got->block[next++];
            CHECK(b->rank == from && b->bytes == count * 8, "round %d: %zu bytes of rank %d, not %zu of %d",
                  round, b->bytes, b->rank, count * 8, from);
            for (size_t k = 0; b->bytes == count * 8 && k < count; k++)
                wrong += ((const uint64_t *)b->data)[k] != value(from, i, round, k);
            CHECK(!wrong, "round %d: %zu of %zu elements of rank %d are wrong", round, wrong, count, from);
        }
    CHECK(next == got->count, "round %d: %zu blocks, not %zu", round, got->count, next);
}

/* Elements have a gap of 8 bytes behind them, which is not sent. */
static void try_round(tri_comm *comm, int round, MPI_Datatype spaced) {
    int me = tri_comm_rank(comm), size = tri_comm_size(comm), peers = blocks_of(me, round), to[MOST];
    size_t counts[MOST], all = 0;
    ptrdiff_t displs[MOST];
    for (int i = 0; i < peers; i++) {
        to[i] = receiver(me, i, round, size);
        counts[i] = elements(me, i, round);
        displs[i] = (ptrdiff_t)all;
        all += counts[i];
    }
    uint64_t *send = calloc(2 * all + 1, sizeof *send);
    for (int i = 0; i < peers; i++)
        for (size_t k = 0; k < counts[i]; k++)
            send[2 * ((size_t)displs[i] + k)] = value(me, i, round, k);
    tri_sparse *got = NULL;
    CHECK_OK(tri_sparse_alltoallv(send, peers, to, counts, displs, spaced, comm, &got));
    if (got) check_received(got, round, comm);
    tri_sparse_destroy(&got);
    free(send);
}

int main(int argc, char **argv) {
    enum { ROUNDS = 40 };
    tri_comm *comm = NULL, *part;
    MPI_Datatype spaced;
    MPI_Init(&argc, &argv);
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    int rank = tri_comm_rank(comm), sum = -1;
    MPI_Type_create_resized(MPI_UINT64_T, 0, 16, &spaced);
    MPI_Type_commit(&spaced);
    CHECK_OK(tri_comm_split(comm, rank % 2, -rank, &part));
    for (int round = 0; round < ROUNDS; round++) {
        tri_request *request;
        CHECK_OK(tri_iallreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, comm, &request));
        try_round(comm, round, spaced);
        CHECK_OK(tri_request_wait(&request));
        try_round(part, round + 3, spaced);
    }
    int wrong = tri_comm_size(comm);
    size_t one = 1;
    ptrdiff_t none = 0;
    tri_sparse *got = NULL;
    CHECK_STATUS(tri_sparse_alltoallv(&one, 1, &wrong, &one, &none, MPI_BYTE, comm, &got), TRI_ERR_ARGUMENT);
    wrong = 0;
    CHECK_STATUS(tri_sparse_alltoallv(&one, 1, &wrong, &one, &none, MPI_DATATYPE_NULL, comm, &got),
                 TRI_ERR_ARGUMENT);
    CHECK(!got, "blocks of a wrong call");
    MPI_Type_free(&spaced);
    tri_comm_destroy(&part);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("sparse");
}
