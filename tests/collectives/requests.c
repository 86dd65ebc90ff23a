/* Nonblocking collectives: many at once, completed in a different order than started, mixed with blocking
 * calls, with every algorithm that supports it. The expected results are those of the blocking form. */
#include <stdio.h>

#include "tests/collectives/sample.h"
#include "trireme/message.h"
#include "trireme/request.h"

enum { CALLS = 12, COUNT_MOST = 3000 };

typedef struct pending_call {
    tri_request *request;
    tri_operation operation;
    size_t count;
    int root, in_place;
    image send, got, want;
} pending_call;

static int64_t number(int from, int to, size_t i) {
    return (int64_t)(sample_value((uint64_t)from, (uint64_t)to, i) >> 20);
}

static void put(image *im, size_t at, int64_t value) {
    memcpy(im->data + 8 * at, &value, 8);
}

static void fill(pending_call *f, int rank, int size) {
    size_t count = f->count, blocks = f->operation == TRI_ALLTOALL ? (size_t)size : 1;
    f->send = image_new(blocks * count, 8, 8), f->got = image_new(blocks * count, 8, 8);
    f->want = image_new(blocks * count, 8, 8);
    for (size_t i = 0; i < count; i++) {
        int64_t sum = 0;
        for (int r = 0; r < size; r++) {
            sum += number(r, 0, i);
            if (f->operation != TRI_ALLTOALL) continue;
            put(&f->send, (size_t)r * count + i, number(rank, r, i));
            put(&f->want, (size_t)r * count + i, number(r, rank, i));
        }
        if (f->operation == TRI_BCAST) {
            if (rank == f->root) put(&f->got, i, number(f->root, 0, i));
            put(&f->want, i, number(f->root, 0, i));
        } else if (f->operation != TRI_ALLTOALL) {
            put(&f->send, i, number(rank, 0, i));
            if (f->operation == TRI_ALLREDUCE || rank == f->root) put(&f->want, i, sum);
        }
    }
}

static tri_status begin(pending_call *f, tri_comm *comm) {
    switch (f->operation) {
    case TRI_BCAST:
        return tri_ibcast(f->got.data, f->count, MPI_INT64_T, f->root, comm, &f->request);
    case TRI_REDUCE:
        return tri_ireduce(f->send.data, f->got.data, f->count, MPI_INT64_T, MPI_SUM, f->root, comm,
                           &f->request);
    case TRI_ALLREDUCE:
        return tri_iallreduce(f->send.data, f->got.data, f->count, MPI_INT64_T, MPI_SUM, comm, &f->request);
    default:
        return tri_ialltoall(f->in_place ? MPI_IN_PLACE : f->send.data, f->count, MPI_INT64_T, f->got.data,
                             f->count, MPI_INT64_T, comm, &f->request);
    }
}

/* Twelve pending calls with a blocking one in between; half of them tested, half waited for, in reverse
 * order on odd ranks. */
static void fly(tri_comm *comm, const char *names) {
    static const tri_operation operations[] = {TRI_BCAST, TRI_REDUCE, TRI_ALLREDUCE, TRI_ALLTOALL};
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm);
    pending_call calls[CALLS] = {{0}};
    CHECK_OK(tri_comm_select(comm, names));
    for (int i = 0; i < CALLS; i++) {
        pending_call *f = &calls[i];
        f->operation = operations[i % 4];
        f->count = i < 4 ? COUNT_MOST : (size_t)(i % 3);
        f->root = i % size;
        fill(f, rank, size);
        f->in_place = f->operation == TRI_ALLTOALL && ((size_t)i + strlen(names)) % 8 < 4;
        if (f->in_place && f->count)
            memcpy(f->got.data, f->send.data, f->count * (size_t)size * sizeof(int64_t));
        CHECK_OK(begin(f, comm));
        if (i != CALLS / 2) continue;
        int64_t mine = rank, sum = -1;
        CHECK_OK(tri_allreduce(&mine, &sum, 1, MPI_INT64_T, MPI_SUM, comm));
        CHECK(sum == (int64_t)size * (size - 1) / 2, "a blocking call among others: %lld", (long long)sum);
    }
    tri_comm_progress(comm);
    for (int i = 0; i < CALLS; i++) {
        pending_call *f = &calls[rank % 2 ? CALLS - 1 - i : i];
        int done = 0;
        while (i % 2 && !done)
            CHECK_OK(tri_request_test(&f->request, &done));
        if (!done) CHECK_OK(tri_request_wait(&f->request));
        CHECK(!f->request && image_same(&f->got, &f->want), "%s of %zu, %d ranks, root %d, %s",
              tri_operation_name(f->operation), f->count, size, f->root, names);
        image_free(&f->send);
        image_free(&f->got);
        image_free(&f->want);
    }
}

/* A rank in the middle of a chain is in a blocking call, on `comm` or on a communicator of the same
 * family, when its neighbour's data arrive; the next rank enters that call only after it has the data. So
 * the blocking call must forward them. */
static void wait_elsewhere(tri_comm *comm, tri_comm *other, const char *names) {
    enum { MIDDLE = 1, COUNT = 1000 };
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm), token = 0;
    int64_t data[COUNT];
    tri_request *request;
    for (size_t i = 0; i < COUNT; i++)
        data[i] = rank ? -1 : number(0, 7, i);
    CHECK_OK(tri_comm_select(comm, names));
    CHECK_OK(tri_comm_select(other, names));
    if (size > MIDDLE && rank == 0) CHECK_OK(tri_recv(&token, 1, MPI_INT, MIDDLE, 0, comm));
    CHECK_OK(tri_ibcast(data, COUNT, MPI_INT64_T, 0, comm, &request));
    if (rank == MIDDLE) CHECK_OK(tri_send(&token, 1, MPI_INT, 0, 0, comm));
    if (rank != MIDDLE) CHECK_OK(tri_request_wait(&request));
    int64_t mine = rank, sum = -1;
    CHECK_OK(tri_allreduce(&mine, &sum, 1, MPI_INT64_T, MPI_SUM, other));
    CHECK_OK(tri_barrier(other));
    if (rank == MIDDLE) CHECK_OK(tri_request_wait(&request));
    size_t right = 0;
    for (size_t i = 0; i < COUNT; i++)
        right += data[i] == number(0, 7, i);
    CHECK(right == COUNT && sum == (int64_t)size * (size - 1) / 2, "%s past a blocking call: %zu right",
          names, right);
}

int main(int argc, char **argv) {
    int provided, size;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int *labels = malloc((size_t)size * sizeof *labels);
    if (!labels) abort();
    for (int r = 0; r < size; r++)
        labels[r] = r / 2;
    tri_comm *comm;
    CHECK_OK(tri_comm_create_with(MPI_COMM_WORLD, &(tri_comm_options){.node_of = labels}, &comm));
    free(labels);
    fly(comm, "");
    for (int i = 0; i < tri_algorithm_count(); i++) {
        char name[96];
        snprintf(name, sizeof name, "%s:%s", tri_operation_name(tri_algorithm_operation(i)),
                 tri_algorithm_name(i));
        tri_operation o = tri_algorithm_operation(i);
        if (o == TRI_BCAST || o == TRI_REDUCE || o == TRI_ALLREDUCE || o == TRI_ALLTOALL) fly(comm, name);
    }
    wait_elsewhere(comm, comm, "bcast:chain");
    tri_comm *whole, *child, *grandchild;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &whole));
    CHECK_OK(tri_comm_split(whole, 1, &child));
    CHECK_OK(tri_comm_split(child, 1, &grandchild));
    tri_comm *family[] = {whole, child, grandchild};
    for (int i = 0; i < 9; i++) {
        wait_elsewhere(family[i / 3], family[i % 3], "bcast:chain,allreduce:shared,barrier:shared");
        wait_elsewhere(family[i / 3], family[i % 3], "bcast:chain,allreduce:recursive_doubling,barrier:tree");
    }
    tri_comm_destroy(&whole);
    wait_elsewhere(child, grandchild, "bcast:chain");
    tri_comm_destroy(&child);
    tri_comm_destroy(&grandchild);
    tri_request *none = NULL;
    CHECK_OK(tri_request_wait(&none));
    CHECK_STATUS(tri_ibcast(&none, 1, MPI_BYTE, size, comm, &none), TRI_ERR_ARGUMENT);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("requests");
}
