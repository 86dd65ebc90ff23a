/* Planted delays for `profile`: who waits, for whom and how long is known. Arguments: the milliseconds of a
 * delay; "stays": calls MPI until it is killed. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int rank, ranks;
static double delay_s;

static void sleep_for(double seconds) {
    struct timespec t = {.tv_sec = (time_t)seconds,
                         .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

/* The last rank comes late to each of three reductions. */
static void late_to_reduction(void) {
    double x = 1, y;
    for (int i = 0; i < 3; i++) {
        if (rank == ranks - 1) sleep_for(delay_s);
        MPI_Allreduce(&x, &y, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD); /* site: reduction */
    }
}

/* Rank 0 sends late; the others wait in a receive, then with a request. */
static void late_sender(void) {
    char data[1000] = "";
    for (int kind = 0; kind < 2; kind++) {
        MPI_Barrier(MPI_COMM_WORLD); /* site: barrier */
        if (rank == 0) {
            sleep_for(delay_s);
            for (int r = 1; r < ranks; r++)
                MPI_Send(data, sizeof data, MPI_BYTE, r, kind, MPI_COMM_WORLD); /* site: send */
        } else if (kind == 0) {
            MPI_Status *none = MPI_STATUS_IGNORE;
            MPI_Recv(data, sizeof data, MPI_BYTE, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, none); /* site: any */
        } else {
            MPI_Request request;
            MPI_Irecv(data, sizeof data, MPI_BYTE, 0, 1, MPI_COMM_WORLD, &request);
            MPI_Wait(&request, MPI_STATUS_IGNORE); /* site: wait */
        }
    }
}

/* The root of a broadcast comes late, in communicators that are made again and again. */
static void late_root(void) {
    for (int i = 0; i < 20; i++) {
        MPI_Comm copy;
        int x = i;
        MPI_Comm_dup(MPI_COMM_WORLD, &copy); /* site: dup */
        if (rank == 0 && i < 2) sleep_for(delay_s);
        MPI_Bcast(&x, 1, MPI_INT, 0, copy); /* site: bcast */
        MPI_Comm_free(&copy);
    }
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    delay_s = argc > 1 ? strtod(argv[1], NULL) / 1000 : 0.1;
    late_to_reduction();
    late_sender();
    late_root();
    if (argc > 2 && !strcmp(argv[2], "stays")) {
        if (rank == 0) puts("stays");
        fflush(stdout);
        for (;;) {
            MPI_Barrier(MPI_COMM_WORLD); /* site: stays */
            sleep_for(0.0005);
        }
    }
    MPI_Finalize();
    return 0;
}
