/* A program consists of options, a state and five functions. The driver (main.c) does the rest: it parses
 * the command line, starts MPI, places the rank, creates the thread team, opens the device, measures
 * times, agrees on errors, and writes the table and the result file. */
#ifndef TRIREME_APPS_APP_H
#define TRIREME_APPS_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trireme/trireme.h"

/* ---- Options: one row each, for parsing, --help, the man page, shell completion and the record ---- */

typedef enum tri_option_kind {
    TRI_OPTION_FLAG,   /* bool: present or not */
    TRI_OPTION_INT,    /* int: a whole number, 0 or more */
    TRI_OPTION_CHOICE, /* int: the index of a word in `choices` */
    TRI_OPTION_SIZE,   /* size_t: "64Ki" */
    TRI_OPTION_REAL,   /* double */
    TRI_OPTION_TEXT,   /* const char * */
    TRI_OPTION_TEXTS   /* tri_texts: all remaining words; positional arguments only */
} tri_option_kind;

typedef struct tri_texts {
    char **text;
    size_t count;
} tri_texts;

typedef struct tri_option {
    const char *name;    /* "count" for --count; a positional argument as --help shows it: "FILE" */
    const char *initial; /* default, parsed like the command line; NULL: none */
    const char *text;    /* one line */
    const char *choices; /* "exact|ordered|plain", or NULL */
    size_t offset;       /* of its field in the state */
    tri_option_kind kind;
    bool argument; /* positional, not an option */
    bool required;
} tri_option;

/* TRI_OPTION(state, field, name, default, text, ...): a row for `field` of the type `state`, whose type
 * gives the kind. */
#define TRI_KIND_OF(field)                                                                                   \
    _Generic((field),                                                                                        \
        bool: TRI_OPTION_FLAG,                                                                               \
        int: TRI_OPTION_INT,                                                                                 \
        size_t: TRI_OPTION_SIZE,                                                                             \
        double: TRI_OPTION_REAL,                                                                             \
        const char *: TRI_OPTION_TEXT,                                                                       \
        tri_texts: TRI_OPTION_TEXTS)
#define TRI_OPTION(state, field, ...)                                                                        \
    {                                                                                                        \
        .offset = offsetof(state, field), .kind = TRI_KIND_OF(((state *)0)->field),                          \
        TRI_OPTION_REST(__VA_ARGS__)                                                                         \
    }
#define TRI_OPTION_REST(name_, initial_, ...) .name = name_, .initial = initial_, .text = __VA_ARGS__

/* ---- Programs ---- */

/* The common options; the rows are in main.c. checkpoint, checkpoint_every and resume: programs that run in
 * steps. replace: programs that write files which options name. */
typedef struct tri_common {
    const char *algorithm, *network, *device, *results;
    const char *checkpoint, *checkpoint_every;
    int repeat, warmup, threads;
    double progress;
    bool quiet, json, verbose, resume, replace;
} tri_common;

typedef struct tri_app tri_app;
typedef struct tri_report tri_report;
typedef struct tri_checkpoint tri_checkpoint;
typedef struct tri_machine tri_machine;

/* One run of a program. */
typedef struct tri_run {
    const tri_app *app;
    const tri_common *common;
    tri_comm *comm;
    tri_team *team;             /* threads of this rank, and one more to drive the device, if any */
    tri_gpu *gpu;               /* NULL: no device */
    const tri_machine *machine; /* of the driver */
    int threads;                /* compute threads */
    int repeat;                 /* current repeat; warm-ups are below 0 */
    size_t step, steps;         /* of a program that runs in steps: current step, number of steps */
    size_t resumed;             /* step of the checkpoint that the run resumed from; 0: none */
    bool resumes;               /* there is a checkpoint to resume from; known before begin */
    tri_result *result;         /* NULL: no result file is written */
    tri_report *report;
    struct tri_progress_state {
        const char *what; /* NULL: nothing is reported now */
        double start_s, from, written_s;
        bool terminal, in_place; /* in_place: the cursor is behind a text */
    } progress;
    bool said_compiling;
} tri_run;

/* How a program uses a device. */
typedef enum tri_device_use {
    TRI_DEVICE_ON_REQUEST, /* if --device or TRIREME_DEVICE names one */
    TRI_DEVICE_NEVER,      /* --device is refused */
    TRI_DEVICE_IF_PRESENT, /* auto by default, and none if there is none */
    TRI_DEVICE_REQUIRED    /* auto by default, an error if there is none */
} tri_device_use;

struct tri_app {
    const char *name, *summary;
    const char *examples;      /* for the manual page: command lines, each with a comment behind it */
    const tri_option *options; /* ends with a row whose name is NULL */
    size_t state_bytes;        /* zeroed before the options are set */
    bool no_device;            /* --device is refused */
    tri_device_use (*device_use)(
        /* from the options; NULL: TRI_DEVICE_ON_REQUEST, or TRI_DEVICE_NEVER with no_device */
        const void *state);
    bool no_result; /* no result file, no times in the table */
    bool outputs;   /* writes files that options name: it has --replace */
    bool runs;      /* its arguments are the command line of another program, options included */
    /* Each may be NULL. The driver agrees on the status after each one, so a failure of one rank is a
     * failure of all. `run` sends messages: it calls tri_agree() itself between a step that may fail on
     * some ranks and the next message. */
    tri_status (*setup)(tri_run *, void *); /* reads or generates the input */
    tri_status (*run)(tri_run *, void *);   /* the timed part */
    /* In place of `run`, for programs that run in steps and can resume from a checkpoint. begin prepares
     * step 0 and sets run->steps; step performs step run->step; both may send messages. keep names all
     * data that later steps need (see below), both to save and to load them. */
    tri_status (*begin)(tri_run *, void *);
    tri_status (*step)(tri_run *, void *);
    tri_status (*keep)(tri_run *, void *, tri_checkpoint *);
    /* Checks the result independently of run, only if asked in a program with a flag --verify.
     * TRI_ERR_WRONG: it differs. */
    tri_status (*verify)(tri_run *, void *);
    tri_status (*record)(tri_run *, void *); /* adds the results to the report and the result file */
    /* Rank 0 only, after the table and the result file, which remain if drawing fails. */
    tri_status (*draw)(tri_run *, void *);
    /* The whole work of a program for tri_main_alone(), which has none of the functions above. */
    tri_status (*alone)(void *);
    void (*teardown)(void *); /* also after a failure; the state may be incomplete */
};

/* The whole main() of a program; returns its exit status. */
int tri_main(const tri_app *app, int argc, char **argv);

/* The main() of a program that has `alone`: without MPI and the common options. */
int tri_main_alone(const tri_app *app, int argc, char **argv);

/* ---- Checkpoints: functions for `keep`. All ranks make the same calls with the same names. Saving writes
 * the values, loading fills them. All return the same status on every rank. ---- */

/* A number that a resumed run must have too. TRI_ERR_DATA: it differs. */
tri_status tri_checkpoint_same(tri_checkpoint *checkpoint, const char *name, double value);
/* A few values that are equal on all ranks, or needed on rank 0 only; loading fills them on all ranks. */
tri_status tri_checkpoint_values(tri_checkpoint *checkpoint, const char *name, size_t count, double *values);
/* A distributed array, as for tri_result_array(). A resumed run may distribute it differently. */
tri_status tri_checkpoint_array(tri_checkpoint *checkpoint, const char *name, int rank, const size_t dims[],
                                const size_t start[], const size_t count[], double *values, const char *units,
                                const char *long_name);

/* A hash of the bits of a block and of their indices in the whole array. The sum of the hashes of all
 * blocks, modulo 2^64, does not depend on how the array is cut into blocks. */
uint64_t tri_block_hash(int rank, const size_t dims[], const size_t start[], const size_t count[],
                        const double *values);

/* ---- Results: each line goes to the table, to --json and to the result file; values of rank 0 ---- */

/* `name` is the key ("mean"); `units` is "1" for a pure number. */
void tri_report_real(tri_run *run, const char *name, double value, const char *units, const char *long_name);
void tri_report_integer(tri_run *run, const char *name, int64_t value, const char *units,
                        const char *long_name);
void tri_report_text(tri_run *run, const char *name, const char *value);
/* A line for the table only. */
void tri_report_line(tri_run *run, const char *format, ...) TRI_PRINTF(2, 3);

/* Adds to the seconds that this rank spent on the phase `name` ("read", "compute", "communicate") in the
 * current repeat. The phases of rank 0 are recorded. `bytes` of this rank give a rate; 0: none. */
void tri_report_phase(tri_run *run, const char *name, double seconds, double bytes);

/* A tri_combine whose data is a thread team: sums and products of doubles, with the same bits as on one
 * thread except for the payload of a NaN. The driver registers it with the communicator if there are
 * several threads. */
int tri_team_combine(void *team, const void *left, void *right, size_t count, MPI_Datatype type, MPI_Op op);

/* Whether the outputs of the current repeat may replace files: with --replace, and what the run itself has
 * written, in an earlier repeat or before it resumed. One rule for all programs: an output that exists is
 * refused otherwise, before the work. For `run`, begin and step. */
bool tri_replaces(const tri_run *run);

/* TRI_ERR_ARGUMENT: `out`, the value of --out, is the file `in`, possibly under another name. Outputs
 * never replace inputs. */
tri_status tri_out_check(const char *out, const char *in);

/* Seconds of a monotonic clock. */
double tri_now_s(void);

/* Shows progress of a long run on rank 0, with the rate and the time left: on a terminal a few times a
 * second, elsewhere a line every --progress seconds. `done` of `total` `units`; the first call sets the
 * clock, done == total ends the report. While `what` is reported, reports of another name are ignored: they
 * are parts. */
void tri_progress(tri_run *run, const char *what, double done, double total, const char *units);
/* Ends a report early and clears its line on a terminal, before other texts. */
void tri_progress_end(tri_run *run);

/* Says once, on one rank of each node, that kernels of the device are compiled. Local. */
void tri_say_compiling(tri_run *run, tri_gpu *gpu);

#endif
