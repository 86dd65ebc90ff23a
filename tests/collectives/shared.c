/* Shared memory of a node: segments, the heap, collectives on it, and progress. */
#include "trireme/shared.h"

#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "mpi/shared.h"
#include "trireme/algorithms.h"
#include "trireme/collectives.h"
#include "trireme/message.h"
#include "trireme/select.h"

static int rank, size;

static void segments(void) {
    enum { WORDS = 1000 };
    tri_peers world = {.mpi = MPI_COMM_WORLD, .rank = rank, .size = size};
    for (tri_segment_kind kind = 0; kind < TRI_SEGMENT_KINDS; kind++) {
        tri_segment s;
        CHECK_OK(tri_segment_create_by(&world, kind, (size_t)size * WORDS * sizeof(uint64_t), &s));
        CHECK(s.base, "no segment of kind %d", (int)kind);
        if (!s.base) continue;
        uint64_t *words = (uint64_t *)s.base, wrong = 0;
        for (size_t i = 0; i < WORDS; i++) {
            wrong += words[(size_t)rank * WORDS + i] != 0;
            words[(size_t)rank * WORDS + i] = (uint64_t)rank * WORDS + i + 1;
        }
        MPI_Barrier(MPI_COMM_WORLD);
        for (size_t i = 0; i < (size_t)size * WORDS; i++)
            wrong += words[i] != i + 1;
        CHECK(!wrong, "%llu wrong words of kind %d", (unsigned long long)wrong, (int)kind);
        tri_segment_destroy(&s);
        CHECK(!s.base, "still there");
    }
    MPI_Barrier(MPI_COMM_WORLD);
    DIR *folder = opendir("/dev/shm");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char mine[32];
        snprintf(mine, sizeof mine, "trireme-%d-", (int)getpid());
        CHECK(strncmp(entry->d_name, mine, strlen(mine)), "%s is left behind", entry->d_name);
    }
    if (folder) closedir(folder);
}

/* Element i of rank r's input: every byte carries information, and the sum of eight ranks does not
 * overflow. */
static int64_t value(int r, size_t i) {
    return (int64_t)((i * 7 + (size_t)r * 1000003) % 1000033) * 0x10000010101;
}

static void fill(int64_t *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        x[i] = value(rank, i);
}

static int64_t total(size_t i) {
    int64_t sum = 0;
    for (int r = 0; r < size; r++)
        sum += value(r, i);
    return sum;
}

static size_t wrong_sums(const int64_t *x, size_t count) {
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++)
        wrong += x[i] != total(i);
    return wrong;
}

/* Blocks `first` to first + count - 1 of every rank, rank after rank. */
static size_t wrong_blocks(const int64_t *x, size_t first, size_t count, int ranks, int of) {
    size_t wrong = 0;
    for (int r = 0; r < ranks; r++)
        for (size_t i = 0; i < count; i++)
            wrong += x[(size_t)r * count + i] != value(of < 0 ? r : of, first + i);
    return wrong;
}

static void combine(tri_comm *comm, int64_t *send, int64_t *recv, size_t count, const char *what) {
    size_t wrong;
    fill(send, count);
    CHECK_OK(tri_allreduce(send, recv, count, MPI_INT64_T, MPI_SUM, comm));
    CHECK(!(wrong = wrong_sums(recv, count)), "%s allreduce: %zu wrong", what, wrong);
    fill(recv, count);
    CHECK_OK(tri_allreduce(MPI_IN_PLACE, recv, count, MPI_INT64_T, MPI_SUM, comm));
    CHECK(!(wrong = wrong_sums(recv, count)), "%s allreduce in place: %zu wrong", what, wrong);
    for (int root = 0; root < size; root++) {
        memset(recv, 0, count * sizeof *recv);
        CHECK_OK(tri_reduce(send, rank == root ? recv : NULL, count, MPI_INT64_T, MPI_SUM, root, comm));
        wrong = rank == root ? wrong_sums(recv, count) : 0;
        CHECK(!wrong, "%s reduce to %d: %zu wrong", what, root, wrong);
        fill(recv, count);
        CHECK_OK(
            tri_reduce(rank == root ? MPI_IN_PLACE : recv, recv, count, MPI_INT64_T, MPI_SUM, root, comm));
        wrong = rank == root ? wrong_sums(recv, count) : 0;
        CHECK(!wrong, "%s reduce in place to %d: %zu wrong", what, root, wrong);
    }
}

/* Sums over the ranks below `end`, of the elements from `first` on. */
static size_t wrong_prefixes(const int64_t *x, size_t first, size_t count, int end) {
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t sum = 0;
        for (int r = 0; r < end; r++)
            sum += value(r, first + i);
        wrong += x[i] != sum;
    }
    return wrong;
}

static void combine_more(tri_comm *comm, int64_t *send, int64_t *recv, size_t count, const char *what) {
    size_t wrong, all = count * (size_t)size, mine = count * (size_t)rank;
    for (int in_place = 0; in_place < 2; in_place++) {
        void *from = in_place ? MPI_IN_PLACE : send;
        fill(in_place ? recv : send, all);
        CHECK_OK(tri_reduce_scatter_block(from, recv, count, MPI_INT64_T, MPI_SUM, comm));
        wrong = wrong_prefixes(recv, mine, count, size);
        CHECK(!wrong, "%s reduce_scatter, in place %d: %zu wrong", what, in_place, wrong);
        fill(recv, count);
        CHECK_OK(tri_scan(from, recv, count, MPI_INT64_T, MPI_SUM, comm));
        wrong = wrong_prefixes(recv, 0, count, rank + 1);
        CHECK(!wrong, "%s scan, in place %d: %zu wrong", what, in_place, wrong);
        fill(recv, count);
        CHECK_OK(tri_exscan(from, recv, count, MPI_INT64_T, MPI_SUM, comm));
        wrong = rank ? wrong_prefixes(recv, 0, count, rank) : 0;
        CHECK(!wrong, "%s exscan, in place %d: %zu wrong", what, in_place, wrong);
    }
}

static void move(tri_comm *comm, int64_t *send, int64_t *recv, size_t count, const char *what) {
    size_t all = count * (size_t)size, mine = count * (size_t)rank, wrong;
    fill(send, all);
    CHECK_OK(tri_allgather(send, count, MPI_INT64_T, recv, count, MPI_INT64_T, comm));
    CHECK(!(wrong = wrong_blocks(recv, 0, count, size, -1)), "%s allgather: %zu wrong", what, wrong);
    CHECK_OK(tri_alltoall(send, count, MPI_INT64_T, recv, count, MPI_INT64_T, comm));
    CHECK(!(wrong = wrong_blocks(recv, mine, count, size, -1)), "%s alltoall: %zu wrong", what, wrong);
    for (int root = 0; root < size; root++) {
        memset(recv, 0, all * sizeof *recv);
        CHECK_OK(tri_gather(send, count, MPI_INT64_T, recv, count, MPI_INT64_T, root, comm));
        wrong = rank == root ? wrong_blocks(recv, 0, count, size, -1) : 0;
        CHECK(!wrong, "%s gather to %d: %zu wrong", what, root, wrong);
        CHECK_OK(tri_scatter(send, count, MPI_INT64_T, recv, count, MPI_INT64_T, root, comm));
        CHECK(!(wrong = wrong_blocks(recv, mine, count, 1, root)), "%s scatter from %d: %zu wrong", what,
              root, wrong);
        fill(recv, count);
        CHECK_OK(tri_bcast(recv, count, MPI_INT64_T, root, comm));
        CHECK(!(wrong = wrong_blocks(recv, 0, count, 1, root)), "%s bcast from %d: %zu wrong", what, root,
              wrong);
    }
}

static void on_heap(tri_comm *comm, size_t count) {
    size_t bytes = count * (size_t)size * sizeof(int64_t);
    void *send, *recv, *other;
    CHECK_OK(tri_alloc_shared(comm, bytes + (size_t)rank * 5000, &other));
    CHECK_OK(tri_alloc_shared(comm, bytes, &send));
    CHECK_OK(tri_free_shared(comm, &other));
    CHECK(!other, "not NULL");
    CHECK_OK(tri_alloc_shared(comm, bytes + (size_t)rank * 5000, &recv));
    unsigned char *clean = recv;
    size_t dirty = 0;
    for (size_t i = 0; i < bytes; i++)
        dirty += clean[i] != 0;
    CHECK(!dirty, "%zu bytes are not zero", dirty);

    /* By name, so that the intended algorithm runs; then where it may give way, as it does on private memory
     * without cross-memory attach; then as chosen by cost. */
    static const char *const names[] = {
        "",
        "allreduce:shared_single,reduce:shared_single,bcast:shared_single,gather:shared_single,"
        "scatter:shared_single,allgather:shared_single,alltoall:shared_single,"
        "reduce_scatter:shared_single,scan:shared_single,exscan:shared_single",
        "allreduce:shared_single!,reduce:shared_single!,bcast:shared_single!,gather:shared_single!,"
        "scatter:shared_single!,allgather:shared_single!,alltoall:shared_single!,"
        "reduce_scatter:shared_single!,scan:shared_single!,exscan:shared_single!"};
    for (int named = size > 1 && tri_comm_shape(comm)->nodes == 1 ? 2 : 1; named >= 0; named--) {
        CHECK_OK(tri_comm_select(comm, names[named]));
        combine(comm, send, recv, count, "heap:");
        combine_more(comm, send, recv, count, "heap:");
        move(comm, send, recv, count, "heap:");
        if (named == 2) continue;
        /* If one rank has private memory, the call runs on private memory. */
        void *private = malloc(bytes);
        if (!private) abort();
        combine(comm, rank == size - 1 ? private : send, recv, count, "irregular:");
        combine_more(comm, rank == size - 1 ? private : send, recv, count, "irregular:");
        move(comm, send, rank == 0 ? private : recv, count, "irregular:");
        free(private);
    }
    CHECK_STATUS(tri_free_shared(comm, &(void *){comm}), TRI_ERR_ARGUMENT);
    CHECK_OK(tri_free_shared(comm, &send));
    /* `recv` is freed with the communicator. */
}

/* Vectors that bypass the caches. */
static void large_on_heap(tri_comm *comm) {
    const size_t count = (36u << 20) / sizeof(int64_t) + 3;
    void *send, *recv;
    CHECK_OK(tri_alloc_shared(comm, count * sizeof(int64_t), &send));
    CHECK_OK(tri_alloc_shared(comm, (count + 1) * sizeof(int64_t), &recv));
    combine(comm, send, (int64_t *)recv + 1, count, "large heap:");
    CHECK_OK(tri_free_shared(comm, &send));
    CHECK_OK(tri_free_shared(comm, &recv));
}

/* The same through slots, to unaligned buffers. */
static void large_in_slots(tri_comm *comm) {
    const size_t count = (48u << 20) / sizeof(int64_t) + 3, bytes = 2 * count * sizeof(int64_t);
    int64_t *send = malloc(bytes), *recv = malloc(bytes + sizeof *recv);
    if (!send || !recv) abort();
    CHECK_OK(tri_comm_select(
        comm, "allreduce:shared_parts,bcast:shared,gather:shared,scatter:shared,allgather:shared,"
              "alltoall:shared"));
    combine(comm, send, recv + 1, count, "large slots:");
    move(comm, send, recv + 1, count, "large slots:");
    CHECK_OK(tri_comm_select(comm, ""));
    free(send);
    free(recv);
}

/* A rank that waits in shared memory must progress its earlier message: no other rank can. */
static void progress(tri_comm *comm) {
    enum { COUNT = 4 << 20 };
    int *data = calloc(COUNT, sizeof *data);
    MPI_Request request = MPI_REQUEST_NULL;
    if (!data) abort();
    if (rank == 0) {
        for (int i = 0; i < COUNT; i++)
            data[i] = i;
        CHECK_OK(tri_isend(data, COUNT, MPI_INT, size - 1, 1, comm, &request));
    }
    if (rank == size - 1) {
        CHECK_OK(tri_recv(data, COUNT, MPI_INT, 0, 1, comm));
        CHECK(data[COUNT - 1] == COUNT - 1, "%d", data[COUNT - 1]);
    }
    CHECK_OK(tri_barrier(comm));
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    free(data);
}

int main(int argc, char **argv) {
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    segments();
    tri_comm *comm;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    CHECK_OK(tri_comm_select(comm, "barrier:shared"));
    if (size > 1) progress(comm);
    size_t counts[] = {1, 1000, 40001};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        on_heap(comm, counts[i]);
    if (size == 2) {
        large_on_heap(comm);
        large_in_slots(comm);
    }
    tri_comm_destroy(&comm);

    /* Several nodes: each node has its own heap, and collectives run as usual. */
    int nodes[64];
    for (int r = 0; r < size && r < 64; r++)
        nodes[r] = r % 2;
    CHECK_OK(tri_comm_create_with(MPI_COMM_WORLD, &(tri_comm_options){.node_of = nodes}, &comm));
    on_heap(comm, 1000);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("shared");
}
