/* The network numbers of one machine: measured once, kept in a file, used by every program.
 *
 * A communicator takes its numbers (trireme/net.h) at its first collective call, as its rank 0 finds them:
 *  - from the file that the variable TRIREME_NETWORK names, whatever machine it is of; `none`: the defaults;
 *  - else from the file of this machine in ~/.config/trireme (XDG_CONFIG_HOME), where there is one;
 *  - else they are tri_net_default. So are those of a level that was not measured.
 * A file that cannot be used is an error of that call, on all ranks. tri_comm_set_net() overrides all this.
 *
 * The file is text, a line `name = value unit` for each number; doc/network.md has them all.
 */
#ifndef TRIREME_NETWORK_H
#define TRIREME_NETWORK_H

#include <stddef.h>

#include "trireme/comm.h"
#include "trireme/net.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tri_network {
    tri_net net;
    int measured[TRI_LEVELS]; /* whether the level's numbers were; else they are the defaults */
    /* The machine that it fits: MPI library, processor, and processors of a node. */
    char mpi[64], processor[96];
    int cores;
    /* Where it was measured and when (ISO 8601, UTC). */
    int nodes, ranks_per_node;
    char date[32];
} tri_network;

/* A machine of which nothing has been measured: this one, as this process sees it, with the default numbers. */
tri_network tri_network_here(void);

/* Whether numbers of one machine do for another: the same library, processor and number of cores. */
int tri_network_fits(const tri_network *network, const tri_network *machine);

/* The usual place for the numbers of a machine. TRI_ERR_ENVIRONMENT: no home directory. */
TRI_MUST_CHECK tri_status tri_network_path(const tri_network *machine, char *out, size_t room);

/* TRI_ERR_FILE: it cannot be read; TRI_ERR_DATA: it is something else, or a number is missing, unknown or impossible;
 * the text names the line. */
TRI_MUST_CHECK tri_status tri_network_read(const char *path, tri_network *out);
/* Replaces the file as a whole, and makes its folder where there is none. TRI_ERR_FILE. */
TRI_MUST_CHECK tri_status tri_network_write(const char *path, const tri_network *network);

/* Measures with all ranks of `comm` for some `seconds`, in plain messages among all ranks at once, as collectives send
 * them. Inside nodes where one has two ranks, between nodes where there are two. Collective; all ranks get the same.
 * TRI_ERR_IMPOSSIBLE: a single rank, or more ranks on a node than cores: their waiting would be measured. */
TRI_MUST_CHECK tri_status tri_net_measure(tri_comm *comm, double seconds, tri_network *out);

/* Where the communicator's numbers come from: a file's name, "defaults", or "the program". Belongs to it. */
TRI_MUST_CHECK tri_status tri_comm_net_source(tri_comm *comm, const char **out);

#ifdef __cplusplus
}
#endif
#endif
