/* A farm of commands: rank 0 has the list and the journal, every rank runs commands. MPI only tells the ranks
 * where rank 0 is, and is finalized before the first task, so that no rank's loss ends the others. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/common/seconds.h"
#include "apps/driver/machine.h"
#include "apps/driver/options.h"
#include "apps/pool/manage.h"
#include "apps/pool/serve.h"

enum { MEET_S = 120, EXIT_AGAIN = 75 };

static const tri_option rows[] = {
    TRI_OPTION(farm_options, words, "TASKS", NULL,
               "file with a command on each line, - or nothing: standard input; NAME=VALUES with --sweep; "
               "or a word: serve, submit COMMAND, status [N], wait N, cancel N, output N, drain, join",
               .argument = true),
    TRI_OPTION(
        farm_options, sweep, "sweep", NULL,
        "a command with {NAME} in it, run with all combinations of NAME=VALUE,VALUE or NAME=FIRST:LAST:STEP"),
    TRI_OPTION(farm_options, null, "null", NULL, "commands end with a byte 0 instead of a line"),
    TRI_OPTION(farm_options, journal, "journal", NULL,
               "file that remembers what is done; the commands' output goes to FILE.out"),
    TRI_OPTION(farm_options, resume, "resume", NULL,
               "go on with the journal, if it exists: do what is not done, and again what has failed"),
    TRI_OPTION(farm_options, retry, "retry", "0", "further attempts for a command that fails"),
    TRI_OPTION(farm_options, timeout, "timeout", NULL,
               "time limit of an attempt, 90s, 10m, 2h; the command and its children are killed"),
    TRI_OPTION(farm_options, fail_limit, "fail-limit", "0",
               "give out no more after N commands have failed; 0: go on with the others"),
    TRI_OPTION(farm_options, crash_limit, "crash-limit", "3",
               "a command has failed when it was lost N times with its worker"),
    TRI_OPTION(
        farm_options, slots, "slots", "0",
        "commands that run at the same time in each process; 0: 1, or one per core if there is one process"),
    TRI_OPTION(farm_options, per_task, "per-task", NULL,
               "what a command needs, cores=4,devices=1,memory=2Gi: it waits until a process has it free"),
    TRI_OPTION(farm_options, memory, "memory", NULL,
               "memory of each process for commands; default: what is free"),
    TRI_OPTION(farm_options, devices, "devices", "0", "devices of each process, numbered from 0"),
    TRI_OPTION(farm_options, stop_before, "stop-before", NULL,
               "give out no more within this time of the end of the SLURM job, and end with 75"),
    TRI_OPTION(farm_options, no_mpi, "no-mpi", NULL,
               "the processes meet by the file of --address instead of MPI"),
    TRI_OPTION(
        farm_options, address, "address", NULL,
        "file with the address of the pool, by which others may join (a secret: its owner alone reads it)"),
    TRI_OPTION(
        farm_options, listen, "listen", NULL,
        "unix:PATH or tcp:ADDRESS:PORT: where serve takes commands, and where submit and others send them"),
    TRI_OPTION(farm_options, key, "key", NULL,
               "file with the key of serve on TCP: 64 hexadecimal digits, which its owner alone can read"),
    TRI_OPTION(farm_options, show, "show", NULL,
               "show what the journal FILE contains; the exit status is that of its last run"),
    TRI_OPTION(farm_options, tail, "tail", NULL, "print the output that the journal FILE has kept"),
    TRI_OPTION(farm_options, results, "results", NULL, "with --show: write its tasks to an HDF5 file"),
    TRI_OPTION(farm_options, quiet, "quiet", NULL, "print errors only"),
    TRI_OPTION(farm_options, json, "json", NULL, "print JSON"),
    {.name = NULL},
};
static const tri_option no_rows[] = {{.name = NULL}};

static const tri_app app = {
    .name = "pool",
    .summary = "runs a list of commands on all ranks, survives lost workers, resumes after any end",
    .examples =
        "mpirun -np 32 trireme pool tasks.txt --journal run.j    # a command on each line\n"
        "trireme pool --sweep 'solve --h {h} --seed {seed}' h=0.1,0.01 seed=1:1000 --journal sweep.j\n"
        "trireme pool tasks.txt --journal run.j --resume           # what is not done yet\n"
        "trireme pool --show run.j                                 # states, times, failures\n",
    .options = rows,
    .state_bytes = sizeof(farm_options),
};

static const tri_pool_function functions[] = {{"command", farm_command_run}, {NULL, NULL}};

static tri_status check(farm_options *o) {
    if (o->timeout) TRI_TRY(tri_seconds_read("--timeout", o->timeout, &o->timeout_s));
    if (o->stop_before) TRI_TRY(tri_seconds_read("--stop-before", o->stop_before, &o->stop_before_s));
    if (o->per_task) TRI_TRY(farm_per_task(o->per_task, &o->how));
    if (o->resume && !o->journal) return tri_fail(TRI_ERR_ARGUMENT, "--resume needs --journal");
    if (o->crash_limit < 1) return tri_fail(TRI_ERR_ARGUMENT, "--crash-limit: at least 1");
    if (o->results && !o->show) return tri_fail(TRI_ERR_ARGUMENT, "--results needs --show");
    o->how.retries = o->retry;
    return TRI_OK;
}

/* How this process meets the others. */
typedef struct meeting {
    int *argc;
    char ***argv;
    int ranks;
    bool by_mpi;
    char file[4096]; /* "": none */
} meeting;

/* A rank that dies while MPI starts leaves the others in MPI_Init() for ever. */
static void give_up(int number) {
    static const char line[] =
        "pool: the ranks did not meet within 2 minutes; start it again, or use --no-mpi\n";
    (void)number;
    if (write(STDERR_FILENO, line, sizeof line - 1) < 0) {
        /* standard error is closed */
    }
    _exit(EXIT_AGAIN);
}

static tri_status meet_by_mpi(meeting *m, char *address) {
    struct sigaction how = {.sa_handler = give_up}, before;
    sigaction(SIGALRM, &how, &before);
    alarm(MEET_S);
    tri_status status = tri_pool_meet(m->argc, m->argv, address);
    alarm(0);
    sigaction(SIGALRM, &before, NULL);
    return status;
}

static tri_status meet(void *argument, tri_pool *pool, tri_status status) {
    meeting *m = argument;
    char address[TRI_POOL_ADDRESS] = "";
    /* The others end with the same status. */
    if (pool)
        snprintf(address, sizeof address, "%s", tri_pool_address(pool));
    else
        snprintf(address, sizeof address, "!%d", (int)status);
    char text[1024];
    snprintf(text, sizeof text, "%s", tri_error_text());
    tri_status met = TRI_OK;
    if (m->by_mpi && m->ranks > 1) met = meet_by_mpi(m, address);
    if (met == TRI_OK && *m->file && pool) met = tri_pool_publish(pool, m->file);
    if (met == TRI_OK) (void)tri_fail(status, "%s", text);
    return met;
}

static tri_status work(const farm_options *o, const tri_pool_options *options, meeting *m) {
    const double patience_s = 60;
    char address[TRI_POOL_ADDRESS] = "";
    double deadline = tri_deadline(patience_s);
    tri_status status;
    (void)o;
    if (m->by_mpi) {
        TRI_TRY(meet_by_mpi(m, address));
        if (*address == '!') return (tri_status)strtol(address + 1, NULL, 10);
        return tri_pool_work(address, options);
    }
    /* The file may be that of an earlier pool, until the new one writes its own. */
    do {
        tri_pool_options mine = *options;
        mine.patience_s = 1;
        status = tri_pool_find(m->file, deadline, address);
        if (status == TRI_OK) status = tri_pool_work(address, &mine);
    } while (status == TRI_ERR_ENVIRONMENT && tri_deadline(0) < deadline);
    return status;
}

static void leave(int number) {
    (void)number;
    tri_pool_leave();
}

static int run(farm_options *o, int *argc, char ***argv, bool joins) {
    int rank, ranks;
    meeting m = {.argc = argc, .argv = argv};
    m.by_mpi = tri_pool_launched(&rank, &ranks) && !o->no_mpi && !joins && !o->serve;
    m.ranks = joins || o->serve ? 1 : ranks;
    const char *job = getenv("SLURM_JOB_ID"), *step = getenv("SLURM_STEP_ID");
    if (o->address)
        snprintf(m.file, sizeof m.file, "%s", o->address);
    else if (m.ranks > 1 && !m.by_mpi)
        snprintf(m.file, sizeof m.file, ".trireme-pool-%s.%s", job ? job : "0", step ? step : "0");
    size_t memory = 0;
    if (o->memory && tri_size_parse(o->memory, &memory) != TRI_OK) memory = 0;
    tri_pool_options options = {.functions = functions,
                                .slots = o->slots      ? o->slots
                                         : m.ranks > 1 ? 1
                                                       : 0,
                                .devices = o->devices,
                                .memory_bytes = memory,
                                .crash_limit = o->crash_limit,
                                .listens = m.ranks > 1 || *m.file,
                                .expects = m.ranks - 1};
    tri_status status = farm_keeper_start();
    if (status != TRI_OK) {
        fprintf(stderr, "pool: %s\n", tri_error_text());
        return tri_status_exit(status);
    }
    if (joins || rank) {
        /* A signal to the whole job is the manager's affair; one that has joined leaves. */
        signal(SIGINT, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        signal(SIGUSR1, SIG_IGN);
        signal(SIGTERM, joins ? leave : SIG_IGN);
        status = work(o, &options, &m);
        if (status != TRI_OK && (joins || status == TRI_ERR_ENVIRONMENT || status == TRI_ERR_SYSTEM))
            fprintf(stderr, "pool: [rank %d] %s\n", rank, tri_error_text());
        return tri_status_exit(status);
    }
    if (o->serve) {
        status = serve_run(o, &options);
        if (status != TRI_OK) fprintf(stderr, "pool: %s\n", tri_error_text());
        return tri_status_exit(status);
    }
    static farm f;
    f.options = o;
    farm_meeting how = {meet, &m};
    status = farm_manage(&f, &options, &how);
    if (*m.file) unlink(m.file);
    if (f.pool || f.numbers || status == TRI_OK) farm_summary(&f, status);
    if (status != TRI_OK) fprintf(stderr, "pool: %s\n", tri_error_text());
    fflush(stdout);
    return tri_status_exit(status);
}

static int answer(const tri_option_set sets[2], tri_action action) {
    if (tri_launcher_rank() != 0) return 0;
    if (action == TRI_ACTION_HELP) tri_options_help(&app, sets, stdout);
    if (action == TRI_ACTION_MAN) tri_options_man(&app, sets, stdout);
    if (action == TRI_ACTION_COMPLETION) tri_options_completion(&app, sets, stdout);
    if (action == TRI_ACTION_VERSION) tri_version_write(app.name, stdout);
    return fflush(stdout) ? 4 : 0;
}

int main(int argc, char **argv) {
    farm_options o = {0};
    struct {
        char none;
    } common;
    const tri_option_set sets[2] = {{rows, &o}, {no_rows, &common}};
    tri_action action;
    signal(SIGPIPE, SIG_IGN); /* the other end of a connection may go at any time */
    tri_status status = tri_options_parse(&app, sets, argc, argv, &action);
    if (status == TRI_OK && action != TRI_ACTION_RUN) return answer(sets, action);
    if (status == TRI_OK) status = check(&o);
    bool joins = o.words.count && !strcmp(o.words.text[0], "join") && !o.sweep;
    if (status == TRI_OK && joins && (o.words.count > 1 || !o.address))
        status = tri_fail(TRI_ERR_ARGUMENT, "join needs --address FILE, and no list");
    o.serve = o.words.count && !strcmp(o.words.text[0], "serve") && !o.sweep;
    if (status == TRI_OK && o.serve && (o.words.count > 1 || !o.listen || o.journal))
        status = tri_fail(TRI_ERR_ARGUMENT, "serve needs --listen, and has neither list nor journal");
    if (status != TRI_OK) {
        if (tri_launcher_rank() == 0) fprintf(stderr, "pool: %s\n", tri_error_text());
        return tri_status_exit(status);
    }
    if (!o.sweep && o.words.count && client_knows(o.words.text[0])) return client_run(&o);
    if (o.show) return tri_launcher_rank() ? 0 : farm_show(&o);
    if (o.tail) return tri_launcher_rank() ? 0 : farm_tail(&o);
    return run(&o, &argc, &argv, joins);
}
