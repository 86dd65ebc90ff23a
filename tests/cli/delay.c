/* Preloaded into a program: a slow network. DELAY="2" delays every message of MPI_Send and MPI_Isend from or
 * to rank 2; DELAY="2,5" only those between ranks 2 and 5. */
#include <mpi.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

static void delay(int peer) {
    const char *text = getenv("DELAY");
    char *end;
    int me;
    PMPI_Comm_rank(MPI_COMM_WORLD, &me);
    if (!text) return;
    int a = (int)strtol(text, &end, 10), b = *end == ',' ? (int)strtol(end + 1, NULL, 10) : -1;
    bool hit = b < 0 ? me == a || peer == a : (me == a && peer == b) || (me == b && peer == a);
    /* Far more than the scheduler of a busy machine takes. */
    if (hit) nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

int MPI_Send(const void *data, int count, MPI_Datatype type, int peer, int tag, MPI_Comm comm) {
    delay(peer);
    return PMPI_Send(data, count, type, peer, tag, comm);
}

int MPI_Isend(const void *data, int count, MPI_Datatype type, int peer, int tag, MPI_Comm comm,
              MPI_Request *request) {
    delay(peer);
    return PMPI_Isend(data, count, type, peer, tag, comm, request);
}
