/* The parts of factor: options, numbers and their pieces, the levels of curves, what workers do, the journal,
 * save files, and the manager's loop. */
#ifndef TRIREME_APPS_FACTOR_H
#define TRIREME_APPS_FACTOR_H

#include <stdio.h> /* gmp.h declares functions of files after it */

#include <gmp.h>

#include "apps/driver/app.h"

#define FACTOR_JOURNAL "trireme factor 1"

typedef struct factor_options {
    tri_texts words;
    const char *range, *journal, *time, *save, *from_save, *progress_text;
    size_t memory, seed;
    int slots, digits, sieve, proof;
    double progress;
    bool resume, replace, quiet, json;
    double time_s; /* of `time`; 0: no limit */
} factor_options;

/* ---- integer.c: integers and lists of them ---- */

enum { FACTOR_DIGITS_MOST = 100000 };

/* Evaluates an integer expression: digits, + - * ^ ! # and parentheses. TRI_ERR_ARGUMENT: it is none. */
tri_status factor_parse(const char *text, mpz_t out);
size_t factor_digits(const mpz_t n);
/* "90", "10m", "2h", "1d" in seconds. */
tri_status factor_seconds(const char *name, const char *text, double *out);
/* Texts that grow: an open_memstream() that ends with the program where memory does. */
FILE *factor_stream(char **text, size_t *length);

/* A table from texts to numbers. */
typedef struct factor_table {
    const char **key;
    size_t *value;
    size_t room, count;
} factor_table;
/* The value of the key, which is borrowed; a new key gets `value`. TRI_ERR_MEMORY. */
tri_status factor_table_put(factor_table *t, const char *key, size_t value, size_t *out);
/* SIZE_MAX: no such key. */
size_t factor_table_get(const factor_table *t, const char *key);
void factor_table_free(factor_table *t);

/* ---- levels.c: which curves, and what they exclude ---- */

enum { FACTOR_LEVELS = 11, FACTOR_FIRST_DIGITS = 15, FACTOR_STEP_DIGITS = 5 };

typedef enum factor_method { FACTOR_ECM, FACTOR_PM1, FACTOR_PP1 } factor_method;

/* What a curve is: a function of the seed, the level and its number alone. */
typedef struct factor_curve {
    factor_method method;
    double b1;
    uint32_t sigma; /* of FACTOR_ECM */
} factor_curve;

/* Number of curves of a level, p - 1 and p + 1 included, which are its first two. */
size_t factor_level_curves(int level);
double factor_level_b1(int level);
int factor_level_digits(int level);
/* The first level that excludes factors of so many digits; FACTOR_LEVELS: none does. */
int factor_level_of(int digits);
factor_curve factor_curve_at(size_t seed, int level, size_t number);
/* Expected number of factors of `digits` digits that a curve of a level finds, if there is one. */
double factor_curve_worth(int level, int digits);
/* Curves of a level that take about half a second on a number of so many digits. */
size_t factor_curves_at_once(int level, size_t digits);
/* How many curves come before the sieve of a number of so many digits: all of the levels below *level, and
 * *count of that one. */
void factor_before_sieve(size_t digits, int *level, size_t *count);

/* ---- work.c, sieve.c: what workers do. Inputs and results are texts. ---- */

/* Input: a limit of digits for proofs and numbers, a line each. Result: a line for each number with pairs
 * "P 3": a prime, "Q 5..": a probable one, "C 6..": composite. */
tri_status factor_work_small(tri_pool_task *task, const void *in, size_t bytes);
/* Input: "seed level first count memory save number". Result: lines "X curve residue" and "F curve factor",
 * and "D curves". */
tri_status factor_work_curves(tri_pool_task *task, const void *in, size_t bytes);
/* Input: "memory number" and a line of a save file. Result: as above. */
tri_status factor_work_saved(tri_pool_task *task, const void *in, size_t bytes);
/* Input: a number. Result: "F 0 factor" and "D 0". */
tri_status factor_work_sieve(tri_pool_task *task, const void *in, size_t bytes);

/* The process that sieves: FLINT writes to its folder and cannot be stopped. Returns its exit status. */
#define FACTOR_SIEVE_WORD "sieve:"
int factor_sieve_process(const char *number);

/* ---- save.c: files of GMP-ECM ---- */

typedef struct factor_saved {
    factor_method method;
    int param;
    double b1;
    char *sigma, *n, *x; /* decimal, decimal, hexadecimal with 0x */
} factor_saved;
/* Parses a line; changes nothing. TRI_ERR_DATA. */
tri_status factor_saved_parse(const char *line, factor_saved *out);
void factor_saved_free(factor_saved *s);
/* Writes a line. */
void factor_saved_write(const factor_saved *s, FILE *to);

/* ---- number.c: numbers and their pieces ---- */

typedef enum factor_kind {
    FACTOR_UNKNOWN,  /* not looked at yet */
    FACTOR_PRIME,    /* proven; also 0 */
    FACTOR_PROBABLE, /* no proof was asked for, or none was found */
    FACTOR_COMPOSITE
} factor_kind;

/* A divisor of a number. The pieces that are not dead multiply to the number. */
typedef struct factor_piece factor_piece;
struct factor_piece {
    mpz_t n;
    factor_kind kind;
    size_t id, number, digits; /* id: in the journal; number: index of its number */
    bool dead;                 /* it has been split */
    bool left;                 /* composite, and all that was asked for is done */
    bool sieve_given, sieve_failed;
    int tasks;                    /* that run or wait in the pool */
    size_t given;                 /* curves that the journal has as given and not as done */
    size_t saved;                 /* the next curve of a save file */
    uint8_t *done[FACTOR_LEVELS]; /* a bit for each curve; NULL: none */
    size_t next[FACTOR_LEVELS];   /* curves below are done or given */
    size_t curves[FACTOR_LEVELS]; /* number of curves done */
    double worth[FACTOR_LEVELS];  /* of all curves done, for each size of a factor */
    char *how;                    /* how it was found */
    factor_piece *after;          /* the next one of its number */
};

typedef struct factor_number {
    char *text;   /* as the user gave it */
    size_t same;  /* index of the first number of this value, the sign apart */
    size_t saved; /* its first curve of a save file; SIZE_MAX: none */
    mpz_t n;
    factor_piece *pieces;
    int tasks;                /* of all its pieces */
    bool active, done, whole; /* whole: no composite is left */
    char *result;             /* its factors as text, when done */
    void *json;               /* the same for --json */
} factor_number;

/* A new piece with what is done for its parent, which may be NULL. */
factor_piece *factor_piece_new(const mpz_t n, factor_kind kind, const factor_piece *parent, const char *how);
void factor_piece_free(factor_piece *p);
void factor_number_add(factor_number *number, size_t index, factor_piece *p);
void factor_number_free_pieces(factor_number *number);
/* Marks curves of a level as done. */
void factor_piece_did(factor_piece *p, int level, size_t first, size_t count);
bool factor_piece_has(const factor_piece *p, int level, size_t curve);
/* Curves beside those of the levels, such as those of a save file. */
void factor_piece_worth(factor_piece *p, int level, size_t count);
/* Probability that a factor of so many digits has been missed. */
double factor_piece_missed(const factor_piece *p, int digits);
/* Sets result, json and whole. TRI_ERR_WRONG: the product of the pieces is not the number. */
tri_status factor_number_finish(factor_number *number);
/* What the curves exclude: "t30 done, t35 41 %". `text` has room for 128 bytes. */
const char *factor_piece_excluded(const factor_piece *p, char text[128]);

/* ---- manage.c: the loop; plan.c: what is next; book.c: the journal; tell.c: what the user sees ---- */

typedef enum factor_task { FACTOR_SMALL, FACTOR_CURVES, FACTOR_SAVED, FACTOR_SIEVE } factor_task;

/* A task in the pool. */
typedef struct factor_ticket factor_ticket;
struct factor_ticket {
    factor_task task;
    int level;
    size_t first, count; /* curves; FACTOR_SMALL: count pieces */
    factor_piece **piece;
    tri_job *job;
    factor_ticket *before, *after; /* of all that are in the pool */
};

typedef struct factor_saved_curve {
    factor_saved curve;
    char *line;
    size_t after; /* the next one of its number; SIZE_MAX: none */
} factor_saved_curve;

typedef struct factor_book factor_book;

typedef struct factor_state {
    const factor_options *options;
    tri_pool *pool;
    tri_queue *ended;
    tri_journal *journal;
    factor_book *book; /* what the journal contained */
    FILE *save;
    factor_number *number;
    size_t numbers, fresh, printed;
    size_t *active, actives, active_room;
    size_t complete, partial, before; /* numbers: without and with a composite; done before */
    factor_saved_curve *saved;
    size_t saved_count;
    factor_ticket *tickets;
    int outstanding, slots, levels; /* slots: of each worker; levels: to do */
    size_t ids, curves, lost_before;
    double begin_s, end_s, said_s;
    bool stopped, terminal;
    void *json;
} factor_state;

/* The whole work of the manager, for tri_pool_run(). */
tri_status factor_manage(tri_pool *pool, void *argument);
/* watch.c: events of the pool, and what they add up to. */
void factor_watch(void *argument, const tri_pool_event *event);
int factor_workers(void);
size_t factor_lost_curves(void);

/* The next task for the numbers; NULL: none now. `idle`: there are slots without a task. */
factor_ticket *factor_plan_next(factor_state *s, bool idle);
tri_status factor_plan_read(factor_state *s);
bool factor_plan_active(factor_state *s, size_t index);

/* Opens the journal and reads what an older run has left. */
tri_status factor_book_open(factor_state *s);
void factor_book_close(factor_state *s);
/* Gives the number the pieces that the journal has. false: it has none. */
bool factor_book_load(factor_state *s, size_t index);
/* Writes that a piece has become others; `root`: it is a whole number that the journal does not have. */
tri_status factor_book_split(factor_state *s, const factor_piece *parent, bool root,
                             factor_piece *const child[], size_t count);
tri_status factor_book_given(factor_state *s, const factor_ticket *t);
tri_status factor_book_done(factor_state *s, const factor_ticket *t, size_t count);

/* Prints the numbers that are done, in order. */
void factor_tell_results(factor_state *s);
void factor_tell_progress(factor_state *s, bool now);
void factor_tell_end(factor_state *s, tri_status status);

/* ---- range.c ---- */
int factor_range_main(int argc, char **argv);

#endif
