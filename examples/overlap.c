/* A nonblocking sum over all ranks, while this rank computes the next block. */
#include <stdio.h>
#include <trireme/trireme.h>

enum { BLOCKS = 8, COUNT = 100000, PIECE = 1000 };

static double term(int block, int i) {
    return (block * 31 + i) % 1000;
}

/* A real program does its work here. */
static void compute(double *x, int block, tri_comm *comm) {
    for (int i = 0; i < COUNT; i++) {
        x[i] = term(block, i) + tri_comm_rank(comm);
        if (i % PIECE == 0) tri_comm_progress(comm); /* now and then: the sum advances only inside calls */
    }
}

/* The sums are whole numbers, so they are exact in any order. */
static tri_status check(const double *sum, int block, tri_comm *comm) {
    int ranks = tri_comm_size(comm);
    for (int i = 0; i < COUNT; i++) {
        double expected = ranks * term(block, i) + 0.5 * ranks * (ranks - 1);
        if (sum[i] != expected)
            return tri_fail(TRI_ERR_WRONG, "block %d, element %d: %g, not %g", block, i, sum[i], expected);
    }
    return TRI_OK;
}

static tri_status run(tri_comm *comm) {
    static double x[2][COUNT], sum[2][COUNT]; /* one pair belongs to the sum that is under way */
    tri_request *request = NULL;
    tri_status wrong = TRI_OK;
    for (int block = 0; block <= BLOCKS; block++) {
        if (block < BLOCKS) compute(x[block % 2], block, comm);
        if (block > 0) TRI_TRY(tri_request_wait(&request));
        if (block < BLOCKS)
            TRI_TRY(tri_iallreduce(x[block % 2], sum[block % 2], COUNT, MPI_DOUBLE, MPI_SUM, comm, &request));
        if (block > 0 && wrong == TRI_OK) wrong = check(sum[(block - 1) % 2], block - 1, comm);
    }
    TRI_TRY(tri_agree(comm, wrong));
    if (tri_comm_rank(comm) == 0) printf("%d blocks of %d elements are right\n", BLOCKS, COUNT);
    return TRI_OK;
}

int main(int argc, char **argv) {
    int rank;
    tri_comm *comm = NULL;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    tri_status status = tri_comm_create(MPI_COMM_WORLD, &comm);
    if (status == TRI_OK) status = run(comm);
    int alone = status != TRI_OK && !tri_agreed(); /* a failure that the other ranks do not know of */
    if (alone || (status != TRI_OK && rank == 0)) fprintf(stderr, "overlap: %s\n", tri_error_text());
    if (alone) MPI_Abort(MPI_COMM_WORLD, tri_status_exit(status));
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return tri_status_exit(status);
}
