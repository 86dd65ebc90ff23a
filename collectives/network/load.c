/* Selects the file of network numbers that a process uses. */
#include "collectives/network/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trireme/network_file.h"

static void use(const tri_network_file *network, const char *name, tri_network *net, char *source,
                size_t room) {
    *net = network->net;
    snprintf(source, room, "%s", name);
}

/* Loads the file of this machine. A file copied from another machine is ignored. */
static tri_status load_usual(tri_network *net, char *source, size_t room) {
    char path[1024];
    tri_network_file here = tri_network_file_new(), found;
    /* Without a home directory there is no file. */
    if (tri_network_file_path(&here, path, sizeof path) != TRI_OK || access(path, F_OK)) return TRI_OK;
    tri_status status = tri_network_file_read(path, &found);
    if (status != TRI_OK)
        return tri_fail(status, "%s (TRIREME_NETWORK=none ignores the file)", tri_error_text());
    if (tri_network_file_fits(&found, &here)) use(&found, path, net, source, room);
    return TRI_OK;
}

tri_status tri_network_load(const char *named, tri_network *net, char *source, size_t room) {
    tri_network_file found;
    *net = tri_network_default;
    snprintf(source, room, "defaults");
    if (!named || !*named) return load_usual(net, source, room);
    if (!strcmp(named, "none")) return TRI_OK;
    TRI_TRY(tri_network_file_read(named, &found));
    use(&found, named, net, source, room);
    return TRI_OK;
}
