/* Philosophers as ranks: even ranks dine, each odd rank is the fork on the right of one. With an argument
 * they take the lower fork first; without one they hang. See the tutorial. MPI alone, no library. */
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

enum { TAKE, PUT };
static int rank, ranks;

static void take(int fork) { /* the fork answers when it is free */
    MPI_Send(&rank, 1, MPI_INT, fork, TAKE, MPI_COMM_WORLD);
    MPI_Recv(&rank, 1, MPI_INT, fork, TAKE, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static void put(int fork) {
    MPI_Send(&rank, 1, MPI_INT, fork, PUT, MPI_COMM_WORLD);
}

static void dine(int first, int second) {
    take(first);
    sleep(1); /* think */
    take(second);
    printf("rank %d dines with forks %d and %d\n", rank, first, second);
    put(second);
    put(first);
}

static void be_a_fork(void) {
    for (int dinners = 0; dinners < 2; dinners++) {
        MPI_Status who;
        int from;
        MPI_Recv(&from, 1, MPI_INT, MPI_ANY_SOURCE, TAKE, MPI_COMM_WORLD, &who);
        MPI_Send(&from, 1, MPI_INT, who.MPI_SOURCE, TAKE, MPI_COMM_WORLD);
        MPI_Recv(&from, 1, MPI_INT, who.MPI_SOURCE, PUT, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks); /* even: philosophers, odd: the fork on their right */
    int left = (rank + ranks - 1) % ranks, right = (rank + 1) % ranks;
    if (rank % 2)
        be_a_fork();
    else if (argc > 1) /* the lower fork first */
        dine(left < right ? left : right, left < right ? right : left);
    else
        dine(left, right);
    MPI_Finalize();
}
