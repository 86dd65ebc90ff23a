/* What a call does with arguments that are unusual, or wrong on every rank alike. */
#include <stdio.h>

#include "tests/collectives/sample.h"
#include "trireme/message.h"
#include "trireme/persistent.h"
#include "trireme/request.h"

static int rank, size;
static tri_comm *world;

/* ---- Wrong arguments ---- */

static void refuse(void *left, void *right, int *count, MPI_Datatype *type) {
    (void)left, (void)right, (void)count, (void)type;
    abort();
}

/* The error handler of MPI_COMM_WORLD is MPI_ERRORS_ARE_FATAL here. */
/* The program's error handler, which a library must not use: by default it ends the job. */
static int handled;
static void handle(MPI_Comm *comm, int *error, ...) {
    (void)comm, (void)error;
    handled++;
}

static void wrong_arguments(void) {
    MPI_Errhandler before, counting;
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &before);
    MPI_Comm_create_errhandler(handle, &counting);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, counting);
    enum { ROOM = 64 };
    double x[ROOM] = {0}, y[ROOM] = {0};
    size_t counts[64], minus[64];
    ptrdiff_t displs[64];
    for (int r = 0; r < size; r++)
        counts[r] = 1, minus[r] = (size_t)-3, displs[r] = 0;
    MPI_Datatype loose, pair;
    MPI_Op op;
    tri_request *request = NULL;
    MPI_Type_vector(2, 1, 2, MPI_DOUBLE, &loose);
    MPI_Type_contiguous(2, MPI_DOUBLE, &pair);
    MPI_Type_commit(&pair);
    MPI_Op_create(refuse, 1, &op);
#define WRONG(call) CHECK_STATUS(call, TRI_ERR_ARGUMENT)
    for (int again = 0; again < 2; again++) {
        WRONG(tri_reduce(x, y, 1, MPI_DOUBLE, MPI_BAND, 0, world));
        CHECK(strstr(tri_error_text(), "MPI_BAND does not fit the type MPI_DOUBLE"), "%s", tri_error_text());
        WRONG(tri_allreduce(x, y, 1, MPI_DOUBLE, MPI_MINLOC, world));
        WRONG(tri_allreduce(x, y, 1, MPI_2INT, MPI_SUM, world));
        WRONG(tri_scan(x, y, 1, pair, MPI_SUM, world));
        WRONG(tri_exscan(x, y, 1, MPI_DOUBLE, MPI_OP_NULL, world));
        WRONG(tri_reduce_scatter_block(x, y, 1, MPI_DATATYPE_NULL, MPI_SUM, world));
        WRONG(tri_reduce_scatter(x, y, counts, MPI_DOUBLE, MPI_BXOR, world));
        WRONG(tri_allreduce(x, y, 1, loose, op, world));
        WRONG(tri_ireduce(x, y, 1, MPI_DOUBLE, MPI_BAND, 0, world, &request));
        WRONG(tri_iallreduce(x, y, 1, MPI_DATATYPE_NULL, op, world, &request));
        WRONG(tri_iscan(x, y, 1, MPI_DOUBLE, MPI_OP_NULL, world, &request));
        CHECK_OK(tri_allreduce(x, y, 1, MPI_DOUBLE, MPI_SUM, world));
    }
    WRONG(tri_allreduce(x, y, (size_t)-1, MPI_DOUBLE, MPI_SUM, world));
    WRONG(tri_reduce_scatter_block(x, y, (size_t)-1, MPI_DOUBLE, MPI_SUM, world));
    WRONG(tri_reduce_scatter(x, y, minus, MPI_DOUBLE, MPI_SUM, world));
    WRONG(tri_bcast(x, 1, MPI_DATATYPE_NULL, 0, world));
    WRONG(tri_bcast(x, 1, loose, 0, world));
    WRONG(tri_bcast(x, (size_t)-1, MPI_BYTE, 0, world));
    WRONG(tri_bcast(x, (size_t)-1, pair, 0, world));
    WRONG(tri_allgather(x, 1, loose, y, 2, MPI_DOUBLE, world));
    WRONG(tri_allgather(x, (size_t)-2, MPI_DOUBLE, y, (size_t)-2, MPI_DOUBLE, world));
    WRONG(tri_alltoall(x, 2, MPI_DOUBLE, y, 1, MPI_DATATYPE_NULL, world));
    WRONG(tri_alltoallv(x, minus, displs, MPI_DOUBLE, y, minus, displs, MPI_DOUBLE, world));
    WRONG(tri_ibcast(x, 1, loose, 0, world, &request));
    WRONG(tri_ialltoallv(x, minus, displs, MPI_DOUBLE, y, minus, displs, MPI_DOUBLE, world, &request));
    WRONG(tri_send(x, (size_t)1 << 31, MPI_DATATYPE_NULL, 0, 0, world));
    MPI_Request message;
    WRONG(tri_isend(x, 1, MPI_DATATYPE_NULL, 0, 0, world, &message));
    WRONG(tri_irecv(x, 1, MPI_DATATYPE_NULL, 0, 0, world, &message));
    WRONG(tri_recv(x, (size_t)-1, MPI_DOUBLE, 0, 0, world));
    for (int root = -1; root <= size; root += size + 1) {
        WRONG(tri_bcast(x, 1, MPI_DOUBLE, root, world));
        WRONG(tri_reduce(x, y, 1, MPI_DOUBLE, MPI_SUM, root, world));
        WRONG(tri_igather(x, 1, MPI_DOUBLE, y, 1, MPI_DOUBLE, root, world, &request));
        WRONG(tri_scatter_init(x, 1, MPI_DOUBLE, y, 1, MPI_DOUBLE, root, world, &request));
    }
#undef WRONG
    int sum = 0, one = 1;
    CHECK_OK(tri_allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, world));
    CHECK(sum == size && !request, "%d", sum);
    CHECK(!handled, "the error handler of MPI_COMM_WORLD was called %d times", handled);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, before);
    MPI_Errhandler_free(&before);
    MPI_Errhandler_free(&counting);
    MPI_Op_free(&op);
    MPI_Type_free(&pair);
    MPI_Type_free(&loose);
}

/* More pairs of a type and an operation than are remembered. */
static void many_operands(void) {
    const MPI_Datatype types[] = {MPI_INT,     MPI_UNSIGNED, MPI_LONG,      MPI_SHORT,
                                  MPI_INT32_T, MPI_CHAR,     MPI_LONG_LONG, MPI_UNSIGNED_CHAR};
    const MPI_Op ops[] = {MPI_SUM, MPI_MAX, MPI_BOR};
    for (int i = 0; i < 60; i++) {
        MPI_Datatype type = types[i % 8];
        int bytes, want[] = {size * (size + 1) / 2, size, size == 1 ? 1 : 3};
        MPI_Type_size(type, &bytes);
        int64_t x = rank + 1, sum = 0; /* the low bytes hold the number */
        if (i % 3 == 2) x = rank == 0 ? 1 : 2;
        CHECK_OK(tri_allreduce(&x, &sum, 1, type, ops[i % 3], world));
        CHECK(sum == want[i % 3], "type %d, operation %d: %lld", i % 8, i % 3, (long long)sum);
    }
}

/* A strict name is an error where the algorithm cannot do the case; any other name gives way. */
static void strict_names(void) {
    int *node_of = malloc((size_t)size * sizeof *node_of), x = 1, sum;
    if (!node_of) abort();
    for (int r = 0; r < size; r++)
        node_of[r] = r;
    tri_comm *apart;
    tri_request *request;
    CHECK_OK(tri_comm_create_with(MPI_COMM_WORLD, &(tri_comm_options){.node_of = node_of}, &apart));
    CHECK_OK(tri_comm_select(apart, "bcast:shared!,allreduce:shared"));
    CHECK_STATUS(tri_bcast(&x, 1, MPI_INT, 0, apart), TRI_ERR_ARGUMENT);
    CHECK(strstr(tri_error_text(), "bcast:shared! cannot do a bcast of 4 bytes"), "%s", tri_error_text());
    CHECK_OK(tri_allreduce(&x, &sum, 1, MPI_INT, MPI_SUM, apart));
    CHECK(strcmp(tri_comm_algorithm(apart), "shared") && sum == size, "%s", tri_comm_algorithm(apart));
    CHECK_OK(tri_comm_select(apart, "bcast:chain!,reduce:linear!,allreduce:shared!"));
    CHECK_OK(tri_bcast(&x, 1, MPI_INT, 0, apart));
    CHECK(!strcmp(tri_comm_algorithm(apart), "chain"), "%s", tri_comm_algorithm(apart));
    CHECK_OK(tri_ireduce(&x, &sum, 1, MPI_INT, MPI_SUM, 0, apart, &request));
    CHECK(!strcmp(tri_comm_algorithm(apart), "linear"), "%s", tri_comm_algorithm(apart));
    CHECK_OK(tri_request_wait(&request));
    CHECK_STATUS(tri_iallreduce(&x, &sum, 1, MPI_INT, MPI_SUM, apart, &request), TRI_ERR_ARGUMENT);
    CHECK(strstr(tri_error_text(), "nonblocking"), "%s", tri_error_text());
    CHECK_STATUS(tri_comm_select(apart, "bcast:!"), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_comm_select(apart, "bcast:chain!!"), TRI_ERR_ARGUMENT);
    /* Nothing of the calls that failed is left behind. */
    CHECK_OK(tri_comm_select(apart, ""));
    CHECK_OK(tri_allreduce(&x, &sum, 1, MPI_INT, MPI_SUM, apart));
    CHECK(sum == size, "%d", sum);
    tri_comm_destroy(&apart);
    free(node_of);
}

/* Counts how often the library asks MPI which ranks share a node. */
static int asked;
int MPI_Comm_split_type(MPI_Comm mpi, int type, int key, MPI_Info info, MPI_Comm *out) {
    asked++;
    return PMPI_Comm_split_type(mpi, type, key, info, out);
}

/* Many communicators at once: only the first from a parent asks about the machine. */
static void many_communicators(void) {
    enum { COMMS = 24 };
    tri_comm *comms[COMMS];
    MPI_Comm parent;
    MPI_Comm_dup(MPI_COMM_WORLD, &parent);
    for (int again = 0; again < 2; again++) {
        asked = 0;
        for (int i = 0; i < COMMS; i++)
            CHECK_OK(tri_comm_create(parent, &comms[i]));
        CHECK(asked == !again, "asked %d times", asked);
        for (int i = 0; i < COMMS; i++) {
            int one = 1, sum = 0;
            CHECK_OK(tri_allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comms[(i * 7) % COMMS]));
            CHECK(sum == size, "communicator %d: %d", i, sum);
        }
        /* What they share outlives the parent. */
        if (again) MPI_Comm_free(&parent);
        for (int i = 0; i < COMMS; i++)
            tri_comm_destroy(&comms[i]);
    }
}

int main(int argc, char **argv) {
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &world));
    strict_names();
    own_bytes_trials(world);
    many_communicators();
    wrong_arguments();
    many_operands();
    tri_comm_destroy(&world);
    MPI_Finalize();
    return check_result("arguments");
}
