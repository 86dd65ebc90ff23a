#include <stdio.h>
#include <trireme/trireme.h>

static tri_status run(tri_comm *comm) {
    int rank = tri_comm_rank(comm), ranks = tri_comm_size(comm);
    double x[3] = {1e16, 1.0 + rank, -1e16}; /* ordinary addition rounds the small terms away */
    double largest[3], expected = 0.5 * ranks * (ranks + 1);
    tri_sum mine, total;
    TRI_TRY(
        tri_allreduce(x, largest, 3, MPI_DOUBLE, MPI_MAX, comm)); /* the cheapest algorithm for this call */
    tri_sum_clear(&mine);
    tri_sum_add_array(&mine, x, 3);                 /* exact: no rounding */
    TRI_TRY(tri_merge_sum(&mine, &total, 0, comm)); /* no rounding here either */
    tri_status status = TRI_OK;
    if (rank == 0) {
        double sum = tri_sum_round(&total); /* rounded once */
        printf("max %g, sum %g\n", largest[1], sum);
        if (sum != expected || largest[1] != ranks)
            status = tri_fail(TRI_ERR_WRONG, "expected max %d, sum %g", ranks, expected);
    }
    return tri_agree(comm, status); /* the same status on all ranks */
}

int main(int argc, char **argv) {
    int rank;
    tri_comm *comm = NULL;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    tri_status status = tri_comm_create(MPI_COMM_WORLD, &comm); /* a private duplicate that knows the nodes */
    if (status == TRI_OK) status = run(comm);
    int alone = status != TRI_OK && !tri_agreed(); /* a failure that the other ranks do not know of */
    if (alone || (status != TRI_OK && rank == 0)) fprintf(stderr, "allreduce: %s\n", tri_error_text());
    if (alone) MPI_Abort(MPI_COMM_WORLD, tri_status_exit(status));
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return tri_status_exit(status);
}
