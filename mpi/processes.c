/* The processes of a node: what they may access of each other, and their cores. */
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "mpi/comm.h"

struct tri_process {
    int64_t pid;
    uint64_t token, address; /* of a token in that rank's memory */
    cpu_set_t cores;
};

/* Whether cross-memory attach can read every peer's token. Writing needs the same permission. */
static int can_copy(const tri_process *all, int rank, int size) {
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
static int are_processes(const tri_process *all, int size) {
    for (int i = 0; i < size; i++)
        for (int j = 0; j < i; j++)
            if (all[i].pid == all[j].pid) return 0;
    return 1;
}

static int count_cores(const tri_process *all, int size) {
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

int64_t tri_process_id(const tri_process *processes, int local_rank) {
    return processes[local_rank].pid;
}

/* Collective from here on: every rank takes part, whatever it lacks. */
static tri_status exchange(MPI_Comm node, int rank, int size, tri_process *all, int *processes,
                           int *single_copy) {
    volatile uint64_t token = 0x7472697265 + (uint64_t)process_id();
    tri_process mine = {.pid = process_id(), .token = token, .address = (uintptr_t)&token};
    if (sched_getaffinity(0, sizeof mine.cores, &mine.cores)) CPU_SET(0, &mine.cores);
    TRI_MPI(MPI_Allgather(&mine, sizeof mine, MPI_BYTE, all, sizeof mine, MPI_BYTE, node));
    *processes = are_processes(all, size);
    int can = *processes ? can_copy(all, rank, size) : 0;
    /* Keep the token alive until all ranks have read it. */
    TRI_MPI(MPI_Allreduce(&can, single_copy, 1, MPI_INT, MPI_MIN, node));
    return TRI_OK;
}

/* The least of all ranks. Processes of one node have different numbers; those of other nodes may have the
 * same, which then costs no more than asking again. */
static tri_status agree(tri_facts *facts, MPI_Comm all) {
    int64_t pid = process_id(), least[] = {facts->processes, facts->single_copy, facts->cores, pid, -pid};
    int size;
    TRI_MPI(MPI_Comm_size(all, &size));
    TRI_MPI(MPI_Allreduce(MPI_IN_PLACE, least, 5, MPI_INT64_T, MPI_MIN, all));
    facts->processes = (int)least[0];
    facts->single_copy = (int)least[1];
    facts->cores = (int)least[2];
    facts->separate = size == 1 || (facts->processes && least[3] != -least[4]);
    return TRI_OK;
}

tri_status tri_facts_ask(tri_facts *facts, MPI_Comm node, MPI_Comm all) {
    int rank, size;
    TRI_MPI(MPI_Comm_rank(node, &rank));
    TRI_MPI(MPI_Comm_size(node, &size));
    facts->process = malloc((size_t)size * sizeof *facts->process);
    if (!facts->process)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the shared memory of %d ranks", size);
    TRI_TRY(exchange(node, rank, size, facts->process, &facts->processes, &facts->single_copy));
    facts->cores = facts->node_cores = count_cores(facts->process, size);
    return agree(facts, all);
}

tri_status tri_facts_derive(const tri_comm *from, const int *ranks, const tri_comm *comm, tri_facts *out) {
    const tri_shape *new = &comm->shape, *old = &from->shape;
    const int *here = new->members + new->node_start[new->node], *there = old->members;
    out->process = malloc((size_t) new->local_size * sizeof *out->process);
    if (!out->process)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the shared memory of %d ranks", new->local_size);
    there += old->node_start[old->node];
    for (int i = 0; i < new->local_size; i++) {
        int local = 0;
        while (there[local] != ranks[here[i]])
            local++;
        out->process[i] = from->facts->process[local];
    }
    out->processes = from->facts->processes;
    out->single_copy = from->facts->single_copy;
    out->cores = out->node_cores = count_cores(out->process, new->local_size);
    return TRI_OK;
}
