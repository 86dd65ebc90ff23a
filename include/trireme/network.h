/* The network numbers: what messages and copies cost on a machine. Algorithms are chosen by them.
 *
 * The model is LogGP (Alexandrov, Ionescu, Schauser, Scheiman 1995, "LogGP: incorporating long messages into the LogP
 * model") on two levels, inside a node and between nodes. All times are in seconds, `*_byte_s` in seconds per byte.
 *
 * tri_comm_create() takes the numbers that its rank 0 finds:
 *  - of the file that tri_comm_options.network or the variable TRIREME_NETWORK names; `none`: the defaults;
 *  - else of this machine's file in ~/.config/trireme (or XDG_CONFIG_HOME), where it exists (trireme/network_file.h);
 *  - else tri_network_default, which also stands in for a level that was not measured.
 * tri_comm_split() passes its parent's numbers on.
 */
#ifndef TRIREME_NETWORK_H
#define TRIREME_NETWORK_H

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRI_INSIDE = 0, TRI_BETWEEN = 1, TRI_LEVELS = 2 }; /* inside a node, between nodes */

typedef struct tri_network {
    struct {
        double latency_s;  /* of the wire, without overheads */
        double overhead_s; /* of each end of a message */
        double byte_s;     /* per byte of a single message */
        /* Per byte in one direction with all messages in flight: of one rank, and of all ranks of a node together. At most
         * byte_s. */
        double rank_byte_s, node_byte_s;
        /* In addition, per byte of a message whose receiver sends one at the same time: its acknowledgements and its part of a
         * rendezvous wait behind that message. */
        double duplex_byte_s;
    } level[TRI_LEVELS];
    double memory_byte_s;  /* per byte copied inside a rank */
    double combine_byte_s; /* per byte of the result where two vectors are combined */
    double eager_bytes;    /* a longer message does not leave before its receiver is ready for it */
    /* Inside a node whose ranks share memory: */
    double flag_s;             /* from one rank's setting of a flag until another has seen it */
    double slot_byte_s;        /* per byte copied into or out of a slot in shared memory */
    double single_copy_s;      /* per copy from or to another rank's private memory (cross-memory attach) */
    double single_copy_byte_s; /* per byte of it */
} tri_network;

/* A current server with 100 Gbit/s between nodes. */
extern TRI_API const tri_network tri_network_default;

/* The numbers of a communicator, the same on every rank. The pointer is valid until tri_comm_destroy(). Local. */
TRI_API const tri_network *tri_comm_network(const tri_comm *comm);

/* Where they come from: a file name, "defaults" or "the program". Valid as long as the communicator. Local. */
TRI_API const char *tri_comm_network_source(const tri_comm *comm);

/* Replaces the numbers of a communicator by a copy of *network. Local, but every rank must pass the same numbers before its
 * next collective call. */
TRI_API void tri_comm_set_network(tri_comm *comm, const tri_network *network);

#ifdef __cplusplus
}
#endif
#endif
