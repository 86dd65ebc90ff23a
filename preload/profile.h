/* The mode `profile`: where the time in MPI goes, by call site, function and communicator.
 *
 * profile.c is the mode: it enters and leaves calls. profile_map.c has the mapped file (profile_file.h),
 * profile_site.c finds the call site, profile_comm.c knows the communicators, profile_late.c who of the node
 * came last, profile_bytes.c how much is sent to whom, profile_end.c hands the files over. */
#ifndef TRI_PRELOAD_PROFILE_H
#define TRI_PRELOAD_PROFILE_H

#include <time.h>

#include "preload/profile_file.h"
#include "preload/settings.h"

/* ---- the file of this rank ---- */

typedef struct profile_memory {
    profile_head *head; /* NULL: nothing is recorded */
    profile_module *modules;
    profile_comm_row *comms;
    profile_cell *cells;
    profile_bin *bins;
    profile_peer *peers;
    uint64_t origin; /* ticks of began */
    int tsc;         /* ticks are the processor's counter */
} profile_memory;
extern profile_memory tri_profiled;

/* Ticks of a clock that the ranks of a node have in common: the processor's counter where the kernel trusts
 * it, else nanoseconds. */
static inline uint64_t tri_profile_ticks(void) {
    struct timespec now;
#ifdef __x86_64__
    if (tri_profiled.tsc) return __builtin_ia32_rdtsc();
#endif
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* The ticks and two clocks at one moment. The first call of a process looks which clock ticks. */
profile_anchor tri_profile_anchor(void);

/* Makes the file PATH of this rank, mapped, with all its memory; 0: it cannot, errno says why. */
int tri_profile_map(const char *path, int rank, int ranks);
void tri_profile_unmap(void);

/* The module of an address and the offset in it as addr2line wants it; 0: unknown. */
uint32_t tri_profile_module(const void *caller, uint64_t *offset);

/* ---- call sites ---- */

/* The program's return address: that of the call, or, where MPI's Fortran library made the call, the one in
 * the program above it. */
const void *tri_profile_caller(const tri_mpi_call *call);

/* The cell of a call; 0: there is none left. */
uint32_t tri_profile_cell(const tri_mpi_call *call, const void *caller, uint32_t comm);

/* ---- communicators ---- */

typedef struct profile_comm {
    uint32_t row;
    int size, rank;
    int *world;                           /* ranks of MPI_COMM_WORLD; NULL: no memory */
    int *members;                         /* places on this node of its ranks, by rank; -1: on another node */
    int present;                          /* how many are on this node */
    uint64_t key;                         /* the same on all ranks, and that of no other communicator */
    uint64_t number;                      /* blocking collectives so far */
    uint64_t to_each;                     /* bytes to each other rank that are not in the matrix yet */
    uint32_t to_calls;                    /* calls that they are from */
    uint64_t served[TRI_MPI_COLLECTIVES]; /* what boost would serve by default */
} profile_comm;

/* Begins with MPI_COMM_WORLD and MPI_COMM_SELF. */
void tri_profile_comms_begin(void);
/* A communicator that the program has made at the call of a cell. Collective over `made`. */
void tri_profile_comm_made(MPI_Comm parent, MPI_Comm made, uint32_t cell);
/* NULL: unknown. */
profile_comm *tri_profile_comm_of(MPI_Comm mpi);
/* Puts to_each into the matrix. */
void tri_profile_comm_flush(profile_comm *comm);
void tri_profile_comms_flush(void);

/* ---- who came last ---- */

typedef struct profile_late {
    uint64_t ticks; /* arrival of the last rank; 0: unknown */
    int rank;       /* of MPI_COMM_WORLD */
} profile_late;

/* The memory of the node. Collective over MPI_COMM_WORLD. */
void tri_profile_late_begin(void);
/* Place of a rank of MPI_COMM_WORLD on this node; -1: on another. */
int tri_profile_place(int world);
int tri_profile_node_first(void);
/* Ranks on this node; 0: they share no memory. */
int tri_profile_node_ranks(void);
/* This rank comes to its blocking collective number `number` of a communicator. */
void tri_profile_late_arrive(const profile_comm *comm, uint64_t ticks);
/* This rank begins a message to a rank of MPI_COMM_WORLD. */
void tri_profile_late_send(int world, uint64_t ticks);
/* Who of the ranks that this one had to wait for came last to the collective that has ended at `left`. */
profile_late tri_profile_late_collective(const tri_mpi_call *call, const profile_comm *comm, uint64_t came,
                                         uint64_t left);
/* The last of the messages from these ranks (-1: from any) that began until `left`. */
profile_late tri_profile_late_messages(const int *world, int count, uint64_t left);

/* ---- bytes ---- */

/* Types of MPI are known without a call from then on. */
void tri_profile_bytes_begin(void);
/* Bytes of the message of a call, or of a block; *sent: what this rank gives away in it. Also fills the
 * matrix. */
uint64_t tri_profile_bytes(const tri_mpi_call *call, profile_comm *comm, uint64_t *sent);

/* ---- requests ---- */

/* A request for a message from a rank of MPI_COMM_WORLD (-1: any), or a persistent one that sends. */
typedef struct profile_request {
    MPI_Request handle;
    int world;
    int sends, persistent;
    uint64_t bytes;
} profile_request;

void tri_profile_request_add(const profile_request *request);
/* NULL: unknown. */
const profile_request *tri_profile_request_of(MPI_Request handle);

/* ---- the end ---- */

/* The folder of the files, agreed among all ranks, and the file of this rank in it. Collective. 0: failed,
 * which rank 0 has said. */
int tri_profile_begin_files(void);
/* Rank 0 gets the files that it cannot see, and starts the program that reads them. Collective. */
void tri_profile_end_files(void);

extern const tri_mode tri_profile_mode;

#endif
