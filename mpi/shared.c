#include "mpi/shared.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "mpi/comm.h"

/* Polls of a waiting rank that has its own core, about 20 us, before it yields: other processes may need
 * the core. */
enum { SPINS = 20000 };

/* Exchanged once among the ranks of a node. */
typedef struct process_info {
    int64_t pid;
    uint64_t token, address; /* of a token in that rank's memory */
    cpu_set_t cores;
} process_info;

static void progress(void *data) {
    tri_shared *shared = data;
    int flag;
    if (shared->family->pending) shared->family->progress(shared->family);
    /* The result is ignored: any call lets the library progress its messages. */
    (void)MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, shared->mpi, &flag, MPI_STATUS_IGNORE);
}

/* Whether cross-memory attach can read every peer's token. Writing needs the same permission. */
static int can_copy(const process_info *all, int rank, int size) {
    for (int peer = 0; peer < size; peer++) {
        uint64_t token = 0;
        struct iovec local = {&token, sizeof token},
                     remote = {(void *)(uintptr_t)all[peer].address, sizeof token};
        if (peer == rank) continue;
        if (process_vm_readv((pid_t)all[peer].pid, &local, 1, &remote, 1, 0) != (ssize_t)sizeof token ||
            token != all[peer].token)
            return 0;
    }
    return 1;
}

/* Ranks that are threads of one process (in a simulator) have no private memory to share. */
static int are_processes(const process_info *all, int size) {
    for (int i = 0; i < size; i++)
        for (int j = 0; j < i; j++)
            if (all[i].pid == all[j].pid) return 0;
    return 1;
}

static int count_cores(const process_info *all, int size) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    for (int rank = 0; rank < size; rank++)
        CPU_OR(&cores, &cores, &all[rank].cores);
    return CPU_COUNT(&cores);
}

/* Not getpid(), which a simulator may replace. */
static int64_t process_id(void) {
    return syscall(SYS_getpid);
}

/* Collective from here on: every rank takes part, whatever it lacks. */
static tri_status exchange_process_info(MPI_Comm mpi, int rank, int size, process_info *all,
                                        int *single_copy) {
    volatile uint64_t token = 0x7472697265 + (uint64_t)process_id();
    process_info mine = {.pid = process_id(), .token = token, .address = (uintptr_t)&token};
    if (sched_getaffinity(0, sizeof mine.cores, &mine.cores)) CPU_SET(0, &mine.cores);
    TRI_MPI(MPI_Allgather(&mine, sizeof mine, MPI_BYTE, all, sizeof mine, MPI_BYTE, mpi));
    int can = are_processes(all, size) ? can_copy(all, rank, size) : 0;
    /* Keep the token alive until all ranks have read it. */
    TRI_MPI(MPI_Allreduce(&can, single_copy, 1, MPI_INT, MPI_MIN, mpi));
    return TRI_OK;
}

static tri_status find_processes(MPI_Comm mpi, int rank, int size, tri_facts *facts) {
    process_info *all = malloc((size_t)size * sizeof *all);
    if (!all) return tri_fail(TRI_ERR_MEMORY, "out of memory for the shared memory of %d ranks", size);
    tri_status status = exchange_process_info(mpi, rank, size, all, &facts->single_copy);
    facts->processes = are_processes(all, size);
    facts->cores = count_cores(all, size);
    for (int peer = 0; peer < size; peer++)
        facts->pid[peer] = all[peer].pid;
    facts->found_processes = status == TRI_OK;
    free(all);
    return status;
}

static tri_status fill(tri_shared *shared, int rank, int size, int comm_size, tri_facts *facts) {
    tri_segment segment = {NULL, 0};
    if (!facts->found_processes) TRI_TRY(find_processes(shared->mpi, rank, size, facts));
    /* A rank that is alone on its node does the same as the ranks of other nodes. */
    if (comm_size > 1 && facts->processes)
        TRI_TRY(tri_segment_create(shared->mpi, tri_shared_bytes(size), &segment));
    if (segment.base) tri_shared_attach(shared, segment.base);
    shared->segment = segment;
    shared->single_copy = facts->single_copy;
    shared->cores = facts->cores;
    shared->waiter =
        (tri_waiter){.spins = size <= shared->cores ? SPINS : 0, .progress = progress, .data = shared};
    for (int peer = 0; peer < size; peer++)
        shared->peers[peer].pid = facts->pid[peer];
    return TRI_OK;
}

static tri_status shared_create(tri_comm *comm, tri_shared **out) {
    const tri_shape *shape = &comm->shape;
    int size = shape->local_size;
    tri_shared *shared = calloc(1, sizeof *shared);
    tri_status status = TRI_OK;
    if (shared) {
        shared->rank = shape->local_rank;
        shared->size = size;
        shared->mpi = comm->mpi;
        shared->family = comm->family;
        shared->peers = calloc((size_t)size, sizeof *shared->peers);
    }
    if (!shared || !shared->peers)
        status = tri_fail(TRI_ERR_MEMORY, "out of memory for the shared memory of %d ranks", size);
    if (status == TRI_OK && shape->nodes > 1) {
        status = tri_mpi_status(MPI_Comm_split(comm->mpi, shape->node, shape->local_rank, &shared->mpi),
                                "MPI_Comm_split");
        shared->mpi_is_mine = status == TRI_OK;
    }
    if (status == TRI_OK) status = fill(shared, shape->local_rank, size, comm->size, comm->facts);
    if (status == TRI_OK)
        *out = shared;
    else
        tri_shared_destroy(&shared);
    return status;
}

tri_status tri_shared_of(tri_comm *comm, tri_shared **out) {
    if (!comm->shared) TRI_TRY(shared_create(comm, &comm->shared));
    *out = comm->shared;
    return TRI_OK;
}

tri_status tri_shared_everywhere(tri_comm *comm, tri_shared **out, int *single_copy, int *cores) {
    tri_shared *shared = NULL;
    tri_status status = tri_shared_of(comm, &shared);
    int least[] = {status == TRI_OK, 0, 0, 0};
    if (shared)
        least[1] = shared->segment.base != NULL, least[2] = shared->single_copy, least[3] = shared->cores;
    TRI_MPI(MPI_Allreduce(MPI_IN_PLACE, least, 4, MPI_INT, MPI_MIN, comm->mpi));
    if (!least[0]) return tri_agree(comm, status);
    *out = least[1] ? shared : NULL;
    *single_copy = least[2];
    *cores = least[3];
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
    tri_segment_destroy(&s->segment);
    if (s->mpi_is_mine) MPI_Comm_free(&s->mpi);
    free(s);
    *shared = NULL;
}
