/* Communicators: split with keys, groups, many at once, what they take and leave, and threads that use
 * different ones. */
#include "trireme/comm.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "mpi/comm.h"
#include "mpi/shared.h"
#include "trireme/collectives.h"
#include "trireme/message.h"
#include "trireme/request.h"

static int rank, size;

/* The sums of `count` elements, each of which depends on the rank in `comm`. */
static void check_sums(tri_comm *comm, int count) {
    int ranks = tri_comm_size(comm), me = tri_comm_rank(comm), wrong = 0;
    int *mine = malloc((size_t)count * sizeof *mine), *sums = malloc((size_t)count * sizeof *sums);
    for (int i = 0; i < count; i++)
        mine[i] = me + i;
    CHECK_OK(tri_allreduce(mine, sums, (size_t)count, MPI_INT, MPI_SUM, comm));
    for (int i = 0; i < count; i++)
        wrong += sums[i] != ranks * (ranks - 1) / 2 + ranks * i;
    CHECK(!wrong, "%d of %d sums are wrong on %d ranks", wrong, count, ranks);
    free(mine);
    free(sums);
}

/* A message to the next rank by MPI's and by our calls, both in the ranks of `comm`. */
static void check_ring(tri_comm *comm) {
    int ranks = tri_comm_size(comm), me = tri_comm_rank(comm), next = (me + 1) % ranks, got = -1;
    int before = (me + ranks - 1) % ranks;
    CHECK_OK(tri_exchange(&me, 1, next, &got, 1, before, MPI_INT, 7, comm));
    CHECK(got == before, "rank %d got %d", me, got);
    MPI_Comm mpi = tri_comm_mpi(comm);
    int mpi_rank = -1, mpi_size = -1;
    if (mpi != MPI_COMM_NULL) MPI_Comm_rank(mpi, &mpi_rank), MPI_Comm_size(mpi, &mpi_size);
    CHECK(mpi_rank == me && mpi_size == ranks, "MPI's rank %d of %d, ours %d of %d", mpi_rank, mpi_size, me,
          ranks);
}

static void splits(tri_comm *world) {
    /* In reverse order, with two colours and one rank left out. */
    int colour = rank == size - 1 && size > 1 ? -1 : rank % 2, expected = 0, members = 0;
    tri_comm *part = NULL, *again = NULL;
    CHECK_OK(tri_comm_split(world, colour, -rank, &part));
    CHECK(!part == (colour < 0), "colour %d", colour);
    for (int other = 0; other < (size > 1 ? size - 1 : 1); other++) {
        members += other % 2 == colour;
        expected += other % 2 == colour && other > rank;
    }
    if (part) {
        CHECK(tri_comm_rank(part) == expected && tri_comm_size(part) == members,
              "rank %d of %d, not %d of %d", tri_comm_rank(part), tri_comm_size(part), expected, members);
        check_sums(part, 1);
        check_sums(part, 100000);
        check_ring(part);
        /* With equal keys in the same order, from a communicator whose ranks are not those of its carrier. */
        CHECK_OK(tri_comm_split(part, 0, 5, &again));
        CHECK(tri_comm_rank(again) == expected, "rank %d, not %d", tri_comm_rank(again), expected);
        tri_comm_destroy(&part);
        check_sums(again, 3000);
        check_ring(again);
        tri_comm_destroy(&again);
    }
}

/* Every other rank, backwards; the others do not call. */
static void groups(tri_comm *world) {
    int count = (size + 1) / 2, *ranks = malloc((size_t)(count + 1) * sizeof *ranks), wrong[] = {size, rank};
    tri_comm *group = NULL;
    for (int i = 0; i < count; i++)
        ranks[i] = 2 * (count - 1 - i);
    if (rank % 2 == 0) {
        CHECK_OK(tri_comm_create_group(world, count, ranks, &group));
        CHECK(tri_comm_rank(group) == count - 1 - rank / 2, "rank %d of the group", tri_comm_rank(group));
        check_sums(group, 2);
        check_sums(group, 5000);
        check_ring(group);
        tri_comm_destroy(&group);
    }
    CHECK_STATUS(tri_comm_create_group(world, 2, wrong, &group), TRI_ERR_ARGUMENT);
    wrong[0] = rank;
    CHECK_STATUS(tri_comm_create_group(world, 2, wrong, &group), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_comm_create_group(world, 0, wrong, &group), TRI_ERR_ARGUMENT);
    CHECK(!group, "a group of wrong ranks");
    check_sums(world, 1);
    free(ranks);
}

/* Groups of a communicator with several nodes: their nodes are those of their ranks. */
static void nodes(void) {
    int *node_of = malloc((size_t)size * sizeof *node_of);
    tri_comm *world, *part, *group;
    for (int r = 0; r < size; r++)
        node_of[r] = -(r / 2) - 1;
    CHECK_OK(tri_comm_create_with(MPI_COMM_WORLD, &(tri_comm_options){.node_of = node_of}, &world));
    CHECK_OK(tri_comm_split(world, rank % 3 == 2, -rank, &part));
    const tri_shape *shape = tri_comm_shape(part);
    int here = 0, count = 0;
    for (int r = 0; r < size; r++)
        here += r / 2 == rank / 2 && (r % 3 == 2) == (rank % 3 == 2);
    for (int n = 0; n < shape->nodes; n++)
        count += shape->node_start[n + 1] - shape->node_start[n];
    CHECK(shape->local_size == here && count == tri_comm_size(part), "%d of %d here, %d in all",
          shape->local_size, here, count);
    check_sums(part, 1);
    check_sums(part, 40000);
    check_sums(part, 2);
    check_ring(part);
    if (rank / 2 == 0 && size > 1) {
        int first[] = {1, 0};
        CHECK_OK(tri_comm_create_group(world, 2, first, &group));
        CHECK(tri_comm_shape(group)->nodes == 1, "%d nodes", tri_comm_shape(group)->nodes);
        for (int i = 0; i < 70; i++)
            check_sums(group, 1 + i);
        tri_comm_destroy(&group);
    }
    tri_comm_destroy(&world);
    check_sums(part, 10);
    tri_comm_destroy(&part);
    free(node_of);
}

static int open_files(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder))
        count++;
    if (folder) closedir(folder);
    return count;
}

/* The shared maps of this process: their number, and their bytes. */
static long shared_maps(long *bytes) {
    char line[512];
    unsigned long first, end;
    long count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    *bytes = 0;
    while (maps && fgets(line, sizeof line, maps))
        if (strstr(line, "memfd:/trireme") && sscanf(line, "%lx-%lx", &first, &end) == 2)
            *bytes += (long)(end - first), count++;
    if (maps) fclose(maps);
    return count;
}

/* More communicators than MPICH has context ids. */
static void many(tri_comm *world, int count) {
    tri_comm **comms = calloc((size_t)count, sizeof *comms);
    long bytes_before, bytes, maps_before = shared_maps(&bytes_before), maps;
    int files = open_files(), failed = 0;
    tri_comm_options carried = {.carrier = world};
    for (int i = 0; i < count && !failed; i++) {
        if (i % 4 == 0)
            failed = tri_comm_create(MPI_COMM_WORLD, &comms[i]) != TRI_OK;
        else if (i % 4 == 1)
            failed = tri_comm_split(world, 0, -rank, &comms[i]) != TRI_OK;
        else if (i % 4 == 2)
            failed = tri_comm_split(world, rank % 2, rank, &comms[i]) != TRI_OK;
        else
            failed = tri_comm_create_with(MPI_COMM_WORLD, &carried, &comms[i]) != TRI_OK;
        CHECK(!failed, "communicator %d: %s", i, tri_error_text());
        if (!failed) check_sums(comms[i], 1);
    }
    maps = shared_maps(&bytes) - maps_before;
    bytes -= bytes_before;
    CHECK(maps <= count, "%ld maps", maps);
    CHECK(bytes <= 65536L * count, "%ld bytes of maps for each communicator", bytes / count);
    for (int i = count - 1; i >= 0; i--)
        check_sums(comms[i], 1);
    for (int i = 0; i < count; i++)
        tri_comm_destroy(&comms[i]);
    maps = shared_maps(&bytes) - maps_before;
    CHECK(!maps && bytes == bytes_before, "%ld maps and %ld bytes are left", maps, bytes - bytes_before);
    CHECK(open_files() == files, "%d open files, before %d", open_files(), files);
    free(comms);
}

/* Slots are used again, and where none is left, communicators get a carrier of their own. */
static void channels(tri_comm *world) {
    tri_comm *first, *second, *apart, *part;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &first));
    int channel = first->channel;
    tri_comm_destroy(&first);
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &first));
    CHECK(first->channel == channel && first->carrier == world->carrier, "channel %d, not %d", first->channel,
          channel);
    uint64_t vacant[TRI_CHANNELS / 64];
    for (int w = 0; w < TRI_CHANNELS / 64; w++)
        vacant[w] = atomic_exchange(&world->carrier->vacant[w], 0);
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &apart));
    CHECK(apart->carrier != world->carrier, "no channel is vacant");
    CHECK_OK(tri_comm_split(world, rank % 2, -rank, &part));
    CHECK(part->carrier != world->carrier, "no channel is vacant");
    check_sums(apart, 1000);
    check_sums(part, 1000);
    check_ring(part);
    for (int w = 0; w < TRI_CHANNELS / 64; w++)
        atomic_fetch_or(&world->carrier->vacant[w], vacant[w]);
    /* The carrier of the last one is used next. */
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &second));
    CHECK(second->carrier == apart->carrier, "another carrier");
    check_sums(second, 1);
    tri_comm_destroy(&second);
    tri_comm_destroy(&part);
    tri_comm_destroy(&apart);
    tri_comm_destroy(&first);
}

/* The ranks of a communicator of the program, in another order, which is freed before ours. */
static void carried(tri_comm *world) {
    MPI_Comm program;
    tri_comm *comm = NULL, *part;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &program);
    tri_comm_options options = {.carrier = world};
    CHECK_OK(tri_comm_create_with(program, &options, &comm));
    int mine, expected;
    MPI_Comm_rank(program, &expected);
    mine = tri_comm_rank(comm);
    CHECK(mine == expected && comm->carrier == world->carrier, "rank %d, not %d", mine, expected);
    MPI_Comm_free(&program);
    check_sums(comm, 10);
    check_sums(comm, 10000);
    check_ring(comm);
    /* Of another one that lacks ranks. */
    CHECK_OK(tri_comm_split(world, rank ? 1 : 0, 0, &part));
    options.carrier = part;
    if (size > 1) {
        tri_comm *none = NULL;
        CHECK_STATUS(tri_comm_create_with(MPI_COMM_WORLD, &options, &none), TRI_ERR_ARGUMENT);
    }
    tri_comm_destroy(&part);
    tri_comm_destroy(&comm);
}

enum { THREADS = 4, ROUNDS = 60 };

/* One thread's communicators: a blocking, a nonblocking call and messages on each, and new ones. */
static void *use(void *data) {
    tri_comm *comm = data, *part, *group;
    int ranks[] = {0};
    for (int i = 0; i < ROUNDS; i++) {
        int mine = rank + i, sum = -1;
        tri_request *request;
        check_sums(comm, i % 8 ? 1 + i : 20000);
        CHECK_OK(tri_iallreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, comm, &request));
        CHECK_OK(tri_request_wait(&request));
        CHECK(sum == size * (size - 1) / 2 + size * i, "sum %d in round %d", sum, i);
        if (i % 10) continue;
        CHECK_OK(tri_comm_split(comm, rank % 2, 0, &part));
        check_sums(part, 3);
        tri_comm_destroy(&part);
        if (rank) continue;
        CHECK_OK(tri_comm_create_group(comm, 1, ranks, &group));
        check_sums(group, 3);
        tri_comm_destroy(&group);
    }
    return NULL;
}

/* The threads start in another order on each rank; all communicators share a carrier. */
static void threads(void) {
    tri_comm *comms[THREADS];
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comms[i]));
    for (int i = 0; i < THREADS; i++) {
        int which = rank % 2 ? THREADS - 1 - i : i;
        if (pthread_create(&thread[which], NULL, use, comms[which])) abort();
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    CHECK(comms[0]->carrier == comms[THREADS - 1]->carrier, "another carrier");
    for (int i = 0; i < THREADS; i++)
        tri_comm_destroy(&comms[i]);
}

int main(int argc, char **argv) {
    int provided, count = argc > 1 ? atoi(argv[1]) : 200;
    tri_comm *world = NULL;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &world));
    splits(world);
    groups(world);
    carried(world);
    nodes();
    many(world, count);
    channels(world);
    if (provided == MPI_THREAD_MULTIPLE) threads();
    tri_comm_destroy(&world);
    MPI_Finalize();
    return check_result("communicators");
}
