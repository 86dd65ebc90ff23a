/** @file
 * The file of a machine's network numbers (trireme/network.h): measured once, used by every program.
 *
 * The file is text with one line `name = value unit` for each number; doc/network.md lists them.
 */
#ifndef TRIREME_NETWORK_FILE_H
#define TRIREME_NETWORK_FILE_H

#include <stddef.h>

#include "trireme/comm.h"
#include "trireme/network.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Network numbers and the machine that they belong to. */
typedef struct tri_network_file {
    tri_network net;          /**< the numbers */
    int measured[TRI_LEVELS]; /**< whether the level was measured; otherwise its numbers are the defaults */
    char mpi[64];             /**< MPI library of the machine */
    char processor[96];       /**< processor of the machine */
    int cores;                /**< number of processors of a node */
    int nodes;                /**< number of nodes of the measurement */
    int ranks_per_node;       /**< number of ranks per node of the measurement */
    char date[32];            /**< time of the measurement (ISO 8601, UTC) */
} tri_network_file;

/** This machine, as this process sees it, with the default numbers and nothing measured. Local. */
TRI_API tri_network_file tri_network_file_new(void);

/** Whether the numbers of one machine apply to another: the same MPI library, processor and number of cores.
 * Local, thread-safe. */
TRI_API int tri_network_file_fits(const tri_network_file *network, const tri_network_file *machine);

/** Writes the path where the numbers of a machine are looked for to out[room]. Local. TRI_ERR_ENVIRONMENT: no
 * home directory. */
TRI_API TRI_MUST_CHECK tri_status tri_network_file_path(const tri_network_file *machine, char *out,
                                                        size_t room);

/** Reads a file. Local. TRI_ERR_FILE: cannot be read; TRI_ERR_DATA: not such a file, or a number is missing,
 * unknown or impossible; the text names the line. */
TRI_API TRI_MUST_CHECK tri_status tri_network_file_read(const char *path, tri_network_file *out);

/** Writes a file: replaces it as a whole, and makes its folder where it is missing. Local. TRI_ERR_FILE. */
TRI_API TRI_MUST_CHECK tri_status tri_network_file_write(const char *path, const tri_network_file *network);

/** Measures with all ranks of `comm` for about `seconds`, with plain messages among all ranks at once, as
 * collectives send them: inside nodes where a node has two ranks, between nodes where there are two.
 * Collective; all ranks get the same result. TRI_ERR_IMPOSSIBLE: a single rank, or an oversubscribed node,
 * whose waiting would be measured. */
TRI_API TRI_MUST_CHECK tri_status tri_network_measure(tri_comm *comm, double seconds, tri_network_file *out);

#ifdef __cplusplus
}
#endif
#endif
