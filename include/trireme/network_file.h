/* The file of a machine's network numbers (trireme/network.h): measured once, used by every program.
 *
 * The file is text, one line `name = value unit` for each number; doc/network.md lists them.
 */
#ifndef TRIREME_NETWORK_FILE_H
#define TRIREME_NETWORK_FILE_H

#include <stddef.h>

#include "trireme/comm.h"
#include "trireme/network.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tri_network_file {
    tri_network net;
    int measured[TRI_LEVELS]; /* whether the level's numbers were; else they are the defaults */
    /* The machine that it fits: MPI library, processor, and processors of a node. */
    char mpi[64], processor[96];
    int cores;
    /* Where it was measured and when (ISO 8601, UTC). */
    int nodes, ranks_per_node;
    char date[32];
} tri_network_file;

/* A machine of which nothing has been measured: this one, as this process sees it, with the default numbers. */
TRI_API tri_network_file tri_network_file_new(void);

/* Whether numbers of one machine do for another: the same library, processor and number of cores. */
TRI_API int tri_network_file_fits(const tri_network_file *network, const tri_network_file *machine);

/* The usual place for the numbers of a machine. TRI_ERR_ENVIRONMENT: no home directory. */
TRI_API TRI_MUST_CHECK tri_status tri_network_file_path(const tri_network_file *machine, char *out,
                                                        size_t room);

/* TRI_ERR_FILE: it cannot be read; TRI_ERR_DATA: it is something else, or a number is missing, unknown or impossible;
 * the text names the line. */
TRI_API TRI_MUST_CHECK tri_status tri_network_file_read(const char *path, tri_network_file *out);
/* Replaces the file as a whole, and makes its folder where there is none. TRI_ERR_FILE. */
TRI_API TRI_MUST_CHECK tri_status tri_network_file_write(const char *path, const tri_network_file *network);

/* Measures with all ranks of `comm` for some `seconds`, in plain messages among all ranks at once, as collectives send
 * them. Inside nodes where one has two ranks, between nodes where there are two. Collective; all ranks get the same.
 * TRI_ERR_IMPOSSIBLE: a single rank, or more ranks on a node than cores: their waiting would be measured. */
TRI_API TRI_MUST_CHECK tri_status tri_network_measure(tri_comm *comm, double seconds, tri_network_file *out);

#ifdef __cplusplus
}
#endif
#endif
