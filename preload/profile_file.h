/* The file that a rank maps while it is profiled: what `profile` writes and apps/profile reads. All memory is
 * there from the start, so that a rank that is killed leaves what it has, and no call allocates.
 *
 * Layout: profile_head; then its arrays in the order of profile_head.at, each at a multiple of 64 bytes.
 * Times are ticks of a clock of the node since `began.ticks`; two anchors relate them to seconds. */
#ifndef TRI_PRELOAD_PROFILE_FILE_H
#define TRI_PRELOAD_PROFILE_FILE_H

#include <stdint.h>

#define PROFILE_MAGIC "trireme profile 1"

enum {
    PROFILE_CELLS = 1024, /* a power of two; cell 0 has what finds no place */
    PROFILE_COMMS = 128,  /* row 0: calls without a communicator that is known */
    PROFILE_MODULES = 48,
    PROFILE_BINS = 512, /* of the time line */
    PROFILE_SIZES = 12, /* classes of message sizes, of profile_size_class() */
    PROFILE_LATE = 4,   /* ranks for which a cell waits most */
    PROFILE_NAME = 40,
    PROFILE_TEXT = 240
};

typedef struct profile_anchor {
    uint64_t ticks;
    int64_t monotonic_ns, utc_ns;
} profile_anchor;

/* What MPI functions do, as the reader needs to know it. */
typedef enum profile_kind {
    PROFILE_OTHER,
    PROFILE_COLLECTIVE,
    PROFILE_SEND,
    PROFILE_RECV,
    PROFILE_WAIT,
    PROFILE_TEST,
    PROFILE_FILE,
    PROFILE_ONE_SIDED
} profile_kind;

/* One call site x function x kind of communicator. */
typedef struct profile_cell {
    uint64_t ready;  /* 1: the fields up to `name` are valid */
    uint64_t caller; /* return address in the program, as `offset` in its module */
    uint64_t offset;
    uint32_t module, comm;
    uint32_t kind, symbol;
    char name[PROFILE_NAME]; /* "MPI_Bcast" */
    uint64_t calls, bytes, ticks, most_ticks;
    uint64_t split_ticks; /* of the calls of which it is known who came last */
    uint64_t wait_ticks;  /* part of split_ticks: waiting for that rank */
    uint64_t served;      /* calls that boost did, or would do by default if it is off */
    uint64_t sizes[PROFILE_SIZES];
    struct {
        int64_t rank; /* of MPI_COMM_WORLD */
        uint64_t ticks;
    } late[PROFILE_LATE];
} profile_cell;

/* Communicators that were made at one place, by one function, with one number of ranks. */
typedef struct profile_comm_row {
    uint64_t ready, caller, offset;
    uint32_t module, parent;
    uint32_t size, spans; /* spans: some have ranks on other nodes */
    uint64_t made;        /* how many */
    char name[PROFILE_NAME];
} profile_comm_row;

typedef struct profile_module {
    uint64_t ready, base;
    char path[PROFILE_TEXT];
} profile_module;

/* One part of the time line. */
typedef struct profile_bin {
    uint64_t ticks, wait_ticks, calls, bytes;
} profile_bin;

/* Another rank, by its number in MPI_COMM_WORLD. */
typedef struct profile_peer {
    uint64_t sent_bytes, sent_messages;
    uint64_t got_bytes; /* from it, by collectives whose receivers count */
    uint64_t wait_ticks, waits;
} profile_peer;

typedef struct profile_head {
    char magic[24];
    uint64_t bytes; /* of the file */
    int32_t rank, ranks;
    int32_t node_first; /* the lowest rank of MPI_COMM_WORLD on this node */
    int32_t threads;    /* MPI_THREAD_MULTIPLE */
    int32_t ended;      /* 1: MPI_Finalize; else the job was killed, or runs */
    int32_t boost;      /* boost was on */
    profile_anchor began, now;
    uint64_t last;         /* end of the last call */
    uint64_t inside_since; /* 0: outside MPI */
    uint32_t inside_cell, modules;
    uint64_t bin_shift;          /* a bin of the time line has 2^bin_shift ticks */
    uint64_t outer_ticks, scans; /* ticks in MPI; calls whose lateness was looked up */
    char host[64], job[64];
    char command[PROFILE_TEXT];
    struct {
        uint64_t modules, comms, cells, bins, peers;
    } at;
} profile_head;

/* Upper ends of the classes of sizes. */
#define PROFILE_SIZE_TEXTS                                                                                   \
    {                                                                                                        \
        "0 B", "8 B", "64 B", "512 B", "4 KiB", "32 KiB", "256 KiB", "2 MiB", "16 MiB", "128 MiB", "1 GiB",  \
            "more"                                                                                           \
    }

static inline int profile_size_class(uint64_t bytes) {
    if (bytes == 0) return 0;
    int bits = 64 - __builtin_clzll(bytes - (bytes > 1)), place = bytes <= 8 ? 1 : 1 + (bits - 1) / 3;
    return place < PROFILE_SIZES ? place : PROFILE_SIZES - 1;
}

#endif
