/* A user's program in C99 and in C++ against the installed library: each rank prints the number of ranks. */
#include <stdio.h>

#include <trireme/trireme.h>

int main(int argc, char **argv) {
    if (MPI_Init(&argc, &argv) != MPI_SUCCESS) return 3;
    tri_comm *comm;
    tri_status status = tri_comm_create(MPI_COMM_WORLD, &comm);
    if (status == TRI_OK) {
        double first;
        tri_random_fill(TRI_DISTRIBUTION_uniform, 1, 0, 1, &first);
        printf("rank %d of %d, %g\n", tri_comm_rank(comm), tri_comm_size(comm), first);
        tri_comm_destroy(&comm);
    }
    MPI_Finalize();
    return tri_status_exit(status);
}
