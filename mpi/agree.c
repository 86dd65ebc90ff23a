#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "mpi/comm.h"

/* A text from an earlier agreement already names its rank; do not name it twice. */
static int names_a_rank(const char *text) {
    return !strncmp(text, "[rank ", 6);
}

/* Removes the prefix of an agreement on MPI_COMM_SELF: the rank differs in this communicator. */
static const char *without_self(const char *text) {
    static const char self[] = "[rank 0 of 1 on ";
    const char *end = strncmp(text, self, sizeof self - 1) ? NULL : strstr(text, "] ");
    return end ? end + 2 : text;
}

int tri_agreed(void) {
    return names_a_rank(tri_error_text());
}

tri_status tri_agree(tri_comm *comm, tri_status mine) {
    /* The largest key is the worst status and, among ranks that have it, the lowest rank. */
    int64_t code = ((int64_t)tri_status_severity(mine) << 16) | ((int64_t)mine & 0xffff);
    int64_t worst = code * comm->size + (comm->size - 1 - comm->rank);
    tri_peers peers = tri_peers_of(comm);
    TRI_TRY(tri_small_allreduce(&peers, &worst, 1, MPI_INT64_T, MPI_MAX));
    tri_status status = (tri_status)(worst / comm->size & 0xffff);
    if (status == TRI_OK) return TRI_OK;

    int root = comm->size - 1 - (int)(worst % comm->size), all = mine != TRI_OK;
    TRI_TRY(tri_small_allreduce(&peers, &all, 1, MPI_INT, MPI_SUM));
    char text[1024] = "";
    if (comm->rank == root) {
        const char *why = *tri_error_text() ? tri_error_text() : tri_status_text(mine);
        if (comm->size > 1) why = without_self(why);
        int length = names_a_rank(why) ? snprintf(text, sizeof text, "%s", why)
                                       : snprintf(text, sizeof text, "[rank %d of %d on %s] %s", comm->rank,
                                                  comm->size, comm->host, why);
        if (!names_a_rank(why) && all > 1 && (size_t)length < sizeof text)
            snprintf(text + length, sizeof text - (size_t)length, " (and %d more)", all - 1);
    }
    TRI_TRY(tri_small_bcast(&peers, text, sizeof text, root));
    return tri_fail(status, "%s", text);
}

tri_status tri_largest(const tri_comm *comm, int mine, int *out) {
    tri_peers peers = tri_peers_of(comm);
    *out = mine;
    return tri_small_allreduce(&peers, out, 1, MPI_INT, MPI_MAX);
}
