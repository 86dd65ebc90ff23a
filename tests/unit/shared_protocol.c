/* The shared-memory algorithms with threads as ranks, since the thread sanitizer detects races between
 * threads, but not between processes. No MPI: the test implements the verbs. The operation does not
 * commute. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "collectives/algorithms/common/slots.h"
#include "collectives/engine/engine.h"

enum { MOST = 5 };

/* x -> scale * x + shift; the product is the composition. */
typedef struct map {
    uint32_t scale, shift;
} map;

static map behind(map left, map right) {
    return (map){left.scale * right.scale, left.scale * right.shift + left.shift};
}

static map input(int rank, size_t i, int round) {
    return (map){(uint32_t)(2 * i + 3 + (size_t)rank), (uint32_t)(i * 7 + (size_t)(rank * 31 + round))};
}

static int same(map a, map b) {
    return a.scale == b.scale && a.shift == b.shift;
}

static tri_status combine(tri_context *c, const void *left, void *right, size_t count) {
    (void)c;
    const map *l = left;
    map *r = right;
    for (size_t i = 0; i < count; i++)
        r[i] = behind(l[i], r[i]);
    return TRI_OK;
}

static tri_status copy(tri_context *c, void *to, const void *from, size_t count) {
    memcpy(to, from, count * c->unit_bytes);
    return TRI_OK;
}

static const tri_verbs verbs = {.combine = combine, .copy = copy};

/* State shared by all threads. */
typedef struct node {
    int size, mapped;
    void *rings;
    char *heap;
    size_t starts[MOST + 1];
} node;

typedef struct member {
    node *node;
    int rank;
    tri_shared shared;
    tri_peer peers[MOST];
    tri_heap heap;
    size_t wrong;
    long runs;
} member;

static const size_t counts[] = {0, 1, 3, 50, 1000, 20000};

/* The numbers of send and receive blocks of an operation. */
static int blocks_sent(tri_operation operation, int size) {
    return operation == TRI_ALLTOALL || operation == TRI_SCATTER || operation == TRI_REDUCE_SCATTER ? size
                                                                                                    : 1;
}

/* The result for element `index` over the ranks `first` to `last`. */
static map combined(size_t index, int first, int last, int round) {
    map all = input(last, index, round);
    for (int r = last - 1; r >= first; r--)
        all = behind(input(r, index, round), all);
    return all;
}

static size_t wrong_at(const member *m, tri_operation operation, int root, const map *recv, size_t count,
                       int round) {
    int size = m->node->size, rank = m->rank;
    size_t wrong = 0;
    if ((operation == TRI_REDUCE || operation == TRI_GATHER) && rank != root) return 0;
    for (size_t i = 0; i < count; i++) {
        map all = combined(i, 0, size - 1, round);
        size_t mine = (size_t)rank * count + i;
        if (operation == TRI_ALLREDUCE || operation == TRI_REDUCE) wrong += !same(recv[i], all);
        if (operation == TRI_REDUCE_SCATTER) wrong += !same(recv[i], combined(mine, 0, size - 1, round));
        if (operation == TRI_SCAN) wrong += !same(recv[i], combined(i, 0, rank, round));
        if (operation == TRI_EXSCAN && rank) wrong += !same(recv[i], combined(i, 0, rank - 1, round));
        if (operation == TRI_BCAST) wrong += !same(recv[i], input(root, i, round));
        if (operation == TRI_SCATTER) wrong += !same(recv[i], input(root, mine, round));
        for (int r = 0; r < size; r++) {
            const map *got = &recv[(size_t)r * count + i];
            if (operation == TRI_ALLGATHER || operation == TRI_GATHER)
                wrong += !same(*got, input(r, i, round));
            if (operation == TRI_ALLTOALL) wrong += !same(*got, input(r, mine, round));
        }
    }
    return wrong;
}

static void run_one(member *m, const tri_algorithm *a, size_t count, int root, int round) {
    tri_operation operation = a->operation;
    int size = m->node->size, moves = operation < TRI_REDUCE;
    size_t bytes = count * sizeof(map), room = 20000 * sizeof(map) * MOST;
    tri_subcase asked = {.operation = operation,
                         .ranks = size,
                         .nodes = 1,
                         .largest = size,
                         .bytes = bytes,
                         .unit_bytes = moves ? 1 : sizeof(map),
                         .shared = 1,
                         .single_copy = 1,
                         .mapped = m->node->mapped};
    if (a->can && !a->can(&asked)) return;
    map *send = m->node->mapped ? (map *)(m->node->heap + m->node->starts[m->rank]) : malloc(room);
    map *recv = m->node->mapped ? (map *)((char *)send + room) : malloc(room);
    if (!send || !recv) abort();
    for (size_t i = 0; i < count * (size_t)blocks_sent(operation, size); i++)
        send[i] = input(m->rank, i, round);
    if (operation == TRI_BCAST) memcpy(recv, send, bytes);
    tri_context c = {.verbs = &verbs,
                     .rank = m->rank,
                     .size = size,
                     .comm_rank = m->rank,
                     .comm_size = size,
                     .unit_bytes = asked.unit_bytes,
                     .shared = &m->shared};
    tri_call call = {.send = operation == TRI_BCAST ? recv : send,
                     .recv = recv,
                     .count = moves ? bytes : count,
                     .root = root};
    void *scratch = malloc((a->scratch ? a->scratch(&c, &call) : 0) * c.unit_bytes + 1);
    if (!scratch) abort();
    call.scratch = scratch;
    m->shared.vectors_known = 0;
    m->wrong += a->run(&c, &call) != TRI_OK;
    if (operation != TRI_BARRIER) m->wrong += wrong_at(m, operation, root, recv, count, round);
    m->runs++;
    free(scratch);
    if (m->node->mapped) return;
    free(send);
    free(recv);
}

static void *member_main(void *data) {
    member *m = data;
    for (int i = 0; i < tri_algorithm_list_count; i++) {
        const tri_algorithm *a = tri_algorithm_list[i];
        if (strncmp(a->name, "shared", 6)) continue;
        for (size_t n = 0; n < sizeof counts / sizeof *counts; n++)
            for (int round = 0; round < (counts[n] < 1000 ? 10 : 3); round++)
                run_one(m, a, counts[n], round % m->node->size, round);
    }
    return NULL;
}

static void try_size(int size, int mapped) {
    size_t part = 2 * 20000 * sizeof(map) * MOST;
    node n = {.size = size, .mapped = mapped};
    n.rings = aligned_alloc(TRI_LINE_BYTES, tri_shared_bytes(size));
    n.heap = calloc((size_t)size, part);
    member *members = calloc((size_t)size, sizeof *members);
    pthread_t ids[MOST];
    if (!n.rings || !n.heap || !members) abort();
    memset(n.rings, 0, tri_shared_bytes(size));
    for (int rank = 0; rank <= size; rank++)
        n.starts[rank] = (size_t)rank * part;
    for (int rank = 0; rank < size; rank++) {
        member *m = &members[rank];
        m->node = &n;
        m->rank = rank;
        m->shared = (tri_shared){.rank = rank, .size = size, .peers = m->peers};
        tri_shared_attach(&m->shared, n.rings);
        if (rank % 2) m->shared.waiter.spins = m->shared.waiter.patience = 100;
        m->heap = (tri_heap){{n.heap, (size_t)size * part}, n.starts, NULL};
        m->shared.heaps = &m->heap;
        m->shared.heap_count = mapped;
        for (int peer = 0; peer < size; peer++)
            m->peers[peer].pid = getpid();
        if (pthread_create(&ids[rank], NULL, member_main, m)) abort();
    }
    for (int rank = 0; rank < size; rank++) {
        pthread_join(ids[rank], NULL);
        CHECK(!members[rank].wrong, "rank %d of %d, %s: %zu wrong", rank, size, mapped ? "heap" : "private",
              members[rank].wrong);
        CHECK(members[rank].runs > 100, "only %ld runs", members[rank].runs);
    }
    free(members);
    free(n.rings);
    free(n.heap);
}

int main(void) {
    for (int size = 1; size <= MOST; size += size < 3 ? 1 : 2)
        for (int mapped = 0; mapped < 2; mapped++)
            try_size(size, mapped);
    return check_result("shared_protocol");
}
