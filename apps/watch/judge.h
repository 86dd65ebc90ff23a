/* watch-judge: reads the board of a job (preload/slot.h), decides whether ranks wait for what cannot come,
 * and says so in words.
 *
 * world.c: who is where. wait.c: who can go on. histories.c: calls that do not fit. place.c: addresses in
 * words. words.c: calls in words. report.c: the report. */
#ifndef TRI_JUDGE_H
#define TRI_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "preload/kinds.h"
#include "preload/slot.h"

typedef enum rank_state {
    RANK_UNKNOWN, /* on a node that is not known, or of another job */
    RANK_RUNS,    /* outside MPI, or in a call that has just begun */
    RANK_POLLS,   /* in calls that do not wait */
    RANK_STOPPED, /* by a signal, as by a debugger */
    RANK_WAITS,   /* all its threads have been in calls that wait, for long */
    RANK_LEFT,    /* in MPI_Finalize, or past it */
    RANK_DEAD
} rank_state;

/* Why a rank cannot go on. */
typedef enum blame {
    BLAME_NONE,
    BLAME_WAITS,    /* for a rank that cannot go on either */
    BLAME_LEFT,     /* for a rank that has left */
    BLAME_DEAD,     /* for a rank that died */
    BLAME_MISMATCH, /* the other rank came with another call */
    BLAME_ANYBODY   /* for any of several ranks, none of which can go on */
} blame;

typedef struct member {
    tri_slot *slot; /* NULL: unknown */
    rank_state state;
    bool blocked;
    double waits_s, outside_s; /* of the first lane */
    int lane;                  /* that waits, or the first */
    blame blame;
    int target;                /* world rank */
    const tri_slot_call *call; /* of the blame: the call or the request's */
} member;

/* A communicator, window or file with its members. */
typedef struct object {
    uint64_t id;
    const tri_slot_object *one; /* as one of its ranks has it */
    int one_rank;
    int size[2];
    int *ranks
        [2]; /* world rank of each member by its rank; -1: unknown. [1]: side 2 of an intercommunicator */
    bool unproven;
} object;

typedef struct world {
    tri_board *board;
    int ranks;
    member *member;
    object *objects;
    size_t object_count;
} world;

/* Reads the board. 0: no memory. */
int world_read(world *w, tri_board *board);
object *world_object(const world *w, uint64_t id);
/* How a rank knows the object; NULL: not, or no longer. */
const tri_slot_object *world_object_of(const world *w, int rank, uint64_t id);
/* World rank of a peer of a call; -1: unknown. */
int world_peer(const world *w, int rank, const tri_slot_call *call, int peer);
/* The call in which a lane is; NULL: outside. */
const tri_slot_call *lane_call(const tri_slot_lane *lane);
/* The call of number `round` on an object; NULL: no longer known. */
const tri_slot_call *world_round(const world *w, int rank, uint64_t id, uint64_t round);
const char *call_name(const world *w, const tri_slot_call *call);
bool is_round(const tri_slot_call *call);

/* Sets `blocked` and the blame of each member. Returns the number of blocked members. */
int find_blocked(world *w);

/* Whether two calls of the same number on an object cannot be one. */
bool calls_differ(const world *w, const tri_slot_call *a, const tri_slot_call *b);

typedef struct mismatch {
    object *object;
    uint64_t round;
} mismatch;
/* The first round in which blocked ranks differ from others. */
bool find_mismatch(const world *w, mismatch *out);

/* "at solve.c:41 (solve)", in memory that stays. */
const char *place_text(const world *w, int rank, uint64_t address);
/* Where a rank is in its program: the innermost place that is not the MPI library's. */
const char *place_of_rank(const world *w, int rank);
/* Each rank counts its threads, and allows a look at its stack; with `python`, it writes down where its
 * Python is. That is for reports alone: Python runs meanwhile. */
void places_ask(world *w, bool python);
/* Wakes the threads of the ranks. */
void board_ring(tri_board *board);

/* Texts, in memory that the caller frees. */
char *words_call(const world *w, int rank, const tri_slot_call *call, bool place);
char *words_place(const world *w, int rank, const tri_slot_call *call); /* without the arguments */
char *words_ranks(const int *ranks, int count);
char *words_object(const world *w, uint64_t id);
char *words_verdict(const world *w);
char *words_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The report on `out`; with `json`, in that file, too. */
void report_write(const world *w, const char *first, FILE *out, const char *json);

#endif
