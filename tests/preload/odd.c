/* odd [CASE]: uses of MPI that a library in front of it easily breaks. Each case checks itself, under plain
 * MPI and under a preload. */
#include <mpi.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int rank, ranks;

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: rank %d: %s\n", __FILE__, __LINE__, rank, #condition);                   \
            MPI_Abort(MPI_COMM_WORLD, 1);                                                                    \
        }                                                                                                    \
    } while (0)

static int sum_of_ranks(MPI_Comm comm) {
    int mine = rank, sum = -1;
    CHECK(MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, comm) == MPI_SUCCESS);
    return sum;
}

/* ---- communicators ---- */

/* More than an MPI library may have at a time, made and freed; and many at a time, freed in another order on
 * each rank. */
static void many(void) {
    enum { LOOPS = 2500, KEPT = 400 };
    MPI_Comm kept[KEPT], made;
    int all = ranks * (ranks - 1) / 2;
    for (int i = 0; i < LOOPS; i++) {
        if (i % 2)
            MPI_Comm_dup(MPI_COMM_WORLD, &made);
        else
            MPI_Comm_split(MPI_COMM_WORLD, 0, rank, &made);
        if (i % 100 == 0) CHECK(sum_of_ranks(made) == all);
        MPI_Comm_free(&made);
    }
    for (int i = 0; i < KEPT; i++)
        MPI_Comm_dup(MPI_COMM_WORLD, &kept[i]);
    for (int i = 0; i < KEPT; i++)
        CHECK(sum_of_ranks(kept[i]) == all);
    for (int i = 0; i < KEPT; i++)
        MPI_Comm_free(&kept[rank % 2 ? i : KEPT - 1 - i]);
    CHECK(sum_of_ranks(MPI_COMM_WORLD) == all);
}

/* Every way to make a communicator, those without state of ours included. */
static void kinds(void) {
    MPI_Comm made[8], inter, merged;
    MPI_Group group;
    int all = ranks * (ranks - 1) / 2, n = 0, sizes[1] = {ranks}, periods[1] = {1}, remain[1] = {1};
    MPI_Comm_group(MPI_COMM_WORLD, &group);
    MPI_Comm_create(MPI_COMM_WORLD, group, &made[n++]);
    MPI_Comm_create_group(MPI_COMM_WORLD, group, 7, &made[n++]);
    MPI_Cart_create(MPI_COMM_WORLD, 1, sizes, periods, 0, &made[n++]);
    MPI_Cart_sub(made[n - 1], remain, &made[n]);
    n++;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &made[n++]);
    MPI_Comm_dup_with_info(MPI_COMM_WORLD, MPI_INFO_NULL, &made[n++]);
    MPI_Request request;
    MPI_Comm_idup(MPI_COMM_WORLD, &made[n], &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    n++;
    for (int i = 0; i < n; i++)
        CHECK(sum_of_ranks(made[i]) == all);
    CHECK(sum_of_ranks(MPI_COMM_SELF) == rank);
    if (ranks > 1) {
        MPI_Comm half;
        int low = rank < ranks / 2, leader = low ? ranks / 2 : 0, mine = rank, sum;
        MPI_Comm_split(MPI_COMM_WORLD, low, rank, &half);
        MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, leader, 3, &inter);
        MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, inter); /* of the other group */
        int first = low ? ranks / 2 : 0, last = low ? ranks : ranks / 2;
        CHECK(sum == (first + last - 1) * (last - first) / 2);
        MPI_Intercomm_merge(inter, low, &merged);
        CHECK(sum_of_ranks(merged) == all);
        MPI_Comm_free(&merged);
        MPI_Comm_free(&inter);
        MPI_Comm_free(&half);
    }
    for (int i = 0; i < n; i++)
        MPI_Comm_free(&made[i]);
    MPI_Group_free(&group);
}

static int copied, deleted;
static int on_copy(MPI_Comm comm, int key, void *extra, void *value, void *out, int *flag) {
    (void)comm, (void)key, (void)extra;
    *(void **)out = value;
    *flag = 1;
    copied++;
    return MPI_SUCCESS;
}
static int on_delete(MPI_Comm comm, int key, void *value, void *extra) {
    (void)comm, (void)key, (void)value, (void)extra;
    deleted++;
    return MPI_SUCCESS;
}

/* The attributes of the program are copied where it duplicates, and nowhere else. */
static void attributes(void) {
    MPI_Comm a, b;
    int key, found, x;
    void *value;
    MPI_Comm_create_keyval(on_copy, on_delete, &key, NULL);
    MPI_Comm_dup(MPI_COMM_WORLD, &a);
    MPI_Comm_set_attr(a, key, &x);
    sum_of_ranks(a);
    CHECK(copied == 0);
    MPI_Comm_dup(a, &b);
    sum_of_ranks(b);
    CHECK(copied == 1 && deleted == 0);
    MPI_Comm_get_attr(b, key, &value, &found);
    CHECK(found && value == &x);
    MPI_Comm_free(&b);
    CHECK(deleted == 1);
    MPI_Comm_free(&a);
    CHECK(copied == 1 && deleted == 2);
    MPI_Comm_free_keyval(&key);
}

/* ---- arguments ---- */

static int raised;
static void on_error(MPI_Comm *comm, int *code, ...) {
    (void)comm, (void)code;
    raised++;
}

static int class_of(int code) {
    int out;
    MPI_Error_class(code, &out);
    return out;
}

/* The classes that the MPI library itself returns, by the error handler of the communicator; and after all
 * that the communicator works. */
static void errors(void) {
    MPI_Comm comm;
    MPI_Errhandler handler;
    double x[4] = {1, 2, 3, 4}, y[4];
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
#define SAME(name, ...) CHECK(class_of(MPI_##name(__VA_ARGS__)) == class_of(PMPI_##name(__VA_ARGS__)))
    SAME(Bcast, x, 1, MPI_DOUBLE, 99, comm);
    SAME(Bcast, x, 1, MPI_DOUBLE, -3, comm);
    SAME(Bcast, x, -1, MPI_DOUBLE, 0, comm);
    SAME(Bcast, x, 1, MPI_DATATYPE_NULL, 0, comm);
    SAME(Allreduce, x, y, 1, MPI_DATATYPE_NULL, MPI_SUM, comm);
    SAME(Allreduce, x, y, 1, MPI_DOUBLE, MPI_BAND, comm);
    SAME(Allreduce, x, y, 1, MPI_DOUBLE, MPI_OP_NULL, comm);
    SAME(Reduce, x, y, 1, MPI_DOUBLE, MPI_SUM, ranks, comm);
    SAME(Scan, x, y, 1, MPI_DATATYPE_NULL, MPI_SUM, comm);
#ifdef OPEN_MPI /* MPICH 4.0 crashes */
    SAME(Allreduce, x, y, -1, MPI_DOUBLE, MPI_SUM, comm);
    SAME(Reduce_scatter_block, x, y, -2, MPI_DOUBLE, MPI_SUM, comm);
#endif
    SAME(Gather, x, 1, MPI_DOUBLE, y, 1, MPI_DOUBLE, -5, comm);
    SAME(Allgather, x, -1, MPI_DOUBLE, y, 1, MPI_DOUBLE, comm);
    SAME(Alltoall, x, 1, MPI_DATATYPE_NULL, y, 1, MPI_DOUBLE, comm);
    CHECK(class_of(MPI_Bcast(x, 1, MPI_DOUBLE, 99, comm)) == MPI_ERR_ROOT);
    CHECK(class_of(MPI_Bcast(x, -1, MPI_DOUBLE, 0, comm)) == MPI_ERR_COUNT);
    CHECK(class_of(MPI_Allreduce(x, y, 1, MPI_DOUBLE, MPI_BAND, comm)) == MPI_ERR_OP);
    MPI_Comm_create_errhandler(on_error, &handler);
    MPI_Comm_set_errhandler(comm, handler);
    MPI_Bcast(x, -1, MPI_DOUBLE, 0, comm);
    CHECK(raised == 1);
    CHECK(sum_of_ranks(comm) == ranks * (ranks - 1) / 2);
    MPI_Errhandler_free(&handler);
    MPI_Comm_free(&comm);
}

/* MPI_BOTTOM, equal signatures of different types, types with gaps, counts of 0. */
static void types(void) {
    int x[6] = {0}, y[64];
    MPI_Aint place;
    MPI_Datatype absolute, strided, pair;
    int one = 1;
    MPI_Get_address(&x[1], &place);
    MPI_Type_create_hindexed(1, &one, &place, MPI_INT, &absolute);
    MPI_Type_commit(&absolute);
    x[1] = rank ? 0 : 41;
    MPI_Bcast(MPI_BOTTOM, 1, absolute, 0, MPI_COMM_WORLD);
    CHECK(x[1] == 41 && x[0] == 0 && x[2] == 0);
    MPI_Type_vector(3, 1, 2, MPI_INT, &strided);
    MPI_Type_commit(&strided);
    for (int i = 0; i < 6; i++)
        x[i] = rank == 0 ? 10 + i : -1;
    if (rank == 0) {
        MPI_Bcast(x, 1, strided, 0, MPI_COMM_WORLD);
    } else {
        MPI_Bcast(x, 3, MPI_INT, 0, MPI_COMM_WORLD);
        CHECK(x[0] == 10 && x[1] == 12 && x[2] == 14 && x[3] == -1);
    }
    MPI_Type_contiguous(2, MPI_INT, &pair);
    MPI_Type_commit(&pair);
    int two[2] = {rank, 2 * rank};
    CHECK(2 * ranks <= 64);
    MPI_Allgather(two, 1, pair, y, 2, MPI_INT, MPI_COMM_WORLD);
    for (int r = 0; r < ranks; r++)
        CHECK(y[2 * r] == r && y[2 * r + 1] == 2 * r);
    MPI_Bcast(NULL, 0, MPI_INT, 0, MPI_COMM_WORLD);
    MPI_Allreduce(NULL, NULL, 0, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    struct {
        double value;
        int at;
    } mine = {100.0 - (rank == ranks / 2), rank}, least;
    MPI_Allreduce(&mine, &least, 1, MPI_DOUBLE_INT, MPI_MINLOC, MPI_COMM_WORLD);
    CHECK(least.at == ranks / 2);
    MPI_Type_free(&absolute);
    MPI_Type_free(&strided);
    MPI_Type_free(&pair);
}

/* 2 x 2 matrices do not commute. */
static void times(void *left, void *right, int *count, MPI_Datatype *type) {
    (void)type;
    for (int i = 0; i < *count; i++) {
        const int64_t *a = (int64_t *)left + 4 * i;
        int64_t *b = (int64_t *)right + 4 * i, c[4];
        c[0] = a[0] * b[0] + a[1] * b[2];
        c[1] = a[0] * b[1] + a[1] * b[3];
        c[2] = a[2] * b[0] + a[3] * b[2];
        c[3] = a[2] * b[1] + a[3] * b[3];
        memcpy(b, c, sizeof c);
    }
}

static void operations(void) {
    MPI_Op op;
    MPI_Datatype matrix;
    int64_t mine[4] = {1, rank + 1, 0, 1}, product[4], mixed[4] = {rank + 1, 1, 1, 0}, expected[4], sum[4];
    MPI_Type_contiguous(4, MPI_INT64_T, &matrix);
    MPI_Type_commit(&matrix);
    MPI_Op_create(times, 0, &op);
    MPI_Allreduce(mine, product, 1, matrix, op, MPI_COMM_WORLD);
    CHECK(product[0] == 1 && product[1] == ranks * (ranks + 1) / 2 && product[2] == 0);
    MPI_Allreduce(mixed, product, 1, matrix, op, MPI_COMM_WORLD);
    PMPI_Allreduce(mixed, expected, 1, matrix, op, MPI_COMM_WORLD);
    CHECK(!memcmp(product, expected, sizeof product));
    MPI_Reduce(rank ? mixed : MPI_IN_PLACE, rank ? NULL : mixed, 1, matrix, op, 0, MPI_COMM_WORLD);
    CHECK(rank || !memcmp(mixed, expected, sizeof mixed));
    MPI_Scan(mine, sum, 1, matrix, op, MPI_COMM_WORLD);
    CHECK(sum[1] == (rank + 1) * (rank + 2) / 2);
    MPI_Op_free(&op);
    MPI_Type_free(&matrix);
}

/* Large counts and persistent calls, where the MPI library has them. */
static void newer(void) {
#if MPI_VERSION >= 4
    int x = rank ? -1 : 17, sum, counts[64], displs[64], all[64];
    MPI_Count large_counts[64];
    MPI_Aint large_displs[64];
    CHECK(ranks <= 64);
    MPI_Bcast_c(&x, 1, MPI_INT, 0, MPI_COMM_WORLD);
    CHECK(x == 17);
    MPI_Allreduce_c(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CHECK(sum == ranks * (ranks - 1) / 2);
    for (int r = 0; r < ranks; r++) {
        counts[r] = 1, displs[r] = ranks - 1 - r;
        large_counts[r] = 1, large_displs[r] = r;
    }
    MPI_Allgatherv(&rank, 1, MPI_INT, all, counts, displs, MPI_INT, MPI_COMM_WORLD);
    CHECK(all[0] == ranks - 1);
    MPI_Allgatherv_c(&rank, 1, MPI_INT, all, large_counts, large_displs, MPI_INT, MPI_COMM_WORLD);
    CHECK(all[ranks - 1] == ranks - 1);
    MPI_Request request;
    MPI_Bcast_init(&x, 1, MPI_INT, 0, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    for (int i = 0; i < 3; i++) {
        x = rank ? -1 : i;
        MPI_Start(&request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        CHECK(x == i);
    }
    MPI_Request_free(&request);
#endif
}

/* A message that MPI has to move while this rank waits in a collective call; and MPI's own collectives beside
 * ours. */
static void progress(void) {
    enum { COUNT = 1 << 20 };
    int *data = malloc(COUNT * sizeof *data), *got = malloc(COUNT * sizeof *got), x = rank, sum;
    MPI_Request requests[3];
    MPI_Status statuses[3];
    for (int i = 0; i < COUNT; i++)
        data[i] = rank + i;
    MPI_Iallreduce(&x, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &requests[2]);
    MPI_Isend(data, COUNT, MPI_INT, (rank + 1) % ranks, 5, MPI_COMM_WORLD, &requests[0]);
    if (rank == 0) MPI_Barrier(MPI_COMM_WORLD);
    MPI_Irecv(got, COUNT, MPI_INT, (rank + ranks - 1) % ranks, 5, MPI_COMM_WORLD, &requests[1]);
    if (rank != 0) {
        MPI_Wait(&requests[1], MPI_STATUS_IGNORE);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    MPI_Waitall(3, requests, statuses);
    CHECK(got[COUNT - 1] == (rank + ranks - 1) % ranks + COUNT - 1);
    CHECK(sum == ranks * (ranks - 1) / 2);
    free(data);
    free(got);
}

/* ---- threads: each has a communicator, in an order of its own on each rank ---- */

enum { THREADS = 3 };
static MPI_Comm of_thread[THREADS];
static unsigned seed;

static void *work(void *argument) {
    int t = (int)(intptr_t)argument;
    unsigned state = seed + 77u * (unsigned)(rank * THREADS + t);
    MPI_Comm comm = of_thread[t];
    for (int i = 0; i < 60; i++) {
        for (unsigned pause = rand_r(&state) % 20; pause; pause--)
            sched_yield();
        int x = rank + t + i, sum;
        if (i % 3 == 0)
            MPI_Barrier(comm);
        else if (i % 3 == 1)
            MPI_Bcast(&x, 1, MPI_INT, i % ranks, comm);
        else {
            MPI_Allreduce(&x, &sum, 1, MPI_INT, MPI_SUM, comm);
            CHECK(sum == ranks * (ranks - 1) / 2 + ranks * (t + i));
        }
        if (i % 20 == 19) {
            MPI_Comm next;
            MPI_Comm_dup(comm, &next);
            CHECK(sum_of_ranks(next) == ranks * (ranks - 1) / 2);
            MPI_Comm_free(&next);
        }
    }
    return NULL;
}

/* `rounds` random schedules. */
static void threads(unsigned rounds) {
    pthread_t thread[THREADS];
    for (int t = 0; t < THREADS; t++)
        MPI_Comm_dup(MPI_COMM_WORLD, &of_thread[t]);
    for (seed = 1; seed <= rounds; seed++) {
        for (int t = 0; t < THREADS; t++)
            pthread_create(&thread[t], NULL, work, (void *)(intptr_t)t);
        for (int t = 0; t < THREADS; t++)
            pthread_join(thread[t], NULL);
    }
    for (int t = 0; t < THREADS; t++)
        MPI_Comm_free(&of_thread[t]);
}

/* ---- starts and ends ---- */

/* Children of MPI_Comm_spawn, merged with their parents. */
static void spawn(const char *self) {
    MPI_Comm parent, children, all;
    char *words[] = {(char *)"spawn", NULL};
    int x = 1, sum;
    MPI_Comm_get_parent(&parent);
    if (parent == MPI_COMM_NULL)
        MPI_Comm_spawn(self, words, 2, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &children, MPI_ERRCODES_IGNORE);
    else
        children = parent;
    MPI_Intercomm_merge(children, parent != MPI_COMM_NULL, &all);
    MPI_Allreduce(&x, &sum, 1, MPI_INT, MPI_SUM, all);
    CHECK(sum == (parent == MPI_COMM_NULL ? ranks + 2 : sum) && sum > ranks);
    CHECK(sum_of_ranks(MPI_COMM_WORLD) == ranks * (ranks - 1) / 2);
    MPI_Comm_free(&all);
    MPI_Comm_disconnect(&children);
}

static void finalize(void) {
    CHECK(sum_of_ranks(MPI_COMM_WORLD) == ranks * (ranks - 1) / 2);
    MPI_Finalize();
}

int main(int argc, char **argv) {
    int provided;
    const char *name = argc > 1 ? argv[1] : "";
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (!strcmp(name, "atexit")) {
        atexit(finalize);
        return 0;
    }
    if (!strcmp(name, "abort")) { /* the others wait in a collective call */
        if (rank == ranks - 1) MPI_Abort(MPI_COMM_WORLD, 5);
        MPI_Barrier(MPI_COMM_WORLD);
        return 0;
    }
    if (!strcmp(name, "spawn")) {
        spawn(argv[0]);
    } else if (!strcmp(name, "threads")) {
        CHECK(provided == MPI_THREAD_MULTIPLE);
        threads(argc > 2 ? (unsigned)atoi(argv[2]) : 1);
    } else {
        many();
        kinds();
        attributes();
        errors();
        types();
        operations();
        newer();
        progress();
        if (provided == MPI_THREAD_MULTIPLE) threads(5);
    }
    MPI_Finalize();
    return 0;
}
