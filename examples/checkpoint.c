/* A computation that goes on where it was stopped, on any number of ranks: checkpoint FILE.h5 [STEPS].
 *
 * It stops after STEPS steps of this run, or at SIGTERM, with status 75; the next run takes the file up. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <trireme/trireme.h>
#include <unistd.h>

enum { COUNT = 1000, STEPS = 100 };

static const char *file;
static int steps_here = STEPS;
static volatile sig_atomic_t signalled;

static void on_signal(int number) {
    signalled = number;
}

static double advance(double x, size_t i) {
    return 0.5 * x + (double)i;
}

static tri_status save(tri_comm *comm, tri_range mine, const double *x, int64_t step) {
    const size_t dims[1] = {COUNT};
    tri_result *result = NULL;
    /* The old file stays until the new one is complete. */
    TRI_TRY(tri_agree(comm, tri_result_create_at(comm, file, TRI_RESULT_REPLACE, &result)));
    tri_result_integer(result, "step", step);
    tri_status status = tri_result_array(result, "x", TRI_ELEMENT_F64, 1, dims, &mine.first, &mine.count, x,
                                         "1", "state after the step");
    if (status == TRI_OK) status = tri_result_finish(result);
    tri_result_destroy(&result);
    return status;
}

/* Every rank reads its block, however many ranks have written the file. */
static tri_status load(tri_comm *comm, tri_range mine, double *x, int64_t *step) {
    int there = access(file, F_OK) == 0;
    TRI_TRY(tri_bcast(&there, 1, MPI_INT, 0, comm));
    if (!there) return TRI_OK;
    tri_dataset *dataset = NULL;
    TRI_TRY(tri_dataset_open(comm, file, "/x", &dataset));
    tri_status status = tri_dataset_file_integer(dataset, "step", step);
    if (status == TRI_OK) status = tri_dataset_read(dataset, mine.first, mine.count, x);
    tri_dataset_destroy(&dataset);
    return tri_agree(comm, status);
}

/* The same bits as a run without a stop. */
static tri_status check(tri_range mine, const double *x) {
    for (size_t i = 0; i < mine.count; i++) {
        double expected = 0;
        for (int step = 0; step < STEPS; step++)
            expected = advance(expected, mine.first + i);
        if (x[i] != expected)
            return tri_fail(TRI_ERR_WRONG, "element %zu: %.17g, not %.17g", mine.first + i, x[i], expected);
    }
    return TRI_OK;
}

static tri_status run(tri_comm *comm) {
    double x[COUNT] = {0};
    int64_t step = 0;
    tri_range mine = tri_range_block(COUNT, (size_t)tri_comm_size(comm), (size_t)tri_comm_rank(comm));
    TRI_TRY(load(comm, mine, x, &step));
    if (tri_comm_rank(comm) == 0) printf("starts at step %d\n", (int)step);
    for (int done = 0; step < STEPS; done++, step++) {
        int stop = signalled != 0 || done == steps_here;
        TRI_TRY(
            tri_allreduce(MPI_IN_PLACE, &stop, 1, MPI_INT, MPI_MAX, comm)); /* all stop at the same step */
        if (stop) {
            TRI_TRY(save(comm, mine, x, step));
            return tri_agree(comm, tri_fail(TRI_STOPPED, "stopped at step %d: start it again", (int)step));
        }
        for (size_t i = 0; i < mine.count; i++)
            x[i] = advance(x[i], mine.first + i);
    }
    TRI_TRY(tri_agree(comm, check(mine, x)));
    if (tri_comm_rank(comm) == 0) {
        printf("%d steps are right\n", STEPS);
        unlink(file);
    }
    return TRI_OK;
}

int main(int argc, char **argv) {
    int rank;
    tri_comm *comm = NULL;
    if (argc < 2) {
        fprintf(stderr, "usage: checkpoint FILE.h5 [STEPS]\n");
        return 2;
    }
    file = argv[1];
    if (argc > 2) steps_here = atoi(argv[2]);
    signal(SIGTERM, on_signal);
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    tri_status status = tri_comm_create(MPI_COMM_WORLD, &comm);
    if (status == TRI_OK) status = run(comm);
    int alone = status != TRI_OK && !tri_agreed(); /* a failure that the other ranks do not know of */
    if (alone || (status != TRI_OK && rank == 0)) fprintf(stderr, "checkpoint: %s\n", tri_error_text());
    if (alone) MPI_Abort(MPI_COMM_WORLD, tri_status_exit(status));
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return tri_status_exit(status);
}
