/* What a program is made of: options, state, and five functions. The driver (driver.c) does everything else: it parses
 * the command line, starts MPI, places the rank, makes the thread team, opens the device, times, agrees on errors,
 * and writes the table and the result file.
 */
#ifndef TRIREME_APPS_APP_H
#define TRIREME_APPS_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trireme/trireme.h"

/* ---- Options: one row each; parsing, --help, the man page, the shell completion and the record all read it ---- */

typedef enum tri_option_kind {
    TRI_OPTION_FLAG,   /* bool: present or not */
    TRI_OPTION_INT,    /* int: a whole number, 0 or more */
    TRI_OPTION_CHOICE, /* int: the index of a word in `choices` */
    TRI_OPTION_SIZE,   /* size_t: "64Ki" */
    TRI_OPTION_REAL,   /* double */
    TRI_OPTION_TEXT,   /* const char * */
    TRI_OPTION_TEXTS   /* tri_texts: all the words that are left; arguments only */
} tri_option_kind;

typedef struct tri_texts {
    char **text;
    size_t count;
} tri_texts;

typedef struct tri_option {
    const char *name; /* "count" is --count; an argument in its place is named as --help shows it, "FILE" */
    const char *initial; /* what it is when not given, read as the command line would be; NULL: nothing */
    const char *text;    /* one line */
    const char *choices; /* "exact|ordered|plain", or NULL */
    size_t offset;       /* of its field in the state */
    tri_option_kind kind;
    bool argument; /* an argument in its place, not an option */
    bool required;
} tri_option;

/* The kind follows from the field. A row for `state` (a type) and its `field`. */
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

/* What every program has; the rows are in driver.c. The second line is of programs that run in steps. */
typedef struct tri_common {
    const char *algorithm, *network, *device, *results;
    const char *checkpoint, *checkpoint_every;
    int repeat, warmup, threads;
    bool quiet, json, verbose, resume;
} tri_common;

typedef struct tri_app tri_app;
typedef struct tri_report tri_report;
typedef struct tri_checkpoint tri_checkpoint;
typedef struct tri_machine tri_machine;

/* One run of a program, as its functions see it. */
typedef struct tri_run {
    const tri_app *app;
    const tri_common *common;
    tri_comm *comm;
    tri_team *team;             /* threads of this rank, and one more where there is a device, to drive it */
    tri_gpu *gpu;               /* NULL: no device */
    const tri_machine *machine; /* of the driver */
    int threads;                /* that compute */
    int repeat;                 /* the repeat that is under way; warm-ups count below 0 */
    size_t step, steps; /* of a program that runs in steps: the one under way, and how many there are */
    size_t resumed;     /* the step that the run has gone on from; 0: from the beginning */
    tri_result *result; /* NULL: no result file is written */
    tri_report *report;
    double progress_s; /* when tri_progress() last wrote */
} tri_run;

/* What a program needs of a device. */
typedef enum tri_device_use {
    TRI_DEVICE_ON_REQUEST, /* it takes one where --device or TRIREME_DEVICE says so */
    TRI_DEVICE_NEVER,      /* --device is refused */
    TRI_DEVICE_IF_PRESENT, /* auto where nobody says which, and none where there is none */
    TRI_DEVICE_REQUIRED    /* auto where nobody says which, and it fails without */
} tri_device_use;

struct tri_app {
    const char *name, *summary;
    const tri_option *options; /* ends with a row whose name is NULL */
    size_t state_bytes;        /* zeroed, then the options are filled in */
    bool no_device;            /* it has no use for one: --device is refused */
    tri_device_use (*device_use)(
        const void *state); /* by the options; NULL: TRI_DEVICE_ON_REQUEST, or what no_device says */
    bool no_result;         /* it leaves no result file, and its table has no times */
    /* Each may be NULL. A failure of one rank is a failure of all: the driver agrees after each of them. `run` sends
     * messages, so where a rank may fail in it before a message, it agrees itself. */
    tri_status (*setup)(tri_run *, void *); /* reads or makes the input */
    tri_status (*run)(tri_run *, void *);   /* what is timed */
    /* Instead of `run`, a program that runs in steps, and so can stop at a checkpoint and go on from it. begin makes what
     * is there before step 0 and sets run->steps; step does step number run->step; both may send messages, as `run` may.
     * keep names all that the steps after run->step need (see below): to save it and to load it. */
    tri_status (*begin)(tri_run *, void *);
    tri_status (*step)(tri_run *, void *);
    tri_status (*keep)(tri_run *, void *, tri_checkpoint *);
    tri_status (*verify)(tri_run *,
                         void *); /* independent of run; TRI_ERR_WRONG where it finds another result */
    tri_status (*record)(tri_run *, void *); /* tells the report and the result file what came out */
    /* Rank 0 alone, behind the table and the result file, both of which stay where a picture fails. */
    tri_status (*draw)(tri_run *, void *);
    void (*teardown)(void *); /* also after a failure; the state may be half made */
};

/* The whole main() of a program; returns its exit status. */
int tri_main(const tri_app *app, int argc, char **argv);

/* ---- Checkpoints: what `keep` calls, the same calls with the same names on all ranks. In saving they write the values,
 * in loading they fill them. All return the same status on every rank. ---- */

/* A number that must be the same in a run that resumes; TRI_ERR_DATA where it is another. */
tri_status tri_checkpoint_same(tri_checkpoint *checkpoint, const char *name, double value);
/* A few values that are the same on all ranks, or matter on rank 0 alone; loading fills them on all. */
tri_status tri_checkpoint_values(tri_checkpoint *checkpoint, const char *name, size_t count, double *values);
/* An array spread over the ranks, as for tri_result_array(). A resumed run may be spread otherwise. */
tri_status tri_checkpoint_array(tri_checkpoint *checkpoint, const char *name, int rank, const size_t dims[],
                                const size_t start[], const size_t count[], double *values, const char *units,
                                const char *long_name);

/* A number for the bits of a block and their places in the whole array. The sum of those of all blocks, modulo 2^64, is
 * the same however the array is cut into blocks. */
uint64_t tri_block_hash(int rank, const size_t dims[], const size_t start[], const size_t count[],
                        const double *values);

/* ---- What came out: each line goes to the table, to --json and to the result file; rank 0's values count ---- */

/* `name` is the key ("mean"), `units` "1" for a pure number. */
void tri_report_real(tri_run *run, const char *name, double value, const char *units, const char *long_name);
void tri_report_integer(tri_run *run, const char *name, int64_t value, const char *units,
                        const char *long_name);
void tri_report_text(tri_run *run, const char *name, const char *value);
/* A line of the table alone. */
void tri_report_line(tri_run *run, const char *format, ...) TRI_PRINTF(2, 3);

/* Adds to the seconds that this rank spent on `phase` ("read", "compute", "communicate") in the repeat under way. The
 * phases that rank 0 has are recorded. `bytes`, of this rank, or 0, turns into a rate. */
void tri_report_phase(tri_run *run, const char *phase, double seconds, double bytes);

/* A tri_combine whose data is a team: sums and products of doubles, whose bits do not depend on who makes them but for the
 * payload of a NaN. The driver gives it to the communicator of every program that has threads. */
int tri_team_combine(void *team, const void *left, void *right, size_t count, MPI_Datatype type, MPI_Op op);

/* TRI_ERR_ARGUMENT where `out`, which --out names, is the file `in` under any name: a product never replaces what it is
 * made from. */
tri_status tri_out_check(const char *out, const char *in);

/* The time now, in seconds from some moment. */
double tri_now_s(void);

/* A line of progress for long runs: on rank 0, on a terminal, a few times a second. done <= 1. */
void tri_progress(tri_run *run, const char *what, double done);

#endif
