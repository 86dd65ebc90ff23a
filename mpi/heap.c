#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mpi/comm.h"
#include "mpi/shared.h"

enum { PAGE_BYTES = 4096 };

/* Appends an entry and sets its `starts`. */
static tri_status grow(tri_shared *shared, size_t bytes) {
    size_t size = (size_t)shared->size;
    tri_heap *heaps = realloc(shared->heaps, (size_t)(shared->heap_count + 1) * sizeof *heaps);
    if (heaps) shared->heaps = heaps;
    size_t *starts = malloc((size + 1) * sizeof *starts);
    if (!heaps || !starts) {
        free(starts);
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the list of shared heaps");
    }
    tri_heap *heap = &heaps[shared->heap_count++];
    *heap = (tri_heap){.starts = starts};
    memset(starts, 0, (size + 1) * sizeof *starts);
    starts[shared->rank + 1] = bytes / PAGE_BYTES * PAGE_BYTES + PAGE_BYTES;
    TRI_TRY(tri_small_allreduce(&shared->node, starts, size + 1, MPI_UINT64_T, MPI_MAX));
    for (size_t rank = 0; rank < size; rank++)
        starts[rank + 1] += starts[rank];
    return TRI_OK;
}

/* Allocates the memory of the last heap. */
static tri_status fill(tri_shared *shared, size_t bytes) {
    tri_heap *heap = &shared->heaps[shared->heap_count - 1];
    if (shared->processes)
        TRI_TRY(tri_segment_create(&shared->node, heap->starts[shared->size], &heap->segment));
    if (heap->segment.base) {
        /* Use huge pages where the system permits them for shared memory. */
        madvise(heap->segment.base, heap->segment.bytes, MADV_HUGEPAGE);
        heap->mine = heap->segment.base + heap->starts[shared->rank];
        return TRI_OK;
    }
    size_t room = bytes / PAGE_BYTES * PAGE_BYTES + PAGE_BYTES;
    heap->mine = aligned_alloc(PAGE_BYTES, room);
    if (!heap->mine) return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of the shared heap", bytes);
    memset(heap->mine, 0, room);
    return TRI_OK;
}

tri_status tri_alloc_shared(tri_comm *comm, size_t bytes, void **out) {
    tri_shared *shared;
    TRI_TRY(tri_agree(comm, tri_shared_of(comm, &shared)));
    int before = shared->heap_count;
    tri_status status = grow(shared, bytes);
    if (status == TRI_OK) status = fill(shared, bytes);
    status = tri_agree(comm, status);
    if (status != TRI_OK) {
        if (shared->heap_count > before) tri_heap_destroy(&shared->heaps[--shared->heap_count]);
        return status;
    }
    *out = shared->heaps[before].mine;
    return TRI_OK;
}

tri_status tri_free_shared(tri_comm *comm, void **memory) {
    if (!*memory) return TRI_OK;
    tri_shared *shared = comm->shared;
    int heaps = shared ? shared->heap_count : 0;
    for (int i = 0; i < heaps; i++) {
        if (shared->heaps[i].mine != *memory) continue;
        tri_heap_destroy(&shared->heaps[i]);
        memmove(&shared->heaps[i], &shared->heaps[i + 1], (size_t)(heaps - i - 1) * sizeof *shared->heaps);
        shared->heap_count--;
        *memory = NULL;
        return TRI_OK;
    }
    return tri_fail(TRI_ERR_ARGUMENT, "the memory is not from this communicator's shared heap");
}
