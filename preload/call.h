/* The preload: intercepts the MPI calls of unmodified programs.
 *
 * functions.def lists the functions, wrap.c makes a wrapper of each, start.c connects them with the next
 * library. A wrapper describes its call in a tri_mpi_call and shows it to the modes: `report` counts, `boost`
 * may do the call with this project's collectives. What no mode does goes to the next library.
 *
 * An exported function is one jump to its wrapper, or to the function of the next library where no mode wants
 * it. The jump changes no argument, so a preload that was built for another MPI library is no obstacle. */
#ifndef TRI_PRELOAD_CALL_H
#define TRI_PRELOAD_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/comm.h"

typedef enum tri_mpi_function {
#define COLLECTIVE(Name, ...) TRI_MPI_##Name,
#include "preload/functions.def"
#undef COLLECTIVE
    TRI_MPI_COLLECTIVES
} tri_mpi_function;

typedef enum tri_mpi_form { TRI_MPI_BLOCKING, TRI_MPI_NONBLOCKING, TRI_MPI_PERSISTENT } tri_mpi_form;

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

/* A collective call with the arguments that it has. */
typedef struct tri_mpi_call {
    const void *caller; /* return address */
    const void *send;
    void *recv;
    MPI_Count send_count, recv_count;
    const void *send_counts, *recv_counts; /* int, or MPI_Count where `large` */
    const void *send_displs, *recv_displs; /* int, or MPI_Aint where `large` */
    const MPI_Datatype *send_types, *recv_types;
    MPI_Datatype send_type, recv_type;
    MPI_Op op;
    MPI_Comm comm;
    int root;
    unsigned char function, form, large, why;
    uint64_t bytes; /* of the vector or of a block, alike on all ranks; set by tri_boost() */
} tri_mpi_call;

/* ---- symbols: wrap.c makes them, start.c connects them ---- */

typedef void (*tri_any)(void);

/* What an exported function is for. */
typedef enum tri_symbol_kind { TRI_SYMBOL_START, TRI_SYMBOL_MAKER, TRI_SYMBOL_COLLECTIVE } tri_symbol_kind;

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

/* ---- modes ---- */

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
