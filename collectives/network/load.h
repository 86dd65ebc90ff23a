/* The network numbers of a process; for collectives/ alone. */
#ifndef TRI_COLLECTIVES_NETWORK_LOAD_H
#define TRI_COLLECTIVES_NETWORK_LOAD_H

#include <stdint.h>

#include "trireme/network.h"

/* The file that was looked for. */
typedef struct tri_network_origin {
    char path[1024]; /* empty: none */
    int there;       /* whether it exists; -1: not known */
    uint64_t file;
    int64_t bytes, changed_s, changed_ns;
} tri_network_origin;

/* The network numbers that this process finds, and where: in source[room] and *origin. `named`: as
 * tri_comm_options.network, or empty. Local. TRI_ERR_FILE, TRI_ERR_DATA. */
tri_status tri_network_load(const char *named, tri_network *net, char *source, size_t room,
                            tri_network_origin *origin);
/* Whether the file is still the same, or still absent. Local. */
int tri_network_unchanged(const tri_network_origin *origin);

#endif
