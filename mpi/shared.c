#include "mpi/shared.h"

#include <stdlib.h>
#include <string.h>

#include "mpi/comm.h"

/* Polls of a waiting rank that has its own core, about 20 us, before it yields: other processes may need
 * the core. */
enum { SPINS = 20000 };

static void progress(void *data) {
    tri_shared *shared = data;
    int flag;
    if (shared->family->pending) shared->family->progress(shared->family);
    /* The result is ignored: any call lets the library progress its messages. */
    (void)MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, shared->node.mpi, &flag, MPI_STATUS_IGNORE);
}

static tri_status shared_create(const tri_comm *comm, tri_shared **out) {
    const tri_shape *shape = &comm->shape;
    const int *members = shape->members + shape->node_start[shape->node];
    size_t size = (size_t)shape->local_size;
    tri_shared *shared = calloc(1, sizeof *shared);
    if (shared) {
        shared->peers = calloc(size, sizeof *shared->peers);
        shared->ranks = calloc(size, sizeof *shared->ranks);
    }
    if (!shared || !shared->peers || !shared->ranks) {
        tri_shared_destroy(&shared);
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the shared memory of %zu ranks", size);
    }
    shared->rank = shape->local_rank;
    shared->size = shape->local_size;
    shared->family = comm->family;
    shared->node = tri_peers_of(comm);
    shared->node.ranks = shared->ranks;
    shared->node.rank = shared->rank;
    shared->node.size = shared->size;
    for (int peer = 0; peer < shared->size; peer++) {
        shared->ranks[peer] = tri_carried(comm->ranks, members[peer]);
        shared->peers[peer].pid = tri_process_id(comm->facts->process, peer);
    }
    shared->processes = comm->facts->processes && comm->size > 1;
    shared->single_copy = comm->facts->single_copy;
    shared->cores = comm->facts->node_cores;
    unsigned spins = shared->size <= shared->cores ? SPINS : 0;
    shared->waiter = (tri_waiter){.spins = spins, .patience = spins, .progress = progress, .data = shared};
    *out = shared;
    return TRI_OK;
}

tri_status tri_shared_of(tri_comm *comm, tri_shared **out) {
    if (!comm->shared) TRI_TRY(shared_create(comm, &comm->shared));
    *out = comm->shared;
    return TRI_OK;
}

/* A segment on every node, or none: all ranks must choose alike. */
static tri_status segment_everywhere(tri_comm *comm, size_t bytes, tri_segment *out) {
    tri_peers all = tri_peers_of(comm);
    tri_segment segment;
    TRI_TRY(tri_segment_create(&comm->shared->node, bytes, &segment));
    int everywhere = segment.base != NULL;
    tri_status status = TRI_OK;
    if (comm->shape.nodes > 1) status = tri_small_allreduce(&all, &everywhere, 1, MPI_INT, MPI_MIN);
    if (status != TRI_OK || !everywhere) tri_segment_destroy(&segment);
    *out = segment;
    return status;
}

tri_status tri_shared_ready(tri_comm *comm, tri_rings rings, int *ready) {
    tri_shared *shared = comm->shared;
    tri_segment segment = {NULL, 0};
    if (shared->rings >= rings || !shared->processes) {
        *ready = shared->rings >= rings;
        return TRI_OK;
    }
    size_t bytes =
        rings == TRI_RINGS_SMALL ? tri_shared_small_bytes(shared->size) : tri_shared_bytes(shared->size);
    TRI_TRY(segment_everywhere(comm, bytes, &segment));
    *ready = segment.base != NULL;
    shared->processes = *ready;
    if (!*ready) return TRI_OK;
    /* All ranks have called, so none reads the rings before. */
    tri_segment_destroy(&shared->segment);
    shared->segment = segment;
    shared->rings = rings;
    if (rings == TRI_RINGS_SMALL)
        tri_shared_attach_small(shared, segment.base);
    else
        tri_shared_attach(shared, segment.base);
    return TRI_OK;
}

void tri_heap_destroy(tri_heap *heap) {
    if (!heap->segment.base) free(heap->mine);
    tri_segment_destroy(&heap->segment);
    free(heap->starts);
}

void tri_shared_destroy(tri_shared **shared) {
    tri_shared *s = *shared;
    if (!s) return;
    for (int i = 0; i < s->heap_count; i++)
        tri_heap_destroy(&s->heaps[i]);
    free(s->heaps);
    free(s->peers);
    free(s->ranks);
    tri_segment_destroy(&s->segment);
    free(s);
    *shared = NULL;
}
