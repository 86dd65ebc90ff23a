/** @file
 * The network numbers: the cost of messages and copies on a machine. Algorithms are chosen by them.
 *
 * The model is LogGP (Alexandrov, Ionescu, Schauser, Scheiman 1995, "LogGP: incorporating long messages into
 * the LogP model") on two levels, inside a node and between nodes. Times are in seconds, `*_byte_s` in
 * seconds per byte.
 *
 * tri_comm_create() takes the numbers that its rank 0 finds first:
 *  - in the file that tri_comm_options.network or the environment variable TRIREME_NETWORK names; `none`: the
 *    defaults;
 *  - in this machine's file in ~/.config/trireme (or XDG_CONFIG_HOME), see trireme/network_file.h;
 *  - in tri_network_default, which also supplies the numbers of a level that was not measured.
 *
 * tri_comm_split() passes its parent's numbers on.
 */
#ifndef TRIREME_NETWORK_H
#define TRIREME_NETWORK_H

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The levels of the model. */
enum {
    TRI_INSIDE = 0,  /**< inside a node */
    TRI_BETWEEN = 1, /**< between nodes */
    TRI_LEVELS = 2   /**< number of levels */
};

/** The numbers of a machine. */
typedef struct tri_network {
    /** The cost of a message at one level. */
    struct {
        double latency_s;   /**< latency of the wire, without overheads */
        double overhead_s;  /**< overhead at each end of a message */
        double byte_s;      /**< per byte of a single message */
        double rank_byte_s; /**< per byte in one direction of a rank, all messages in flight; <= byte_s */
        double node_byte_s; /**< per byte in one direction of all ranks of a node together; <= byte_s */
        /** Additional cost per byte of a message whose receiver sends one at the same time: its
         * acknowledgements and its part of a rendezvous wait for that message. */
        double duplex_byte_s;
    } level[TRI_LEVELS];       /**< by level */
    double memory_byte_s;      /**< per byte copied inside a rank */
    double combine_byte_s;     /**< per byte of the result where two vectors are combined */
    double eager_bytes;        /**< a longer message does not leave before its receiver is ready */
    double flag_s;             /**< from setting a flag in shared memory until another rank sees it */
    double slot_byte_s;        /**< per byte copied into or out of a slot in shared memory */
    double single_copy_s;      /**< per copy from or to another rank's private memory (cross-memory attach) */
    double single_copy_byte_s; /**< per byte of such a copy */
} tri_network;

/** The default numbers: a current server with 100 Gbit/s between nodes. */
extern TRI_API const tri_network tri_network_default;

/** The numbers of a communicator, the same on every rank. Valid until tri_comm_destroy(). Local. */
TRI_API const tri_network *tri_comm_network(const tri_comm *comm);

/** The source of the numbers: a file name, "defaults" or "the program". Valid until tri_comm_destroy().
 * Local. */
TRI_API const char *tri_comm_network_source(const tri_comm *comm);

/** Replaces the numbers of a communicator by a copy of *network. Local, but every rank must pass the same
 * numbers before its next collective call. */
TRI_API void tri_comm_set_network(tri_comm *comm, const tri_network *network);

#ifdef __cplusplus
}
#endif
#endif
