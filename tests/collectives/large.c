/* More than 2^31 elements of one byte: bcast, reduce, alltoallv. Needs two ranks and 18 GB of memory. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"
#include "trireme/algorithms.h"
#include "trireme/collectives.h"
#include "trireme/select.h"

/* A byte that identifies its position and origin; the period is not a power of two. */
static uint8_t byte_of(int from, size_t i) {
    return (uint8_t)(i % 251 + 3 * (size_t)from);
}

static uint8_t *room(size_t bytes) {
    uint8_t *out = malloc(bytes);
    if (!out) abort();
    return out;
}

static void fill(uint8_t *data, size_t count, int from) {
    for (size_t i = 0; i < count; i++)
        data[i] = byte_of(from, i);
}

/* The first wrong position; `count` if there is none. */
static size_t wrong_at(const uint8_t *data, size_t count, int from, int other) {
    for (size_t i = 0; i < count; i++)
        if (data[i] != (uint8_t)(byte_of(from, i) ^ (other < 0 ? 0 : byte_of(other, i)))) return i;
    return count;
}

static void try_all(tri_comm *comm, const uint8_t *mine, uint8_t *got, size_t count) {
    int rank = tri_comm_rank(comm), peer = 1 - rank;
    memset(got, 0, count);
    CHECK_OK(tri_reduce(mine, got, count, MPI_UINT8_T, MPI_BXOR, 1, comm));
    size_t at = rank == 1 ? wrong_at(got, count, 0, 1) : count;
    CHECK(at == count, "reduce: byte %zu", at);

    memset(got, 0, count);
    if (rank == 0) memcpy(got, mine, count);
    CHECK_OK(tri_bcast(got, count, MPI_BYTE, 0, comm));
    at = wrong_at(got, count, 0, -1);
    CHECK(at == count, "bcast: byte %zu", at);

    /* Everything to the other rank, nothing to itself. */
    size_t counts[2] = {0, 0};
    ptrdiff_t displs[2] = {0, 0};
    counts[peer] = count;
    memset(got, 0, count);
    CHECK_OK(tri_alltoallv(mine, counts, displs, MPI_BYTE, got, counts, displs, MPI_BYTE, comm));
    at = wrong_at(got, count, peer, -1);
    CHECK(at == count, "alltoallv: byte %zu", at);
}

int main(int argc, char **argv) {
    int provided;
    size_t count = ((size_t)1 << 31) + 12345;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    tri_comm *comm;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    if (tri_comm_size(comm) != 2) {
        MPI_Finalize();
        return 77;
    }
    uint8_t *mine = room(count), *got = room(count);
    fill(mine, count, tri_comm_rank(comm));
    /* By the chosen algorithm, which uses shared memory, and by messages. */
    try_all(comm, mine, got, count);
    CHECK_OK(tri_comm_select(comm, "bcast:binomial!,reduce:binomial!,alltoall:pairwise!"));
    try_all(comm, mine, got, count);
    free(mine);
    free(got);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("large");
}
