/* Selects the file of network numbers that a process uses. */
#include "collectives/network/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "trireme/network_file.h"

static void use(const tri_network_file *network, const char *name, tri_network *net, char *source,
                size_t room) {
    *net = network->net;
    snprintf(source, room, "%s", name);
}

/* Of a path that is too long, nothing is known, so the file is read each time. */
static tri_network_origin look_at(const char *path) {
    tri_network_origin out = {.there = -1};
    struct stat now;
    if (strlen(path) >= sizeof out.path) return out;
    memmove(out.path, path, strlen(path) + 1);
    out.there = *path && !stat(path, &now);
    if (!out.there) return out;
    out.file = (uint64_t)now.st_ino;
    out.bytes = (int64_t)now.st_size;
    out.changed_s = (int64_t)now.st_mtim.tv_sec;
    out.changed_ns = (int64_t)now.st_mtim.tv_nsec;
    return out;
}

/* Loads the file of this machine. A file copied from another machine is ignored. */
static tri_status load_usual(tri_network *net, char *source, size_t room, tri_network_origin *origin) {
    char *path = origin->path;
    tri_network_file here = tri_network_file_new(), found;
    /* Without a home directory there is no file. */
    if (tri_network_file_path(&here, path, sizeof origin->path) != TRI_OK) {
        *path = 0;
        return TRI_OK;
    }
    *origin = look_at(path);
    if (!origin->there) return TRI_OK;
    tri_status status = tri_network_file_read(path, &found);
    if (status != TRI_OK)
        return tri_fail(status, "%s (TRIREME_NETWORK=none ignores the file)", tri_error_text());
    if (tri_network_file_fits(&found, &here)) use(&found, path, net, source, room);
    return TRI_OK;
}

int tri_network_unchanged(const tri_network_origin *origin) {
    tri_network_origin now = look_at(origin->path);
    return now.there == origin->there && now.file == origin->file && now.bytes == origin->bytes &&
           now.changed_s == origin->changed_s && now.changed_ns == origin->changed_ns;
}

tri_status tri_network_load(const char *named, tri_network *net, char *source, size_t room,
                            tri_network_origin *origin) {
    tri_network_file found;
    *net = tri_network_default;
    snprintf(source, room, "defaults");
    *origin = (tri_network_origin){.there = 0};
    if (!named || !*named) return load_usual(net, source, room, origin);
    if (!strcmp(named, "none")) return TRI_OK;
    *origin = look_at(named);
    TRI_TRY(tri_network_file_read(named, &found));
    use(&found, named, net, source, room);
    return TRI_OK;
}
