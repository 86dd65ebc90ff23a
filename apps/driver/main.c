/* The main() of every program: command line, options, setup, run, verify, record, output. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apps/driver/checkpoint.h"
#include "apps/driver/machine.h"
#include "apps/driver/options.h"
#include "apps/driver/report.h"
#include "commit.h"

/* The first rows are for programs that run in steps; the next one is for programs with outputs. */
enum { STEP_ROWS = 3, OUTPUT_ROWS = 1 };

/* More than the hardware threads of any node, fewer than a node's limit of threads. */
enum { MOST_THREADS = 4096 };

static const tri_option common_rows[] = {
    TRI_OPTION(tri_common, checkpoint, "checkpoint", NULL,
               "HDF5 file to write when SIGUSR1, SIGTERM or SIGINT stops the run (exit status 75)"),
    TRI_OPTION(tri_common, checkpoint_every, "checkpoint-every", NULL,
               "also write it periodically: 60s, 10m, 2h, or every N steps"),
    TRI_OPTION(tri_common, resume, "resume", NULL, "resume from the checkpoint, if it exists"),
    TRI_OPTION(tri_common, replace, "replace", NULL, "replace existing files of the names in other options"),
    TRI_OPTION(tri_common, algorithm, "algorithm", NULL,
               "collective algorithms by name: reduce:binomial,bcast:linear (see list)"),
    TRI_OPTION(
        tri_common, network, "network", NULL,
        "file of network numbers for the choice of algorithms (written by bench network); none: defaults"),
    TRI_OPTION(tri_common, repeat, "repeat", "1", "timed runs"),
    TRI_OPTION(tri_common, warmup, "warmup", "0", "untimed runs before the timed ones"),
    TRI_OPTION(tri_common, threads, "threads", "0", "threads of each rank; 0: one per available core"),
    TRI_OPTION(tri_common, device, "device", NULL, "OpenCL device: none, auto, a number, or part of a name"),
    TRI_OPTION(tri_common, results, "results", "results", "folder of the result file; none: no file"),
    TRI_OPTION(tri_common, quiet, "quiet", NULL, "print errors only"),
    TRI_OPTION(tri_common, json, "json", NULL, "print JSON instead of a table"),
    TRI_OPTION(
        tri_common, progress, "progress", "30",
        "where standard error is no terminal: seconds between lines on the progress; 0: none anywhere"),
    TRI_OPTION(tri_common, verbose, "verbose", NULL, "print the host and cores of each rank"),
    {.name = NULL},
};

typedef struct driver {
    const tri_app *app;
    tri_common common;
    tri_option_set sets[2];
    tri_machine machine;
    tri_run run;
    char start[32]; /* ISO 8601, UTC */
    int argc;
    char **argv;
} driver;

static void now_text(char text[32]) {
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* Prints --help and similar texts, without MPI; one rank of an mpirun prints. */
static int answer(const driver *d, tri_action action) {
    if (tri_launcher_rank() != 0) return 0;
    if (action == TRI_ACTION_HELP) tri_options_help(d->app, d->sets, stdout);
    if (action == TRI_ACTION_MAN) tri_options_man(d->app, d->sets, stdout);
    if (action == TRI_ACTION_COMPLETION) tri_options_completion(d->app, d->sets, stdout);
    if (action == TRI_ACTION_VERSION) tri_version_write(d->app->name, stdout);
    return fflush(stdout) ? 4 : 0;
}

static tri_device_use device_use_of(const driver *d) {
    if (d->app->device_use) return d->app->device_use(d->sets[0].state);
    return d->app->no_device ? TRI_DEVICE_NEVER : TRI_DEVICE_ON_REQUEST;
}

static tri_status check_common(const driver *d) {
    if (d->common.repeat < 1) return tri_fail(TRI_ERR_ARGUMENT, "--repeat: at least 1");
    if (d->common.progress < 0) return tri_fail(TRI_ERR_ARGUMENT, "--progress: at least 0");
    if (d->common.threads > MOST_THREADS)
        return tri_fail(TRI_ERR_ARGUMENT, "--threads: at most %d on each rank", MOST_THREADS);
    if (device_use_of(d) == TRI_DEVICE_NEVER && d->common.device && strcmp(d->common.device, "none"))
        return tri_fail(TRI_ERR_ARGUMENT, "--device: %s does not use a device; omit it", d->app->name);
    return d->app->step ? tri_steps_check(&d->run) : TRI_OK;
}

static tri_status open_result(driver *d) {
    if (d->app->no_result || !strcmp(d->common.results, "none")) return TRI_OK;
    tri_status status = tri_result_create(d->run.comm, d->common.results, d->app->name, &d->run.result);
    /* A build without HDF5 writes no result file. */
    return status == TRI_ERR_ABSENT ? TRI_OK : status;
}

static tri_status timed_run(driver *d, void *state) {
    tri_run *run = &d->run;
    for (run->repeat = -d->common.warmup; run->repeat < d->common.repeat; run->repeat++) {
        TRI_TRY(tri_barrier(run->comm));
        double start = tri_now_s();
        TRI_TRY(d->app->step ? tri_steps_run(run, state) : d->app->run(run, state));
        tri_report_phase(run, "run", tri_now_s() - start, 0);
    }
    run->repeat = d->common.repeat - 1;
    return TRI_OK;
}

/* The parsed options, one attribute each. */
static void record_options(tri_result *result, const tri_option_set *set) {
    for (const tri_option *row = set->rows; row->name; row++) {
        char name[80], value[1024];
        snprintf(name, sizeof name, "option_%s", row->name);
        tri_option_value(row, set->state, value, sizeof value);
        tri_result_text(result, name, value);
    }
}

/* Gathers a text of `room` bytes from every rank to rank 0. */
static tri_status gather_lines(tri_run *run, const char *mine, size_t room, char **texts) {
    size_t size = tri_comm_rank(run->comm) ? 0 : (size_t)tri_comm_size(run->comm) * room;
    *texts = malloc(size ? size : 1);
    TRI_TRY(tri_agree(run->comm,
                      *texts ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the places of all ranks")));
    return tri_gather(mine, room, MPI_CHAR, *texts, room, MPI_CHAR, 0, run->comm);
}

/* The host of each node: the first word of the place of its lowest rank. Overwrites `places`, which works
 * because a node's number is at most that of its first rank. */
static void record_hosts(tri_run *run, const char **places) {
    const tri_shape *shape = tri_comm_shape(run->comm);
    for (int node = 0; tri_comm_rank(run->comm) == 0 && node < shape->nodes; node++) {
        char *place = (char *)places[shape->members[shape->node_start[node]]];
        place[strcspn(place, ":")] = 0;
        places[node] = place;
    }
    tri_result_texts(run->result, "hosts", (size_t)shape->nodes, places);
    tri_result_integer(run->result, "ranks_per_node", shape->largest);
}

static tri_status record_places(driver *d) {
    tri_run *run = &d->run;
    size_t room = sizeof d->machine.where, ranks = (size_t)tri_comm_size(run->comm);
    char *lines = NULL;
    tri_status status = gather_lines(run, d->machine.where, room, &lines);
    const char **texts = calloc(ranks, sizeof *texts);
    if (status == TRI_OK)
        status = tri_agree(run->comm, texts ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory"));
    if (status == TRI_OK && tri_comm_rank(run->comm) == 0)
        for (size_t rank = 0; rank < ranks; rank++) {
            texts[rank] = lines + rank * room;
            if (d->common.verbose) fprintf(stderr, "%s: rank %zu on %s\n", d->app->name, rank, texts[rank]);
        }
    if (status == TRI_OK && run->result) {
        tri_result_texts(run->result, "places", ranks, texts);
        record_hosts(run, texts);
    }
    free(texts);
    free(lines);
    return status;
}

static tri_status record_run(driver *d, const char *where) {
    tri_run *run = &d->run;
    TRI_TRY(record_places(d));
    TRI_TRY(tri_report_record(run));
    if (!run->result) return TRI_OK;
    char line[2048] = "", end[32], mpi[MPI_MAX_LIBRARY_VERSION_STRING];
    for (int i = 0, at = 0; i < d->argc && (size_t)at < sizeof line; i++)
        at += snprintf(line + at, sizeof line - (size_t)at, "%s%s", i ? " " : "", d->argv[i]);
    int length;
    MPI_Get_library_version(mpi, &length);
    now_text(end);
    tri_result *r = run->result;
    tri_result_text(r, "version", TRIREME_VERSION_TEXT);
    tri_result_text(r, "commit", TRIREME_COMMIT);
    tri_result_text(r, "command", line);
    tri_result_text(r, "start", d->start);
    tri_result_text(r, "end", end);
    tri_result_text(r, "where", where);
    tri_result_text(r, "mpi", mpi);
    tri_result_text(r, "device", run->gpu ? tri_gpu_describe(run->gpu)->name : "none");
    tri_result_text(r, "opencl", run->gpu ? tri_gpu_describe(run->gpu)->version : "not used");
    tri_result_integer(r, "ranks", tri_comm_size(run->comm));
    tri_result_integer(r, "nodes", tri_comm_shape(run->comm)->nodes);
    tri_result_integer(r, "threads", run->threads);
    if (getenv("SLURM_JOB_ID")) tri_result_text(r, "slurm_job_id", getenv("SLURM_JOB_ID"));
    tri_result_text(r, "network", tri_comm_network_source(run->comm));
    record_options(r, &d->sets[0]);
    record_options(r, &d->sets[1]);
    return TRI_OK;
}

static void where_text(const driver *d, char *text, size_t room) {
    const tri_shape *shape = tri_comm_shape(d->run.comm);
    const tri_place_info *place = d->machine.place ? tri_place_describe(d->machine.place) : NULL;
    int cores = place ? place->cores : d->run.threads;
    int at = snprintf(text, room, "%d rank%s on %d node%s x %d thread%s, %s", tri_comm_size(d->run.comm),
                      tri_comm_size(d->run.comm) > 1 ? "s" : "", shape->nodes, shape->nodes > 1 ? "s" : "",
                      d->run.threads, d->run.threads > 1 ? "s" : "",
                      d->run.gpu ? tri_gpu_describe(d->run.gpu)->name : "no device");
    if (place && (size_t)at < room) at += snprintf(text + at, room - (size_t)at, "; rank 0: %s", place->text);
    if (d->run.threads > cores && (size_t)at < room)
        snprintf(text + at, room - (size_t)at, "; %d threads share %d core%s", d->run.threads, cores,
                 cores > 1 ? "s" : "");
}

static tri_status show(driver *d, const char *where, const char *verdict) {
    if (tri_comm_rank(d->run.comm) || d->common.quiet) return TRI_OK;
    return d->common.json ? tri_report_json(&d->run, where, verdict) : tri_report_table(&d->run, where);
}

/* Cores, threads and a device for this rank. */
static tri_status place(driver *d) {
    tri_device_use use = device_use_of(d);
    if (use >= TRI_DEVICE_IF_PRESENT && !d->common.device && !getenv("TRIREME_DEVICE")) {
        d->common.device = "auto";
        d->machine.tries_device = use == TRI_DEVICE_IF_PRESENT;
    }
    TRI_TRY(tri_machine_place(&d->machine, &d->common));
    tri_status status = TRI_OK;
    if (use == TRI_DEVICE_REQUIRED && !d->machine.gpu)
        status =
            tri_fail(TRI_ERR_ARGUMENT, "--device, TRIREME_DEVICE: %s needs a device, not none", d->app->name);
    return tri_agree(d->run.comm, status);
}

/* Programs with an option --verify check their result on request, others always. */
static bool wants_verify(const driver *d) {
    for (const tri_option *row = d->app->options; row && row->name; row++)
        if (!strcmp(row->name, "verify"))
            return *(const bool *)((const char *)d->sets[0].state + row->offset);
    return d->app->verify;
}

/* Runs the program; every rank returns the same status. */
static tri_status work(driver *d, void *state) {
    tri_run *run = &d->run;
    TRI_TRY(tri_agree(run->comm, check_common(d)));
    TRI_TRY(place(d));
    run->team = d->machine.team;
    run->gpu = d->machine.gpu;
    if (run->gpu) tri_say_compiling(run, run->gpu);
    run->machine = &d->machine;
    run->threads = d->machine.threads;
    if (run->threads > 1) tri_comm_set_combine(run->comm, tri_team_combine, run->team);
    TRI_TRY(open_result(d));
    if (d->app->setup) TRI_TRY(tri_agree(run->comm, d->app->setup(run, state)));
    if (d->app->run || d->app->step) TRI_TRY(timed_run(d, state));
    bool checked = wants_verify(d);
    tri_status verdict = checked ? tri_agree(run->comm, d->app->verify(run, state)) : TRI_OK;
    /* A wrong result is recorded with its verdict. */
    if (verdict != TRI_OK && verdict != TRI_ERR_WRONG) return verdict;
    char why[1024], where[512];
    snprintf(why, sizeof why, "%s", verdict != TRI_OK ? tri_error_text() : checked ? "right" : "not checked");
    if (d->app->record) TRI_TRY(tri_agree(run->comm, d->app->record(run, state)));
    where_text(d, where, sizeof where);
    TRI_TRY(record_run(d, where));
    if (run->result) {
        tri_result_text(run->result, "verdict", why);
        TRI_TRY(tri_result_finish(run->result));
    }
    TRI_TRY(tri_agree(run->comm, show(d, where, why)));
    int draws = d->app->draw && tri_comm_rank(run->comm) == 0;
    tri_status drawn = tri_agree(run->comm, draws ? d->app->draw(run, state) : TRI_OK);
    if (verdict == TRI_OK) return drawn;
    return drawn == TRI_OK ? tri_fail(verdict, "%s", why)
                           : tri_fail(verdict, "%s; %s", why, tri_error_text());
}

/* Runs the program, or ends it with the status `parsed` of the command line on all ranks. */
static tri_status run_program(driver *d, tri_status parsed, void *state) {
    TRI_TRY(tri_agree(d->run.comm, parsed));
    TRI_TRY(tri_report_create(d->common.repeat > 0 ? d->common.repeat : 1, &d->run.report));
    tri_status status = work(d, state);
    /* A failure without agreement happened between messages: other ranks may wait for this one forever. */
    if (status != TRI_OK && !tri_agreed()) {
        tri_output_abandon();
        tri_progress_end(&d->run);
        fprintf(stderr, "%s: [rank %d of %d on %s] %s\n", d->app->name, tri_comm_rank(d->run.comm),
                tri_comm_size(d->run.comm), tri_comm_host(d->run.comm), tri_error_text());
        MPI_Abort(MPI_COMM_WORLD, tri_status_exit(status));
    }
    return status;
}

static void stop(driver *d, void *state) {
    if (d->run.comm) tri_progress_end(&d->run);
    if (state && d->app->teardown) d->app->teardown(state);
    tri_result_destroy(&d->run.result);
    tri_report_destroy(&d->run.report);
    tri_machine_stop(&d->machine);
}

int tri_main(const tri_app *app, int argc, char **argv) {
    tri_store_look_first(argc, argv);
    driver d = {.app = app, .argc = argc, .argv = argv};
    void *state = calloc(1, app->state_bytes ? app->state_bytes : 1);
    if (!state) return 3;
    d.sets[0] = (tri_option_set){app->options, state};
    d.sets[1] = (tri_option_set){common_rows + (app->step ? 0 : STEP_ROWS + (app->outputs ? 0 : OUTPUT_ROWS)),
                                 &d.common};
    d.run = (tri_run){.app = app, .common = &d.common};
    now_text(d.start);

    tri_action action;
    tri_status status = tri_options_parse(app, d.sets, argc, argv, &action);
    if (status == TRI_OK && action != TRI_ACTION_RUN) {
        free(state);
        return answer(&d, action);
    }
    char why[1024];
    snprintf(why, sizeof why, "%s", tri_error_text());
    tri_outputs_guard();
    /* A signal during setup takes effect at the first step. */
    if (d.common.checkpoint) tri_stop_catch();
    /* A wrong command line is reported before a wrong environment variable. */
    tri_comm_options options = {.algorithms = "", .network = "none"};
    if (status == TRI_OK)
        options = (tri_comm_options){.algorithms = d.common.algorithm, .network = d.common.network};
    tri_status started = tri_machine_start(&argc, &argv, &options, &d.machine);
    int speaker = tri_launcher_rank() == 0;
    if (started == TRI_OK) {
        d.run.comm = d.machine.comm;
        speaker = tri_comm_rank(d.run.comm) == 0;
        started = run_program(&d, status == TRI_OK ? TRI_OK : tri_fail(status, "%s", why), state);
    }
    snprintf(why, sizeof why, "%s", tri_error_text());
    /* The line after the end of all outputs: on a full disk that leaves room for it, where it goes to a
     * file. */
    stop(&d, state);
    if (started != TRI_OK && speaker) fprintf(stderr, "%s: %s\n", app->name, why);
    free(state);
    int initialised;
    MPI_Initialized(&initialised);
    if (initialised) MPI_Finalize();
    return tri_status_exit(started);
}
