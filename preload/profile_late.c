/* Who of the node came last: each rank writes when it comes to a collective call or begins a message, in
 * memory that the ranks of the node share. A rank that has left a call looks when the others came. Looking
 * costs a cache miss for each of them, so short calls are looked up now and then only (profile.c).
 *
 * Only the owner writes a rank's part. A reader finds the number of the call that it asks for, or one that
 * tells that the owner is further or has not come. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/profile.h"

enum { RINGS = 16, DEPTH = 16, MESSAGES = 4, MOST_RANKS = 1024 };

/* A call of a communicator. */
typedef struct arrival {
    _Atomic uint64_t key, number, ticks; /* number 0: none, or being written */
    uint64_t unused;
} arrival;

typedef struct messages {
    _Atomic uint64_t ticks[MESSAGES]; /* the last ones to a rank, in turns */
    _Atomic uint64_t count;
    uint64_t unused[3];
} messages;

/* The part of a rank: its arrivals, then its messages to each rank of the node. */
typedef struct part {
    arrival ring[RINGS][DEPTH];
    messages to[];
} part;

static struct {
    char *memory;
    size_t part_bytes;
    int ranks, mine;
    int *place; /* by rank of MPI_COMM_WORLD */
    int *world; /* by place */
    int all, first;
} node;

static part *part_of(int place) {
    return (part *)(node.memory + (size_t)place * node.part_bytes);
}

int tri_profile_place(int world) {
    return node.place && world >= 0 && world < node.all ? node.place[world] : -1;
}

int tri_profile_node_ranks(void) {
    return node.memory ? node.ranks : 0;
}

int tri_profile_node_first(void) {
    return node.first;
}

/* Memory of the node under a name that goes as soon as all have it. */
static void *share(MPI_Comm ranks, int rank, size_t bytes) {
    char name[64] = "";
    int file = -1;
    if (rank == 0) {
        snprintf(name, sizeof name, "/trireme-profile-%ld-%ld", (long)getpid(), (long)tri_profile_ticks());
        file = shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file < 0 || posix_fallocate(file, 0, (off_t)bytes)) bytes = 0;
    }
    PMPI_Bcast(name, sizeof name, MPI_BYTE, 0, ranks);
    if (rank) file = shm_open(name, O_RDWR | O_CLOEXEC, 0600);
    void *memory =
        file < 0 || !bytes ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    int failed = memory == MAP_FAILED;
    PMPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, ranks);
    if (rank == 0) shm_unlink(name);
    if (!failed) return memory;
    if (memory != MAP_FAILED) munmap(memory, bytes);
    return NULL;
}

void tri_profile_late_begin(void) {
    MPI_Comm ranks;
    int world;
    PMPI_Comm_rank(MPI_COMM_WORLD, &world);
    PMPI_Comm_size(MPI_COMM_WORLD, &node.all);
    node.first = world;
    if (PMPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, world, MPI_INFO_NULL, &ranks) !=
        MPI_SUCCESS)
        return;
    PMPI_Comm_size(ranks, &node.ranks);
    PMPI_Comm_rank(ranks, &node.mine);
    int *list = malloc((size_t)node.ranks * sizeof *list);
    int *place = malloc((size_t)node.all * sizeof *place);
    int able = list && place && node.ranks <= MOST_RANKS;
    PMPI_Allreduce(MPI_IN_PLACE, &able, 1, MPI_INT, MPI_MIN, ranks);
    if (able) {
        PMPI_Allgather(&world, 1, MPI_INT, list, 1, MPI_INT, ranks);
        for (int r = 0; r < node.all; r++)
            place[r] = -1;
        for (int r = 0; r < node.ranks; r++)
            place[list[r]] = r;
        node.first = list[0];
        node.place = place;
        node.world = list;
        place = list = NULL;
        node.part_bytes = (sizeof(part) + (size_t)node.ranks * sizeof(messages) + 4095) & ~(size_t)4095;
        node.memory = share(ranks, node.mine, (size_t)node.ranks * node.part_bytes);
    }
    free(list);
    free(place);
    PMPI_Comm_free(&ranks);
}

static arrival *ring_of(int place, uint64_t key) {
    return part_of(place)->ring[(key ^ key >> 40) % RINGS];
}

void tri_profile_late_arrive(const profile_comm *comm, uint64_t ticks) {
    if (!node.memory) return;
    arrival *a = &ring_of(node.mine, comm->key)[comm->number % DEPTH];
    atomic_store_explicit(&a->number, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&a->key, comm->key, memory_order_relaxed);
    atomic_store_explicit(&a->ticks, ticks, memory_order_relaxed);
    atomic_store_explicit(&a->number, comm->number, memory_order_release);
}

void tri_profile_late_send(int world, uint64_t ticks) {
    int place = tri_profile_place(world);
    if (place < 0 || !node.memory) return;
    messages *m = &part_of(node.mine)->to[place];
    uint64_t count = atomic_load_explicit(&m->count, memory_order_relaxed);
    atomic_store_explicit(&m->ticks[count % MESSAGES], ticks, memory_order_relaxed);
    atomic_store_explicit(&m->count, count + 1, memory_order_release);
}

/* When a rank came to a call: LATER: it has not come by now; UNKNOWN: its ring has forgotten it. */
static const uint64_t LATER = UINT64_MAX, UNKNOWN = 0;

static uint64_t arrival_of(int place, const profile_comm *comm) {
    arrival *a = &ring_of(place, comm->key)[comm->number % DEPTH];
    uint64_t number = atomic_load_explicit(&a->number, memory_order_acquire);
    uint64_t key = atomic_load_explicit(&a->key, memory_order_relaxed);
    uint64_t ticks = atomic_load_explicit(&a->ticks, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    if (!number || atomic_load_explicit(&a->number, memory_order_relaxed) != number || key != comm->key)
        return UNKNOWN;
    if (number == comm->number) return ticks;
    return number < comm->number ? LATER : UNKNOWN;
}

/* The last one of the ranks first to last, without those that came after `left`: nobody waited for them. */
static profile_late last_of(const profile_comm *comm, int first, int last, uint64_t left) {
    profile_late late = {.ticks = 0};
    for (int r = first; r <= last; r++) {
        if (comm->members[r] < 0 || r == comm->rank) continue;
        uint64_t ticks = arrival_of(comm->members[r], comm);
        if (ticks == UNKNOWN) return (profile_late){.ticks = 0};
        if (ticks > left) ticks = 1;
        if (ticks <= late.ticks) continue;
        late = (profile_late){.ticks = ticks, .rank = comm->world[r]};
    }
    return late;
}

profile_late tri_profile_late_collective(const tri_mpi_call *call, const profile_comm *comm, uint64_t came,
                                         uint64_t left) {
    profile_late none = {.ticks = 0};
    int last = comm->size - 1;
    if (!node.memory || !comm->members || comm->present < 2) return none;
    switch (call->function) {
    case TRI_MPI_Bcast:
    case TRI_MPI_Scatter:
    case TRI_MPI_Scatterv:
    case TRI_MPI_Gather:
    case TRI_MPI_Gatherv:
    case TRI_MPI_Reduce:
        if (call->root < 0 || call->root > last) return none;
        if (call->root != comm->rank)
            return comm->members[call->root] < 0 ? none : last_of(comm, call->root, call->root, left);
        /* The root gives, and waits for nobody. */
        if (call->function <= TRI_MPI_Scatterv)
            return (profile_late){.ticks = came, .rank = comm->world[comm->rank]};
        break;
    case TRI_MPI_Scan:
    case TRI_MPI_Exscan:
        last = comm->rank - 1;
        if (last < 0) return (profile_late){.ticks = came, .rank = comm->world[comm->rank]};
        break;
    default:
        break;
    }
    return last_of(comm, 0, last, left);
}

/* The last message from a rank of the node that began until `left`; 0: there was none. */
static uint64_t last_message(int place, uint64_t left) {
    messages *m = &part_of(place)->to[node.mine];
    uint64_t last = 0;
    for (int k = 0; k < MESSAGES; k++) {
        uint64_t ticks = atomic_load_explicit(&m->ticks[k], memory_order_relaxed);
        if (ticks <= left && ticks > last) last = ticks;
    }
    return last;
}

profile_late tri_profile_late_messages(const int *world, int count, uint64_t left) {
    profile_late late = {.ticks = 0};
    for (int i = 0; i < count && node.memory; i++) {
        int place = tri_profile_place(world[i]), first = place < 0 ? 0 : place;
        int end = place < 0 ? node.ranks : place + 1;
        uint64_t found = 0;
        /* Of a message from any rank it is only known where all ranks are here. */
        if (place < 0 && (world[i] >= 0 || node.ranks < node.all)) return (profile_late){.ticks = 0};
        for (int k = first; k < end; k++) {
            uint64_t last = last_message(k, left);
            found |= last;
            if (last > late.ticks) late = (profile_late){.ticks = last, .rank = node.world[k]};
        }
        if (!found) return (profile_late){.ticks = 0};
    }
    return late;
}
