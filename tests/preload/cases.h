/* What the programs of cases share. CASES(X) lists them. */
#ifndef TESTS_PRELOAD_CASES_H
#define TESTS_PRELOAD_CASES_H

#include <mpi.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BIG = 1 << 20 };
static int rank, ranks;
static double buffer[2][BIG];
static MPI_Comm w;

static int next(void) {
    return (rank + 1) % ranks;
}
static int before(void) {
    return (rank + ranks - 1) % ranks;
}

#define CASE(name) static void name(void)
#define IGNORE     MPI_STATUS_IGNORE

typedef struct a_case {
    const char *name;
    void (*run)(void);
} a_case;
#define ROW(name) {#name, name},

/* Runs the cases that the command line names; "all": each. Returns how many. */
static int run_cases(const a_case *cases, size_t count, int argc, char **argv) {
    int ran = 0;
    for (size_t c = 0; c < count; c++)
        for (int i = 1; i < argc; i++)
            if (!strcmp(argv[i], cases[c].name) || !strcmp(argv[i], "all")) {
                cases[c].run();
                ran++;
            }
    return ran;
}

static void begin(int *argc, char ***argv, int threads) {
    MPI_Init_thread(argc, argv, threads, &threads);
    w = MPI_COMM_WORLD;
    MPI_Comm_rank(w, &rank);
    MPI_Comm_size(w, &ranks);
}

#endif
