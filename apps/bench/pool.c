/* Rates of a pool of tasks: empty functions one by one and in chunks, the latency of one, and commands beside
 * xargs and GNU parallel, where they are installed. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "apps/bench/bench.h"

enum { SINGLE, CHUNKS, LATENCY, MEASURES, ROUNDS = 200, CHUNK = 64 };

typedef struct state {
    /* options */
    size_t tasks, commands;
    /* of this rank */
    double rate[MEASURES], cpu_s, command_rate[3];
    bool measured[3];
} state;

static const tri_option options[] = {
    TRI_OPTION(state, tasks, "tasks", "100000", "empty functions"),
    TRI_OPTION(state, commands, "commands", "0", "commands `true` by apps/pool, xargs and parallel; 0: none"),
    {.name = NULL},
};

static tri_status nothing(tri_pool_task *task, const void *in, size_t bytes) {
    return tri_pool_return(task, in, bytes);
}

static const tri_pool_function functions[] = {{"nothing", nothing}, {NULL, NULL}};

static double cpu_s(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static tri_status measure(state *s, tri_pool *pool) {
    size_t count = s->tasks;
    char *in = calloc(count + 1, 16), *out = calloc(count + 1, 16);
    double latency[ROUNDS] = {0};
    tri_status status = in && out ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %zu tasks", count);
    double start = tri_now_s(), cpu = cpu_s();
    for (size_t i = 0; i < count && status == TRI_OK; i++)
        status = tri_pool_submit(pool, "nothing", in, 16, NULL, NULL);
    if (status == TRI_OK) status = tri_pool_wait(pool, TRI_FOREVER);
    s->rate[SINGLE] = (double)count / (tri_now_s() - start);
    s->cpu_s = count ? (cpu_s() - cpu) / (double)count : 0;
    start = tri_now_s();
    if (status == TRI_OK) status = tri_pool_map(pool, "nothing", count, in, 16, out, 16, CHUNK, NULL);
    s->rate[CHUNKS] = (double)count / (tri_now_s() - start);
    for (int i = 0; i < ROUNDS && status == TRI_OK; i++) {
        tri_job *job = NULL;
        start = tri_now_s();
        status = tri_pool_submit(pool, "nothing", in, 16, NULL, &job);
        if (status == TRI_OK) status = tri_job_wait(job, TRI_FOREVER, NULL);
        tri_job_destroy(&job);
        latency[i] = tri_now_s() - start;
    }
    qsort(latency, ROUNDS, sizeof *latency, ascending);
    s->rate[LATENCY] = status == TRI_OK ? latency[ROUNDS / 2] : 0;
    free(in);
    free(out);
    return status;
}

/* Commands by programs that start them, as many at a time as there are ranks. */
static void time_commands(state *s, int ranks) {
    char self[4096] = "", line[3][8192];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 8);
    char *slash = length > 0 ? strrchr(self, '/') : NULL;
    if (slash) strcpy(slash, "/pool");
    snprintf(line[0], sizeof *line, "yes true | head -n %zu | '%s' --no-mpi --slots %d --quiet", s->commands,
             self, ranks);
    snprintf(line[1], sizeof *line, "yes | head -n %zu | xargs -P %d -n 1 true", s->commands, ranks);
    snprintf(line[2], sizeof *line, "yes true | head -n %zu | parallel -j %d", s->commands, ranks);
    bool parallel = !system("command -v parallel >/dev/null");
    /* Not as one rank of this job. */
    static const char *const variables[] = {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK",
                                            "PMI_SIZE", "SLURM_PROCID"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    for (int i = 0; i < (parallel ? 3 : 2) && s->commands; i++) {
        double start = tri_now_s();
        s->measured[i] = !system(line[i]);
        s->command_rate[i] = (double)s->commands / (tri_now_s() - start);
    }
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    int rank = tri_comm_rank(run->comm);
    tri_pool *pool = NULL;
    char address[TRI_POOL_ADDRESS] = "";
    tri_pool_options pool_options = {.functions = functions, .slots = 1, .listens = 1};
    tri_status status = rank ? TRI_OK : tri_pool_create(&pool_options, &pool);
    if (pool) snprintf(address, sizeof address, "%s", tri_pool_address(pool));
    TRI_TRY(tri_agree(run->comm, status));
    TRI_TRY(tri_bcast(address, sizeof address, MPI_CHAR, 0, run->comm));
    if (rank)
        status = tri_pool_work(address, &pool_options);
    else {
        status = measure(s, pool);
        tri_pool_destroy(&pool, TRI_OK);
        time_commands(s, tri_comm_size(run->comm));
    }
    return tri_agree(run->comm, status);
}

static tri_status record(tri_run *run, void *argument) {
    static const char *const names[] = {"pool", "xargs", "parallel"};
    const state *s = argument;
    tri_report_real(run, "tasks", s->rate[SINGLE], "1/s", "empty tasks, one by one");
    tri_report_real(run, "chunks", s->rate[CHUNKS], "1/s", "empty tasks, 64 in a message");
    tri_report_real(run, "latency", s->rate[LATENCY], "s", "median from submission to result of one task");
    tri_report_real(run, "cpu", s->cpu_s, "s", "processor time of rank 0 for a task");
    for (int i = 0; i < 3; i++)
        if (s->measured[i]) tri_report_real(run, names[i], s->command_rate[i], "1/s", "commands `true`");
    return TRI_OK;
}

const tri_app bench_pool = {
    .name = "bench-pool",
    .summary = "times tasks of a pool, and commands beside xargs and GNU parallel",
    .examples = "mpirun -np 4 trireme bench pool --commands 2000\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .run = run,
    .record = record,
};
