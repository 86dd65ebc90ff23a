/* Prints the location of each rank in rank order, as `rank 3 of 6: local 1 of 2 on n2`. With an argument
 * every rank first sends that many bytes to the next rank. */
#include <stdio.h>
#include <stdlib.h>

#include "trireme/comm.h"

static void pass_on(char *bytes, int count, int rank, int size) {
    MPI_Sendrecv_replace(bytes, count, MPI_BYTE, (rank + 1) % size, 0, (rank + size - 1) % size, 0,
                         MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    tri_comm *comm;
    if (tri_comm_create(MPI_COMM_WORLD, &comm) != TRI_OK) {
        fprintf(stderr, "where: %s\n", tri_error_text());
        MPI_Abort(MPI_COMM_WORLD, 3);
    }
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm), count = argc > 1 ? atoi(argv[1]) : 0;
    char *bytes = calloc((size_t)count + 1, 1);
    if (count && bytes) pass_on(bytes, count, rank, size);
    free(bytes);

    const tri_shape *shape = tri_comm_shape(comm);
    char line[160];
    snprintf(line, sizeof line, "rank %d of %d: local %d of %d on %s", rank, size, shape->local_rank,
             shape->local_size, tri_comm_host(comm));
    char *lines = rank ? NULL : calloc((size_t)size, sizeof line);
    MPI_Gather(line, sizeof line, MPI_CHAR, lines, sizeof line, MPI_CHAR, 0, MPI_COMM_WORLD);
    for (int r = 0; lines && r < size; r++)
        puts(lines + (size_t)r * sizeof line);
    free(lines);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return 0;
}
