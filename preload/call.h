/* The preload: intercepts the MPI calls of unmodified programs.
 *
 * functions.def and calls.def list the functions, wrap.c makes a wrapper of each, start.c connects them with
 * the next library. A wrapper describes its call in a tri_mpi_call and shows it to the modes: `report`
 * counts, `boost` may do the call with this project's collectives, and any number of modes see it before and
 * after (tri_mode). What no mode does goes to the next library.
 *
 * An exported function is one jump to its wrapper, or to the function of the next library where no mode wants
 * it. The jump changes no argument, so a preload that was built for another MPI library is no obstacle. */
#ifndef TRI_PRELOAD_CALL_H
#define TRI_PRELOAD_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "preload/kinds.h"
#include "trireme/comm.h"

typedef enum tri_mpi_function {
#define COLLECTIVE(Name, ...) TRI_MPI_##Name,
#include "preload/functions.def"
#undef COLLECTIVE
    TRI_MPI_COLLECTIVES,
    TRI_MPI_BEFORE_CALLS = TRI_MPI_COLLECTIVES - 1,
#define CALL(Name, ...) TRI_MPI_##Name,
#include "preload/calls.def"
#undef CALL
#define MAKER(Name, ...) TRI_MPI_##Name,
#include "preload/functions.def"
#undef MAKER
    TRI_MPI_Finalize,
    TRI_MPI_FUNCTIONS
} tri_mpi_function;

/* Why a call went to the MPI library: X(NAME, text). */
#define TRI_WHY_LIST(X)                                                                                      \
    X(SERVED, "served")                                                                                      \
    X(COMMUNICATOR, "communicator without state of ours")                                                    \
    X(FORM, "nonblocking or persistent")                                                                     \
    X(BITS, "other bits possible")                                                                           \
    X(CLASS, "not proven faster")                                                                            \
    X(ARGUMENT, "arguments that MPI judges")
typedef enum tri_why {
#define WHY(NAME, text) TRI_WHY_##NAME,
    TRI_WHY_LIST(WHY)
#undef WHY
        TRI_WHYS
} tri_why;

/* Modes that see all calls, at most: each has a number to keep from a call's beginning to its end. */
enum { TRI_MODES = 4 };

/* A call with the arguments that it has; the others are zero. A reduction has its vector's count and type in
 * recv_count and recv_type. */
typedef struct tri_mpi_call {
    const void *caller; /* return address */
    /* Together one word, which is known when the wrapper is compiled. */
    unsigned short symbol, function; /* symbol: of tri_symbols; names the function: tri_call_name() */
    unsigned char kind, form, large, why;
    int root;
    MPI_Comm comm;
    const void *send;
    void *recv;
    MPI_Count send_count, recv_count;
    MPI_Datatype send_type, recv_type;
    union {
        struct {                                   /* collectives */
            const void *send_counts, *recv_counts; /* int, or MPI_Count where `large` */
            const void *send_displs, *recv_displs; /* int, or MPI_Aint where `large` */
            const MPI_Datatype *send_types, *recv_types;
        };
        struct { /* messages and requests, after the call, too */
            MPI_Status *statuses;
            int *done, *index; /* number or flag; place or places in `requests` */
            int peer, tag, recv_peer, recv_tag;
        };
        struct { /* communicators, types, windows and files */
            MPI_Comm *made;
            MPI_Win *made_win;
            MPI_File *made_file;
            MPI_Datatype *type;
        };
    };
    MPI_Op op;
    MPI_Request *requests;
    int request_count;
    int lock_type;
    MPI_Win win;
    MPI_File file;
    MPI_Group group;
    uint64_t bytes; /* of the vector or of a block, alike on all ranks; set by tri_boost() */
    uint64_t note[TRI_MODES];
} tri_mpi_call;

/* ---- symbols: wrap.c makes them, start.c connects them ---- */

typedef void (*tri_any)(void);

/* What an exported function is for. */
typedef enum tri_symbol_kind {
    TRI_SYMBOL_START,
    TRI_SYMBOL_MAKER,
    TRI_SYMBOL_COLLECTIVE,
    TRI_SYMBOL_CALL
} tri_symbol_kind;

typedef struct tri_symbol {
    const char *name; /* "MPI_Bcast", "PMPI_Bcast" */
    tri_any *to;      /* where the exported function jumps */
    tri_any wrapper;
    tri_symbol_kind kind;
    tri_mpi_form form;
    tri_any next; /* the function of the next library */
} tri_symbol;

extern tri_symbol tri_symbols[];
extern const size_t tri_symbol_count;

/* Whether a collective call has a root. */
static inline int tri_call_has_root(int function) {
    return function == TRI_MPI_Bcast || function == TRI_MPI_Scatter || function == TRI_MPI_Scatterv ||
           function == TRI_MPI_Gather || function == TRI_MPI_Gatherv || function == TRI_MPI_Reduce;
}

/* "MPI_Isend_c": the name under which the program called. */
const char *tri_call_name(const tri_mpi_call *call);

/* ---- modes ---- */

/* A mode that sees all calls. A function may be NULL.
 *
 * enter and leave come in the thread of the call, around it; calls inside of calls come, too (an MPI library
 * may call its own MPI_ functions). A mode keeps what it needs in note[place]. leave does not come where the
 * call does not return (MPI_Abort, exec, a thread that ends). Modes leave in the reverse order.
 * init: after MPI_Init on each rank, with MPI_COMM_WORLD's own calls (PMPI_) allowed; collective.
 * made: the program has made a communicator (`made` may be MPI_COMM_NULL, or an intercommunicator).
 * end: in MPI_Finalize, while MPI works; collective over MPI_COMM_WORLD. */
typedef struct tri_mode {
    void (*init)(void);
    void (*enter)(tri_mpi_call *call, int place);
    void (*leave)(tri_mpi_call *call, int result, int place);
    void (*made)(MPI_Comm parent, MPI_Comm made);
    void (*end)(void);
} tri_mode;

extern int tri_mode_count; /* modes that are on */

/* Puts a mode in the list; before MPI_Init. Its place in the list is its place in note[]. */
void tri_mode_add(const tri_mode *mode);

/* Tell the modes of the list. */
void tri_modes_init(void);
void tri_modes_enter(tri_mpi_call *call);
void tri_modes_leave(tri_mpi_call *call, int result);
void tri_modes_made(MPI_Comm parent, MPI_Comm made);

extern int tri_serves;  /* tri_boost() is asked */
extern int tri_reports; /* tri_report_call() is told */

/* Whether the address is in one of the Fortran libraries of MPI: they call PMPI_ functions for the program.
 */
int tri_is_fortran(const void *address);

/* Around MPI_Init: before it, and after it on all ranks. */
void tri_before_init(void);
void tri_after_init(void);

/* A communicator that the program has made from `parent`. Collective over `made`. */
void tri_made(MPI_Comm parent, MPI_Comm made);

/* Does the call with this library's collectives, and sets *result to MPI's error code; 0: the next library
 * has to do it. */
int tri_boost(tri_mpi_call *call, int *result);

/* Counts a call that took `seconds`. */
void tri_report_call(const tri_mpi_call *call, double seconds);
double tri_report_clock(void);
/* The table of all ranks, on rank 0. Collective over MPI_COMM_WORLD. */
void tri_report_write(void);

/* A line on standard error. */
void tri_say(const char *format, ...) TRI_PRINTF(1, 2);

/* In the order of functions.def. */
extern const char *const tri_mpi_names[TRI_MPI_COLLECTIVES]; /* "bcast" */

#endif
