/* Requests: progress, and what goes wrong. mixed.c has the results of the calls. */
#include "collectives/engine/engine.h"
#include "tests/collectives/sample.h"
#include "trireme/message.h"
#include "trireme/persistent.h"

static int64_t number(int from, int to, size_t i) {
    return (int64_t)(sample_value((uint64_t)from, (uint64_t)to, i) >> 20);
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

/* Rank 1 of a chain waits for a message from rank 2, which sends it only after it has the data. `how`: the
 * wait of rank 1. */
enum { BY_RECV, BY_EXCHANGE, BY_WAIT_ALL, BY_WAIT_ANY, HOWS };
static void wait_for_message(tri_comm *comm, int how) {
    enum { COUNT = 1000 };
    int rank = tri_comm_rank(comm), token = how, got = -1;
    int64_t data[COUNT];
    tri_request *requests[2] = {NULL, NULL};
    for (size_t i = 0; i < COUNT; i++)
        data[i] = rank ? -1 : number(0, 8, i);
    CHECK_OK(tri_comm_select(comm, "bcast:chain"));
    if (rank == 0) CHECK_OK(tri_recv(&got, 1, MPI_INT, 1, 0, comm));
    CHECK_OK(tri_ibcast(data, COUNT, MPI_INT64_T, 0, comm, &requests[1]));
    if (rank == 1) {
        CHECK_OK(tri_send(&token, 1, MPI_INT, 0, 0, comm));
        MPI_Request message;
        size_t index = 9;
        switch (how) {
        case BY_RECV:
            CHECK_OK(tri_recv(&got, 1, MPI_INT, 2, 1, comm));
            break;
        case BY_EXCHANGE:
            CHECK_OK(tri_exchange(&token, 1, 1, &got, 1, 2, MPI_INT, 1, comm));
            CHECK_OK(tri_recv(&got, 1, MPI_INT, 1, 1, comm));
            break;
        default:
            CHECK_OK(tri_irecv(&got, 1, MPI_INT, 2, 1, comm, &message));
            CHECK_OK(tri_request_adopt(&message, comm, &requests[0]));
            CHECK(message == MPI_REQUEST_NULL, "an adopted MPI request is still there");
            if (how == BY_WAIT_ANY) {
                CHECK_OK(tri_request_wait_any(1, requests, &index));
                CHECK(index == 0 && !requests[0], "a wait for any of one: %zu", index);
            }
        }
    }
    CHECK_OK(tri_request_wait_all(2, requests));
    CHECK(!requests[0] && !requests[1], "requests left after a wait for all");
    if (rank == 2) CHECK_OK(tri_send(&token, 1, MPI_INT, 1, 1, comm));
    CHECK(rank > 1 || got == how, "way %d: got %d", how, got);
    size_t right = 0;
    for (size_t i = 0; i < COUNT; i++)
        right += data[i] == number(0, 8, i);
    CHECK(right == COUNT, "way %d: %zu right", how, right);
}

/* Whether short calls on `comm` go through shared memory from now on. */
static int make_rings(tri_comm *comm) {
    enum { COUNT = 100000 };
    static int64_t in[COUNT], out[COUNT];
    CHECK_OK(tri_comm_select(comm, ""));
    CHECK_OK(tri_allreduce(in, out, COUNT, MPI_INT64_T, MPI_SUM, comm));
    return tri_state_of(comm)->shares && comm->shared->rings == TRI_RINGS_ALL && comm->shape.nodes == 1;
}

/* More short calls at once than shared memory has slots for, with roots that differ, completed in an order
 * that differs between ranks. */
static void share_slots(tri_comm *comm) {
    enum { MANY = 90, COUNT = 20 };
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm), shares = make_rings(comm);
    static int64_t in[MANY][COUNT], out[MANY][COUNT];
    tri_request *r[MANY];
    for (int i = 0; i < MANY; i++) {
        int root = i % size;
        for (size_t k = 0; k < COUNT; k++)
            in[i][k] = number(rank, i, k), out[i][k] = i % 4 == 1 && rank == root ? number(rank, i, k) : -1;
        switch (i % 4) {
        case 0:
            CHECK_OK(tri_ireduce(in[i], out[i], COUNT, MPI_INT64_T, MPI_SUM, root, comm, &r[i]));
            break;
        case 1:
            CHECK_OK(tri_ibcast(out[i], COUNT, MPI_INT64_T, root, comm, &r[i]));
            break;
        case 2:
            CHECK_OK(tri_iscan(in[i], out[i], COUNT, MPI_INT64_T, MPI_SUM, comm, &r[i]));
            break;
        default:
            CHECK_OK(tri_iallreduce(in[i], out[i], COUNT, MPI_INT64_T, MPI_SUM, comm, &r[i]));
        }
        if (shares && size == 2)
            CHECK(!*tri_comm_algorithm(comm), "a short call by %s", tri_comm_algorithm(comm));
    }
    for (int i = 0; i < MANY; i++)
        CHECK_OK(tri_request_wait(&r[rank % 2 ? MANY - 1 - i : (i * 7 + rank) % MANY]));
    size_t right = 0;
    for (int i = 0; i < MANY; i++)
        for (size_t k = 0; k < COUNT; k++) {
            int64_t want = i % 4 == 1 ? number(i % size, i, k) : 0;
            int last = i % 4 == 2 ? rank : i % 4 == 1 ? -1 : size - 1;
            for (int from = 0; from <= last; from++)
                want += number(from, i, k);
            right += out[i][k] == want || (i % 4 == 0 && rank != i % size);
        }
    CHECK(right == (size_t)MANY * COUNT, "many short calls at once: %zu right", right);
}

/* More persistent calls than have slots of their own, started in an order that differs between ranks. */
static void share_slots_again(tri_comm *comm) {
    enum { MANY = 20, ROUNDS = 10 };
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm);
    int64_t in[MANY], out[MANY];
    tri_request *r[MANY], *started[MANY];
    (void)make_rings(comm);
    for (int i = 0; i < MANY; i++)
        CHECK_OK(i % 2 ? tri_allreduce_init(&in[i], &out[i], 1, MPI_INT64_T, MPI_SUM, comm, &r[i])
                       : tri_bcast_init(&out[i], 1, MPI_INT64_T, i % size, comm, &r[i]));
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < MANY; i++) {
            in[i] = number(rank, round, (size_t)i);
            out[i] = rank == i % size ? in[i] : -1;
            started[i] = r[(i * 3 + rank) % MANY];
        }
        CHECK_OK(tri_request_start_all(MANY, started));
        CHECK_OK(tri_request_wait_all(MANY, r));
        for (int i = 0; i < MANY; i++) {
            int64_t want = 0;
            for (int from = 0; from < size; from++)
                if (i % 2 || from == i % size) want += number(from, round, (size_t)i);
            CHECK(out[i] == want, "round %d of short persistent call %d", round, i);
        }
    }
    for (int i = 0; i < MANY; i++)
        CHECK_OK(tri_request_free(&r[i]));
}

static void add(void *left, void *right, int *count, MPI_Datatype *type) {
    (void)type;
    for (int i = 0; i < *count; i++)
        ((int64_t *)right)[i] += ((int64_t *)left)[i];
}

/* Rank 0 starts a call that combines by an operation of the program, the first one on `comm`, before the
 * other ranks enter: they wait for a message that it sends afterwards. */
static void start_alone(tri_comm *comm, int persistent) {
    enum { CALLS = TRI_OPERATION_COUNT - TRI_REDUCE };
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm), token = 1;
    int64_t mine[64], out[CALLS] = {-1, -1, -1, -1, -1}, sum = 0, below = 0;
    tri_request *r[CALLS];
    MPI_Op op;
    MPI_Op_create(add, 1, &op);
    CHECK(size <= 64, "%d ranks", size);
    for (int b = 0; b < size && b < 64; b++)
        mine[b] = number(rank, 9, 0), sum += number(b, 9, 0), below += b < rank ? number(b, 9, 0) : 0;
    if (rank) CHECK_OK(tri_recv(&token, 1, MPI_INT, rank - 1, 0, comm));
#define FORM(name, ...) (persistent ? tri_##name##_init(__VA_ARGS__) : tri_i##name(__VA_ARGS__))
    CHECK_OK(FORM(allreduce, mine, &out[0], 1, MPI_INT64_T, op, comm, &r[0]));
    CHECK_OK(FORM(reduce, mine, &out[1], 1, MPI_INT64_T, op, size - 1, comm, &r[1]));
    CHECK_OK(FORM(reduce_scatter_block, mine, &out[2], 1, MPI_INT64_T, op, comm, &r[2]));
    CHECK_OK(FORM(scan, mine, &out[3], 1, MPI_INT64_T, op, comm, &r[3]));
    CHECK_OK(FORM(exscan, mine, &out[4], 1, MPI_INT64_T, op, comm, &r[4]));
#undef FORM
    if (persistent) CHECK_OK(tri_request_start_all(CALLS, r));
    if (rank < size - 1) CHECK_OK(tri_send(&token, 1, MPI_INT, rank + 1, 0, comm));
    CHECK_OK(tri_request_wait_all(CALLS, r));
    int64_t want[CALLS] = {sum, rank == size - 1 ? sum : -1, sum, below + mine[0], below};
    for (int i = 0; i < CALLS; i++) {
        CHECK(out[i] == want[i] || (i == 4 && !rank) || (i == 1 && rank < size - 1),
              "%s %d of the program's operation, started by rank 0 alone: %lld",
              persistent ? "persistent" : "nonblocking", i, (long long)out[i]);
        if (persistent) CHECK_OK(tri_request_free(&r[i]));
    }
    MPI_Op_free(&op);
}

/* On the communicator whose calls MPI does, on another one of its carrier, and on parts of it. */
static void start_alone_everywhere(void) {
    tri_comm *all[3];
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &all[0]));
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &all[1]));
    CHECK_OK(tri_comm_split(all[1], tri_comm_rank(all[1]) % 2, 0, &all[2]));
    for (int i = 0; i < 6; i++)
        start_alone(all[i % 3], i > 2);
    for (int i = 0; i < 3; i++)
        tri_comm_destroy(&all[i]);
}

/* Two messages, of which the second comes later. With `fails` the first is too long: its request fails, the
 * other stays pending. */
static void wait_for_one(tri_comm *comm, int fails) {
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm), two[2] = {1, 2}, one = 0, late = 0, done = 7;
    int next = (rank + 1) % size, last = (rank + size - 1) % size;
    size_t index = 7;
    MPI_Request messages[3];
    tri_request *requests[2];
    CHECK_OK(tri_irecv(&one, 1, MPI_INT, last, 5, comm, &messages[0]));
    CHECK_OK(tri_irecv(&late, 1, MPI_INT, last, 6, comm, &messages[1]));
    for (int i = 0; i < 2; i++)
        CHECK_OK(tri_request_adopt(&messages[i], comm, &requests[i]));
    CHECK_OK(tri_request_test_all(2, requests, &done));
    CHECK(!done, "both messages are there before they are sent");
    CHECK_OK(tri_request_test_any(2, requests, &index, &done));
    CHECK(!done && index == 2, "a message is there before it is sent: %zu", index);
    CHECK_OK(tri_barrier(comm));
    CHECK_OK(tri_isend(two, fails ? 2 : 1, MPI_INT, next, 5, comm, &messages[2]));
    if (fails)
        CHECK_STATUS(tri_request_wait_all(2, requests), TRI_ERR_MPI);
    else
        CHECK_OK(tri_request_wait_any(2, requests, &index));
    CHECK(!requests[0] && requests[1], "a complete request is kept, or a pending one freed");
    CHECK_OK(tri_barrier(comm));
    MPI_Wait(&messages[2], MPI_STATUS_IGNORE);
    CHECK_OK(tri_isend(two, 1, MPI_INT, next, 6, comm, &messages[2]));
    CHECK_OK(tri_request_wait_any(2, requests, &index));
    CHECK(index == 1 && !requests[1] && late == 1, "a wait for any of one: %zu, got %d", index, late);
    MPI_Wait(&messages[2], MPI_STATUS_IGNORE);
    CHECK_OK(tri_request_wait_any(2, requests, &index));
    CHECK_OK(tri_request_test_any(2, requests, &index, &done));
    CHECK(index == 2 && done, "any of no requests: %zu, done %d", index, done);
    CHECK_OK(tri_request_wait_all(0, NULL));
}

/* Persistent calls, started together in an order that differs between ranks; a free one takes no part. */
static void start_again(tri_comm *comm) {
    enum { PERSISTENT = 3, ROUNDS = 20 };
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm);
    int64_t in[PERSISTENT], sum[PERSISTENT];
    tri_request *requests[PERSISTENT + 1] = {NULL}, *started[PERSISTENT];
    for (int i = 0; i < PERSISTENT; i++)
        CHECK_OK(tri_allreduce_init(&in[i], &sum[i], 1, MPI_INT64_T, MPI_SUM, comm, &requests[i]));
    CHECK_OK(tri_request_wait_all(PERSISTENT + 1, requests));
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < PERSISTENT; i++) {
            in[i] = number(rank, round, (size_t)i);
            started[i] = requests[(i + rank) % PERSISTENT];
        }
        CHECK_OK(tri_request_start_all(PERSISTENT, started));
        CHECK_STATUS(tri_request_start(requests[0]), TRI_ERR_ARGUMENT);
        CHECK_STATUS(tri_request_free(&requests[0]), TRI_ERR_ARGUMENT);
        CHECK_OK(tri_request_wait_all(PERSISTENT + 1, requests));
        for (int i = 0; i < PERSISTENT; i++) {
            int64_t want = 0;
            for (int r = 0; r < size; r++)
                want += number(r, round, (size_t)i);
            CHECK(sum[i] == want, "round %d of persistent allreduce %d", round, i);
        }
    }
    for (int i = 0; i < PERSISTENT; i++)
        CHECK_OK(tri_request_free(&requests[i]));
    CHECK(!requests[0], "a free request is still there");
    CHECK_STATUS(tri_request_start(NULL), TRI_ERR_ARGUMENT);
    CHECK_OK(tri_ibarrier(comm, &requests[0]));
    CHECK_STATUS(tri_request_start(requests[0]), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_request_free(&requests[0]), TRI_ERR_ARGUMENT);
    CHECK_OK(tri_request_wait(&requests[0]));
}

/* Tags of persistent calls come round again, and a rank may free them earlier than others. */
static void use_up_tags(tri_comm *comm) {
    enum { TAGS = 3 };
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm);
    tri_request *kept = NULL, *r[TAGS] = {NULL};
    int64_t mine = rank, sums[2] = {-1, -1};
    tri_state_of(comm)->last_tag = TRI_TAG_PERSISTENT + TAGS - 1;
    for (int i = 0; i < 10; i++) {
        CHECK_OK(tri_allreduce_init(&mine, &sums[0], 1, MPI_INT64_T, MPI_SUM, comm, i ? &r[0] : &kept));
        if (i) CHECK_OK(tri_request_free(&r[0]));
    }
    CHECK_OK(tri_allreduce_init(&mine, &sums[1], 1, MPI_INT64_T, MPI_SUM, comm, &r[0]));
    tri_request *both[2] = {rank % 2 ? kept : r[0], rank % 2 ? r[0] : kept};
    CHECK_OK(tri_request_start_all(2, both));
    CHECK_OK(tri_request_wait_all(2, both));
    for (int i = 0; i < 2; i++)
        CHECK(sums[i] == (int64_t)size * (size - 1) / 2, "sum %d after tags came round: %lld", i,
              (long long)sums[i]);
    CHECK_OK(tri_barrier_init(comm, &r[1]));
    if (rank == 0) CHECK_OK(tri_request_free(&r[0]));
    CHECK_STATUS(tri_barrier_init(comm, &r[2]), size > 1 ? TRI_ERR_ARGUMENT : TRI_OK);
    if (rank) CHECK_OK(tri_request_free(&r[0]));
    CHECK_OK(tri_request_free(&r[1]));
    CHECK_OK(tri_request_free(&r[2]));
    CHECK_OK(tri_request_free(&kept));
}

/* More pending calls than tags. A ring sends all its rounds to one neighbour, so a second call with the same
 * tag takes its messages if both run at once. */
static void wait_for_many(tri_comm *comm) {
    enum { MANY = 8192 + 60, RANKS_MOST = 64 };
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm);
    CHECK(size <= RANKS_MOST, "%d ranks", size);
    tri_request **requests = calloc(MANY, sizeof(tri_request *));
    int64_t *mine = malloc(MANY * sizeof *mine), *all = malloc((size_t)size * MANY * sizeof *all);
    if (!requests || !mine || !all) abort();
    CHECK_OK(tri_comm_select(comm, "allgather:ring"));
    for (size_t i = 0; i < MANY; i++) {
        mine[i] = number(rank, 3, i);
        CHECK_OK(tri_iallgather(&mine[i], 1, MPI_INT64_T, all + (size_t)size * i, 1, MPI_INT64_T, comm,
                                &requests[i]));
    }
    size_t right = 0;
    for (size_t i = MANY; i-- > 0;) {
        CHECK_OK(tri_request_wait(&requests[i]));
        for (int r = 0; r < size; r++)
            right += all[(size_t)size * i + (size_t)r] == number(r, 3, i);
    }
    CHECK(right == MANY * (size_t)size, "many allgathers at once: %zu of %zu right", right,
          MANY * (size_t)size);
    free(requests);
    free(mine);
    free(all);
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
    wait_elsewhere(comm, comm, "bcast:chain");
    tri_comm *whole, *child, *grandchild;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &whole));
    CHECK_OK(tri_comm_split(whole, 1, 0, &child));
    CHECK_OK(tri_comm_split(child, 1, 0, &grandchild));
    tri_comm *family[] = {whole, child, grandchild};
    for (int i = 0; i < 9; i++) {
        wait_elsewhere(family[i / 3], family[i % 3], "bcast:chain,allreduce:shared,barrier:shared");
        wait_elsewhere(family[i / 3], family[i % 3], "bcast:chain,allreduce:recursive_doubling,barrier:tree");
    }
    share_slots(child);
    share_slots_again(child);
    tri_comm_destroy(&whole);
    wait_elsewhere(child, grandchild, "bcast:chain");
    tri_comm_destroy(&child);
    tri_comm_destroy(&grandchild);
    for (int how = 0; size > 2 && how < HOWS; how++)
        wait_for_message(comm, how);
    start_alone_everywhere();
    start_again(comm);
    use_up_tags(comm);
    wait_for_one(comm, 0);
#ifdef OPEN_MPI /* MPICH ends the program */
    if (size > 1) wait_for_one(comm, 1);
#endif
    if (size <= 3) wait_for_many(comm); /* with many ranks, MPI searches long queues */
    tri_request *none = NULL;
    CHECK_OK(tri_request_wait(&none));
    CHECK_STATUS(tri_ibcast(&none, 1, MPI_BYTE, size, comm, &none), TRI_ERR_ARGUMENT);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("requests");
}
