/* What messages cost on this machine, and what an algorithm costs by those numbers.
 *
 * The model is LogGP (Alexandrov, Ionescu, Schauser, Scheiman 1995) on two levels, inside a node and between
 * nodes. On the critical path each hop costs a latency, and each message an overhead to the rank that sends
 * and to the one that receives it; these add up. Bytes pass three places at once, of which the slowest sets
 * the time of a level: the message itself, the rank (several of its messages may be in flight together), and
 * what the ranks of a node share (its memory on the one level, its link to the network on the other).
 *
 * tests/sim holds every algorithm's price against a simulated network of which one of these numbers is
 * the only one that is not zero.
 */
#ifndef TRIREME_NET_H
#define TRIREME_NET_H

#include <stddef.h>

#include "trireme/collectives.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRI_INSIDE, TRI_BETWEEN, TRI_LEVELS }; /* inside a node, between nodes */

typedef struct tri_net {
    struct {
        double latency_s;  /* of the wire, overheads apart */
        double overhead_s; /* of the sender and of the receiver, each, for each message */
        double byte_s;     /* for each byte of one message alone */
        /* For each byte in one direction, all messages at once: of a rank, and of a node's ranks together.
         * Not above byte_s. */
        double rank_byte_s, node_byte_s;
        /* More, for each byte of a message whose receiver sends one itself: its answers (TCP's acknowledgements, the
         * handshake of a long message) wait behind that. */
        double both_byte_s;
    } level[TRI_LEVELS];
    double memory_byte_s;  /* for each byte copied inside a rank */
    double combine_byte_s; /* for each byte of the result of combining two vectors */
    double eager_bytes;    /* a longer message does not leave before its receiver is ready for it */
    /* Inside a node whose ranks share memory: */
    double flag_s;       /* from one rank's raising a flag to another's having seen it */
    double slot_byte_s;  /* for each byte copied into or out of what another rank reads or has written */
    double reach_s;      /* for each copy from or to another rank's private memory, by the kernel */
    double reach_byte_s; /* for each byte of it */
} tri_net;

/* Numbers of an ordinary machine (a current server, 100 Gbit/s), where none were measured. */
extern const tri_net tri_net_default;

/* The price of an algorithm on its critical path, in units of tri_net. */
typedef struct tri_cost {
    struct {
        double latencies, overheads;
        double bytes;      /* of messages one behind the other */
        double rank_bytes; /* through the busiest rank, in one direction; 0: no more than `bytes` */
        double node_bytes; /* through the busiest node, in one direction; 0: no more than `bytes` */
        double both_bytes; /* of `bytes`, of messages whose receivers send one at the same time */
    } level[TRI_LEVELS];
    double memory_bytes, combined_bytes;
    double flags, slot_bytes, reaches, reach_bytes;
} tri_cost;

/* Seconds: the sum over both levels of latencies, overheads and the slowest of the three kinds of bytes, and
 * of bytes copied and combined. */
double tri_cost_time_s(const tri_cost *cost, const tri_net *net);

/* What is asked for, as far as the choice depends on it; the same on every rank. */
typedef struct tri_case {
    tri_operation operation;
    int ranks, nodes;
    int largest;  /* ranks of the fullest node */
    int mixed;    /* not every node has `largest` ranks (the last may have fewer) that are consecutive */
    size_t bytes; /* bcast, reduce, allreduce, scan, exscan: of the vector; else of one block */
    int uneven;   /* a v-form: the blocks differ, `bytes` is not known to all and is 0 */
    int commutes; /* the operation may be applied in any order of ranks */
    int split;    /* the blocks are parts of one vector, and some may have a unit less */
    int fewer;    /* other groups that do the same at once have fewer ranks */
    int sharing;  /* ranks of each node that do the same at once, in groups of their own; 0 is 1 */
    /* What the ranks have in common beside messages. */
    size_t unit_bytes; /* bytes that must stay together: an element's where data are combined, else 0 or 1 */
    int shared;        /* the ranks of each node share memory */
    int reach;         /* and the kernel lets them at each other's private memory */
    int mapped;        /* and there is one node, and the vectors of this call are from their shared heap */
    int cores;         /* that the ranks of a node run on together; 0: one each */
    int later;         /* a nonblocking call, whose parts go one behind the other */
} tri_case;

/* The case of an operation on a communicator. */
tri_case tri_comm_case(const tri_comm *comm, tri_operation operation, size_t bytes, int uneven, int commutes);

/* The list of algorithms, for programs that show it. An index is below tri_algorithm_count(). */
int tri_algorithm_count(void);
tri_operation tri_algorithm_operation(int index);
const char *tri_algorithm_name(int index);
const char *tri_algorithm_text(int index);
/* Whether it can do this case, its price, and its predicted time with the best parameters. */
int tri_algorithm_can(int index, const tri_case *c);
tri_cost tri_algorithm_cost(int index, const tri_case *c, const tri_net *net);
double tri_algorithm_time_s(int index, const tri_case *c, const tri_net *net);
/* The algorithm that is chosen: least predicted time, earlier line in the list where equal. */
int tri_algorithm_choose(const tri_case *c, const tri_net *net);

/* Seconds that no algorithm can beat in this model: the most of the least time for news to spread, and of the bytes
 * that the busiest rank and the busiest node's link must carry. NAN: no memory. */
double tri_lower_bound_s(const tri_case *c, const tri_net *net);

const char *tri_operation_name(tri_operation operation);

/* Algorithms by name for this communicator: "bcast:binomial,reduce:linear"; "" goes back to the free choice.
 * An algorithm that cannot do a case gives way to the choice. Every rank must call with the same text.
 * TRI_ERR_ARGUMENT: no such operation or algorithm; the text lists those there are. */
TRI_MUST_CHECK tri_status tri_comm_select(tri_comm *comm, const char *names);

/* The algorithm that the last blocking collective call on this communicator went by; "" before the first. */
const char *tri_comm_algorithm(const tri_comm *comm);

/* The numbers that the choice on this communicator goes by; the same on every rank. They are copied. */
TRI_MUST_CHECK tri_status tri_comm_set_net(tri_comm *comm, const tri_net *net);
TRI_MUST_CHECK tri_status tri_comm_net(tri_comm *comm, tri_net *out);

#ifdef __cplusplus
}
#endif
#endif
