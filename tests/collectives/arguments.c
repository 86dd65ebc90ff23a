/* What a call does with arguments that are unusual, or wrong on every rank alike. */
#include <stdio.h>

#include "tests/collectives/sample.h"
#include "trireme/request.h"

static int rank, size;

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

int main(int argc, char **argv) {
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    strict_names();
    MPI_Finalize();
    return check_result("arguments");
}
