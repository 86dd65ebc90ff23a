/** @file
 * The cost model: the cost of a collective operation on a machine with given network numbers
 * (trireme/network.h).
 *
 * On the critical path each hop costs a latency, and each message an overhead at its sender and one at its
 * receiver; these add up. Bytes pass three places at once, and the slowest sets the time of a level: the
 * message itself, the rank (several of its messages may be in flight), and what the ranks of a node share
 * (its memory, or its network link).
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

/** The cost of an algorithm on its critical path, as multiples of the fields of tri_network. */
typedef struct tri_cost {
    /** The cost at one level. */
    struct {
        double latencies;     /**< number of latencies */
        double overheads;     /**< number of overheads */
        double bytes;         /**< of consecutive messages */
        double rank_bytes;    /**< through the busiest rank, in one direction; 0: at most `bytes` */
        double node_bytes;    /**< through the busiest node, in one direction; 0: at most `bytes` */
        double duplex_bytes;  /**< of `bytes`, those of messages whose receiver sends one at the same time */
    } level[TRI_LEVELS];      /**< by level */
    double memory_bytes;      /**< copied inside a rank */
    double combined_bytes;    /**< of results where two vectors are combined */
    double flags;             /**< number of flags in shared memory */
    double slot_bytes;        /**< copied into or out of slots in shared memory */
    double single_copies;     /**< number of copies from or to another rank's private memory */
    double single_copy_bytes; /**< of these copies */
} tri_cost;

/** Predicted seconds: over both levels the latencies, the overheads and the slowest of the three kinds of
 * bytes; and the time to copy and to combine. */
TRI_API double tri_cost_time_s(const tri_cost *cost, const tri_network *network);

/** A collective operation, as far as the choice among algorithms depends on it; the same on every rank. */
typedef struct tri_case {
    tri_operation operation; /**< the operation */
    int ranks;               /**< number of ranks */
    int nodes;               /**< number of nodes */
    int largest;             /**< number of ranks of the largest node */
    int irregular;           /**< nodes, except the last, do not all have `largest` consecutive ranks */
    size_t bytes;            /**< of the vector for bcast, reduce, allreduce, scan, exscan; else of a block */
    int uneven;              /**< a v-form: blocks differ, not all ranks know their sizes, and `bytes` is 0 */
    int commutes;            /**< whether vectors may be combined in any order of ranks */
    size_t unit_bytes;       /**< of an element where data are combined; otherwise 0 or 1 */
    int shared;              /**< whether the ranks of each node share memory */
    int single_copy;         /**< whether cross-memory attach works between them, too */
    int mapped;              /**< one node with shared memory, and the vectors are from tri_alloc_shared() */
    int cores;               /**< cores that the ranks of a node run on together; 0: one each */
} tri_case;

/** The case of an operation on a communicator; arguments as in tri_case. */
TRI_API tri_case tri_comm_case(const tri_comm *comm, tri_operation operation, size_t bytes, int uneven,
                               int commutes);

/** Seconds that no algorithm can beat in this model: the larger of the least time for information to spread
 * to all ranks, and of that for the bytes that the busiest rank and the link of the busiest node must carry.
 * NAN: out of memory. */
TRI_API double tri_lower_bound_s(const tri_case *c, const tri_network *network);

#ifdef __cplusplus
}
#endif
#endif
