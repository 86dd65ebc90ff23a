/* The cost model: what a collective operation costs on a machine with given network numbers (trireme/network.h).
 *
 * On the critical path each hop costs a latency, and each message an overhead to its sender and one to its receiver; these
 * add up. Bytes pass three places at once, of which the slowest sets the time of a level: the message itself, the rank
 * (several of its messages may be in flight), and what the ranks of a node share (its memory, or its network link).
 *
 * All functions are local, thread-safe and without side effects.
 */
#ifndef TRIREME_COST_H
#define TRIREME_COST_H

#include <stddef.h>

#include "trireme/collectives.h"
#include "trireme/network.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The cost of an algorithm on its critical path, in units of tri_network. */
typedef struct tri_cost {
    struct {
        double latencies, overheads;
        double bytes;        /* of consecutive messages */
        double rank_bytes;   /* through the busiest rank, in one direction; 0: no more than `bytes` */
        double node_bytes;   /* through the busiest node, in one direction; 0: no more than `bytes` */
        double duplex_bytes; /* of `bytes`, those of messages whose receiver sends one at the same time */
    } level[TRI_LEVELS];
    double memory_bytes, combined_bytes;
    double flags, slot_bytes, single_copies, single_copy_bytes;
} tri_cost;

/* Seconds: over both levels the latencies, the overheads and the slowest of the three kinds of bytes; and what is copied and
 * combined. */
TRI_API double tri_cost_time_s(const tri_cost *cost, const tri_network *network);

/* One collective operation, as far as the choice among algorithms depends on it; the same on every rank. */
typedef struct tri_case {
    tri_operation operation;
    int ranks, nodes;
    int largest;       /* ranks of the fullest node */
    int irregular;     /* the nodes, but for the last, do not have `largest` consecutive ranks each */
    size_t bytes;      /* bcast, reduce, allreduce, scan, exscan: of the vector; else of one block */
    int uneven;        /* a v-form: blocks differ, their sizes are not known to all ranks, and `bytes` is 0 */
    int commutes;      /* the operation may be applied in any order of ranks */
    size_t unit_bytes; /* bytes that must stay together: an element's where data are combined, else 0 or 1 */
    int shared;        /* the ranks of each node share memory */
    int single_copy;   /* and cross-memory attach works between them */
    int mapped;        /* and there is one node, and the vectors of the call are from tri_alloc_shared() */
    int cores;         /* that the ranks of a node run on together; 0: one each */
} tri_case;

/* The case of an operation on a communicator. */
TRI_API tri_case tri_comm_case(const tri_comm *comm, tri_operation operation, size_t bytes, int uneven,
                               int commutes);

/* Seconds that no algorithm can beat in this model: the larger of the least time for information to spread to all ranks, and
 * of the bytes that the busiest rank and the busiest node's link must carry. NAN: no memory. */
TRI_API double tri_lower_bound_s(const tri_case *c, const tri_network *network);

#ifdef __cplusplus
}
#endif
#endif
