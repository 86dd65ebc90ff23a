/* The network numbers of a process; for collectives/ alone. */
#ifndef TRI_COLLECTIVES_NETWORK_LOAD_H
#define TRI_COLLECTIVES_NETWORK_LOAD_H

#include "trireme/network.h"

/* The network numbers that this process finds, and their origin in source[room]. `named`: as
 * tri_comm_options.network. Local. TRI_ERR_FILE, TRI_ERR_DATA. */
tri_status tri_network_load(const char *named, tri_network *net, char *source, size_t room);

#endif
