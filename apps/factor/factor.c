/* Factors of integers. The numbers are a pool's: curves are its tasks, so that a lost rank costs its curves
 * alone, and the first factor ends the others. MPI only tells the ranks where rank 0 is. With --range the
 * ranks sieve together, as a program of the driver (range.c). */
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/driver/machine.h"
#include "apps/driver/options.h"
#include "apps/factor/factor.h"

static const tri_option rows[] = {
    TRI_OPTION(
        factor_options, words, "N|FILE", NULL,
        "integers, also as expressions like 2^128+1, 100! or 101#; files with an integer on each line; -: "
        "standard input",
        .argument = true),
    TRI_OPTION(factor_options, range, "range", NULL,
               "A:B: the smallest factor of every integer from A to B - 1; `factor --range A:B --help` lists "
               "its options"),
    TRI_OPTION(factor_options, digits, "digits", "35",
               "look for factors of so many digits by curves, in steps of 5 from 15 to 65; 0: no curves"),
    TRI_OPTION(factor_options, sieve, "sieve", "75",
               "largest number of digits for the quadratic sieve; 0: no sieve"),
    TRI_OPTION(factor_options, proof, "proof", "300",
               "largest number of digits for a proof that a factor is prime; others are [probable]"),
    TRI_OPTION(factor_options, time, "time", NULL,
               "stop after this time, 90s, 10m, 2h, and end with 75 if numbers are left"),
    TRI_OPTION(factor_options, journal, "journal", NULL, "file that remembers factors and curves"),
    TRI_OPTION(factor_options, resume, "resume", NULL, "go on with the journal, if it exists"),
    TRI_OPTION(factor_options, save, "save", NULL,
               "write each curve without a factor to this file, in the form of GMP-ECM"),
    TRI_OPTION(factor_options, from_save, "from-save", NULL,
               "first run stage 2 of the curves in this file of GMP-ECM, on the numbers in it"),
    TRI_OPTION(factor_options, seed, "seed", "1", "of the curves: curve k of a level is always the same"),
    TRI_OPTION(factor_options, memory, "memory", "512Mi", "most memory of a curve in stage 2"),
    TRI_OPTION(factor_options, slots, "slots", "0",
               "tasks at the same time in each process; 0: 1, or one per core if there is one process"),
    TRI_OPTION(
        factor_options, progress, "progress", "30",
        "where standard error is no terminal: seconds between lines on the progress; 0: none anywhere"),
    TRI_OPTION(factor_options, replace, "replace", NULL, "replace the file of --save"),
    TRI_OPTION(factor_options, quiet, "quiet", NULL, "print factors and errors only"),
    TRI_OPTION(factor_options, json, "json", NULL, "print JSON"),
    {.name = NULL},
};
static const tri_option no_rows[] = {{.name = NULL}};

static const tri_app app = {
    .name = "factor",
    .summary = "factors integers by curves and sieves on all ranks, survives lost workers, resumes",
    .examples = "trireme factor 2^128+1\n"
                "mpirun -np 32 trireme factor composites.txt --digits 40 --journal run.j\n"
                "mpirun -np 32 trireme factor composites.txt --digits 40 --journal run.j --resume\n"
                "mpirun -np 8 trireme factor --range 0:1e9 --out smallest.h5:/factor   # all ranks sieve\n",
    .options = rows,
    .state_bytes = sizeof(factor_options),
};

static const tri_pool_function functions[] = {
    {"small", factor_work_small},
    {"curves", factor_work_curves},
    {"saved", factor_work_saved},
    {"sieve", factor_work_sieve},
    {NULL, NULL},
};

static tri_status check(factor_options *o) {
    if (o->time) TRI_TRY(factor_seconds("--time", o->time, &o->time_s));
    if (o->resume && !o->journal) return tri_fail(TRI_ERR_ARGUMENT, "--resume needs --journal");
    if (o->digits && (o->digits < 15 || o->digits > 65))
        return tri_fail(TRI_ERR_ARGUMENT, "--digits: 0, or from 15 to 65");
    if (o->sieve > 100) return tri_fail(TRI_ERR_ARGUMENT, "--sieve: at most 100 digits");
    if (!o->words.count && !o->from_save)
        return tri_fail(TRI_ERR_ARGUMENT, "an integer or a file is missing; factor --help shows the options");
    return TRI_OK;
}

static int answer(const tri_option_set sets[2], tri_action action) {
    if (tri_launcher_rank() != 0) return 0;
    if (action == TRI_ACTION_HELP) tri_options_help(&app, sets, stdout);
    if (action == TRI_ACTION_MAN) tri_options_man(&app, sets, stdout);
    if (action == TRI_ACTION_COMPLETION) tri_options_completion(&app, sets, stdout);
    if (action == TRI_ACTION_VERSION) tri_version_write(app.name, stdout);
    return fflush(stdout) ? 4 : 0;
}

/* A negative number is no option: a space in front of it makes it an argument. */
static void protect_negatives(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (argv[i][0] == '-' && isdigit((unsigned char)argv[i][1])) {
            size_t room = strlen(argv[i]) + 2;
            char *word = malloc(room);
            if (!word) continue;
            snprintf(word, room, " %s", argv[i]);
            argv[i] = word;
        }
}

static bool is_range(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (!strcmp(argv[i], "--range") || !strncmp(argv[i], "--range=", strlen("--range="))) return true;
    return false;
}

static int run(factor_options *o, int *argc, char ***argv) {
    int rank, ranks;
    factor_state state = {.options = o};
    (void)tri_pool_launched(&rank, &ranks);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    tri_pool_options options = {.functions = functions,
                                .slots = o->slots    ? o->slots
                                         : ranks > 1 ? 1
                                                     : 0,
                                .watch = factor_watch,
                                .argument = &state};
    state.slots = options.slots ? options.slots : cores > 1 ? (int)cores : 1;
    state.levels = o->digits ? factor_level_of(o->digits) + 1 : 0;
    if (rank) {
        /* A signal to the whole job is the manager's affair. */
        static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1, SIGHUP};
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            signal(numbers[i], SIG_IGN);
    }
    int status = tri_pool_run(argc, argv, &options, factor_manage, &state);
    return fflush(stdout) && !status ? 4 : status;
}

int main(int argc, char **argv) {
    factor_options o = {0};
    struct {
        char none;
    } common;
    const tri_option_set sets[2] = {{rows, &o}, {no_rows, &common}};
    tri_action action;
    if (argc == 3 && !strcmp(argv[1], FACTOR_SIEVE_WORD)) return factor_sieve_process(argv[2]);
    if (is_range(argc, argv)) return factor_range_main(argc, argv);
    signal(SIGPIPE, SIG_IGN); /* the other end of a connection may go at any time */
    protect_negatives(argc, argv);
    tri_status status = tri_options_parse(&app, sets, argc, argv, &action);
    if (status == TRI_OK && action != TRI_ACTION_RUN) return answer(sets, action);
    if (status == TRI_OK) status = check(&o);
    if (status == TRI_OK) return run(&o, &argc, &argv);
    if (tri_launcher_rank() == 0) fprintf(stderr, "factor: %s\n", tri_error_text());
    return tri_status_exit(status);
}
