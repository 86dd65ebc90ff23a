/* Tasks over all ranks and threads: the area below a curve, by pieces of very different cost. A rank may be
 * lost while it works: mpirun --enable-recovery -np 4 build/pool */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <trireme/trireme.h>

enum { PIECES = 2000 };

/* sqrt(|sin(1/x)|) over [from, from + 1/PIECES], in as many steps as the curve needs there. */
static tri_status area(tri_pool_task *task, const void *in, size_t bytes) {
    double from, sum = 0;
    if (bytes != sizeof from) return tri_fail(TRI_ERR_ARGUMENT, "a piece has %zu bytes", bytes);
    memcpy(&from, in, sizeof from); /* what comes over the network is not aligned */
    int steps = 100 + (int)fmin(1 / (from + 1e-4), 1e4);
    for (int i = 0; i < steps; i++)
        sum += sqrt(fabs(sin(1 / (from + (i + 0.5) / steps / PIECES)))) / steps / PIECES;
    return tri_pool_return(task, &sum, sizeof sum);
}

static tri_status manage(tri_pool *pool, void *argument) {
    static double from[PIECES], areas[PIECES];
    tri_job *job = NULL;
    const tri_pool_result *result = NULL;
    (void)argument;
    for (int i = 0; i < PIECES; i++)
        from[i] = (double)i / PIECES;
    TRI_TRY(tri_pool_map(pool, "area", PIECES, from, sizeof *from, areas, sizeof *areas, 0, NULL));
    tri_sum sum;
    tri_sum_clear(&sum);
    tri_sum_add_array(&sum, areas, PIECES);
    double total = tri_sum_round(&sum); /* the same bits on any number of ranks */

    /* One task, with a limit of its time and two more attempts if it fails. */
    tri_pool_how how = {.limit_s = 60, .retries = 2};
    TRI_TRY(tri_pool_submit(pool, "area", &from[1], sizeof from[1], &how, &job));
    tri_status status = tri_job_wait(job, TRI_FOREVER, &result);
    if (status == TRI_OK && memcmp(result->bytes, &areas[1], sizeof areas[1]) != 0)
        status = tri_fail(TRI_ERR_WRONG, "one piece has two areas");
    if (status == TRI_OK) printf("area %.6f in %d pieces; piece 1 on %s\n", total, PIECES, result->host);
    tri_job_destroy(&job);
    if (status == TRI_OK && !(total > 0.5 && total < 1)) status = tri_fail(TRI_ERR_WRONG, "area %g", total);
    return status;
}

int main(int argc, char **argv) {
    static const tri_pool_function functions[] = {{"area", area}, {NULL, NULL}};
    tri_pool_options options = {.functions = functions, .slots = 1};
    return tri_pool_run(&argc, &argv, &options, manage, NULL);
}
