/* The memory of the mode watch: the ranks of a node write into it what they do, the watcher of the node and
 * watch-judge read it.
 *
 * A board has a slot for each rank, a slot a lane for each thread that calls MPI. A lane's thread is the only
 * one that writes it, and needs no lock: it fills a record, then makes `step` odd; at the end of the call,
 * even. Memory that is never touched is never allocated. */
#ifndef TRI_PRELOAD_SLOT_H
#define TRI_PRELOAD_SLOT_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    TRI_SLOT_LANES = 8,       /* threads that call MPI; more make the rank unproven */
    TRI_SLOT_CALLS = 128,     /* last calls that are no collectives */
    TRI_SLOT_ROUNDS = 128,    /* last collective calls */
    TRI_SLOT_OBJECTS = 1024,  /* communicators, windows, files at a time */
    TRI_SLOT_REQUESTS = 4096, /* requests that are known at a time, in buckets of TRI_SLOT_WAYS */
    TRI_SLOT_WAYS = 4,
    TRI_SLOT_WAITING = 4096, /* requests of one call that waits */
    TRI_SLOT_TYPES = 256,    /* types for --check */
    TRI_SLOT_NAMES = 512,
    TRI_SLOT_CODES = 64,
    TRI_SLOT_PYTHON = 4096,
    TRI_SLOT_ROUND = 1 << 30, /* in `current`: a collective call */
    TRI_SLOT_ANY = -1,        /* peer and tag */
    TRI_SLOT_NOBODY = -2,     /* MPI_PROC_NULL */
    TRI_SLOT_FOREIGN = -3     /* a rank that MPI would refuse */
};

/* A communicator, a window or a file. `id` is the same on all its ranks: it is made from the world ranks of
 * the members and the number of objects that these have made before. 0: none. */
typedef struct tri_slot_object {
    _Atomic uint64_t handle; /* 0: free; 1: was freed */
    uint64_t id;
    _Atomic uint64_t rounds;    /* collective calls begun on it */
    const void *made_at;        /* return address of the call that made it */
    uint16_t made_by;           /* symbol; 0: MPI_Init */
    uint8_t kind;               /* tri_slot_kind */
    uint8_t side;               /* 1 or 2 of an intercommunicator, whose peers are ranks of the other side */
    uint8_t unproven;           /* a call on it failed: rounds may differ by rank */
    int32_t size, rank, lowest; /* lowest: world rank of the first member */
} tri_slot_object;
typedef enum tri_slot_kind { TRI_SLOT_COMM, TRI_SLOT_WINDOW, TRI_SLOT_FILE } tri_slot_kind;

/* A call. Peers are ranks of the communicator. */
typedef struct tri_slot_call {
    uint64_t step;      /* of the lane, odd; 0: empty */
    const void *caller; /* return address */
    uint64_t object;    /* id */
    uint64_t round;     /* collectives: number of the call on the object, from 1 on */
    int64_t count;      /* elements that each rank knows; -1: differs by rank */
    uint32_t type;      /* tri_slot_type() */
    uint16_t symbol, op;
    uint8_t kind, form;
    uint16_t function;
    int32_t root;
    int32_t peer, tag, recv_peer, recv_tag;
    uint32_t requests; /* that it waits for */
    uint32_t repeats;  /* of the same call, before it (polling) */
} tri_slot_call;

/* A type: code of a predefined one (from 1 on; 0: made by the program), and bytes. */
static inline uint32_t tri_slot_type(unsigned code, uint64_t bytes) {
    return code << 24 | (uint32_t)(bytes < 0xffffff ? bytes : 0xffffff);
}
static inline uint64_t tri_slot_type_bytes(uint32_t type) {
    return type & 0xffffff;
}

/* A request that is active, or persistent. */
typedef struct tri_slot_request {
    _Atomic uint64_t handle; /* 0: free; 1: being filled */
    tri_slot_call call;      /* that made it */
    uint8_t persistent, active, cancelled;
} tri_slot_request;

typedef struct tri_slot_lane {
    _Atomic uint64_t step; /* odd: inside a call */
    _Atomic int32_t thread;
    uint32_t current; /* place in calls, or TRI_SLOT_ROUND + place in rounds */
    uint32_t next_call, next_round;
    uint32_t waiting_count;
    tri_slot_call calls[TRI_SLOT_CALLS];
    tri_slot_call rounds[TRI_SLOT_ROUNDS];
    uint16_t waiting[TRI_SLOT_WAITING];    /* places in requests */
    uint16_t waiting_at[TRI_SLOT_WAITING]; /* places in the array of the call */
    /* The watcher's: when the step was last seen to change, in ms of CLOCK_MONOTONIC. */
    uint64_t seen_step, seen_ms;
} tri_slot_lane;

typedef enum tri_slot_state { TRI_SLOT_EMPTY, TRI_SLOT_RUNS, TRI_SLOT_ENDS, TRI_SLOT_LEFT } tri_slot_state;

typedef struct tri_slot {
    _Atomic int32_t state;
    int32_t pid, rank;
    uint64_t started;                     /* start time of the process, /proc/PID/stat field 22 */
    int32_t threads;                      /* level that MPI gave */
    _Atomic int32_t lanes, crowded, lost; /* lost: requests or objects without a place */
    /* Threads that may call MPI next, though they have not so far: they run, or wait for a time. Counted when
     * the judge asks. */
    _Atomic int32_t strangers;
    _Atomic uint32_t answered; /* the last request that was answered: python is filled */
    char python[TRI_SLOT_PYTHON];
    tri_slot_object objects[TRI_SLOT_OBJECTS];
    tri_slot_request requests[TRI_SLOT_REQUESTS];
    tri_slot_lane lane[TRI_SLOT_LANES];
} tri_slot;

typedef enum tri_slot_action { TRI_SLOT_REPORT, TRI_SLOT_END, TRI_SLOT_STOP } tri_slot_action;

typedef struct tri_board {
    uint64_t magic;
    _Atomic int32_t claimed; /* slots */
    int32_t slots, world, node, nodes;
    _Atomic int32_t watcher;    /* pid of the process whose thread watches; 0: none */
    _Atomic uint32_t bell;      /* futex: changes when threads have to look at what follows */
    _Atomic int32_t verdict;    /* tri_slot_action + 1, for all ranks of the node; 0: none */
    _Atomic int32_t ends;       /* a rank ends */
    _Atomic int32_t look;       /* somebody wants a report */
    _Atomic uint64_t told;      /* the state that the last report was about */
    _Atomic int32_t judge;      /* pid of watch-judge while it works */
    _Atomic uint32_t ask;       /* number of a request that each rank shall answer (slot.answered) */
    _Atomic int32_t ask_python; /* with the lines of Python */
    double quiet_s;
    double first_s;                 /* a rank waits so long before the first judgement */
    int32_t action;                 /* tri_slot_action */
    char names[TRI_SLOT_NAMES][32]; /* of functions, by symbol / 2 */
    char types[TRI_SLOT_CODES][28], ops[TRI_SLOT_CODES][16];
    tri_slot slot[];
} tri_board;
#define TRI_BOARD_MAGIC UINT64_C(0x0001686374617774)

#endif
