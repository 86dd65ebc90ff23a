/* The network numbers of a communicator: measured equally on all ranks, read by rank 0 for all, rejected
 * on all. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/check.h"
#include "trireme/collectives.h"
#include "trireme/network_file.h"

static int rank, size;

static tri_comm *make(int per_node) {
    tri_comm *comm = NULL;
    int *labels = malloc((size_t)size * sizeof *labels);
    if (!labels) abort();
    for (int r = 0; r < size; r++)
        labels[r] = r / per_node;
    CHECK_OK(tri_comm_create_with(MPI_COMM_WORLD, &(tri_comm_options){.node_of = labels}, &comm));
    free(labels);
    return comm;
}

/* All ranks have rank 0's numbers. */
static int same_everywhere(const void *data, size_t bytes) {
    char *theirs = malloc(bytes);
    if (!theirs) abort();
    memcpy(theirs, data, bytes);
    MPI_Bcast(theirs, (int)bytes, MPI_BYTE, 0, MPI_COMM_WORLD);
    int same = !memcmp(theirs, data, bytes);
    free(theirs);
    return same;
}

static void try_measure(int per_node, tri_network_file *out) {
    tri_comm *comm = make(per_node);
    tri_network_file n = {.cores = 0};
    CHECK_OK(tri_network_measure(comm, 0.2, &n));
    CHECK(same_everywhere(&n, sizeof n), "all ranks have the same numbers");
    CHECK(n.measured[TRI_INSIDE] == (per_node > 1) && n.measured[TRI_BETWEEN] == (per_node < size),
          "%d ranks, %d on a node: levels %d %d", size, per_node, n.measured[0], n.measured[1]);
    for (int level = 0; level < TRI_LEVELS; level++) {
        double hop_s = n.net.level[level].latency_s + 2 * n.net.level[level].overhead_s,
               byte_s = n.net.level[level].byte_s;
        if (!n.measured[level])
            CHECK(hop_s == tri_network_default.level[level].latency_s +
                               2 * tri_network_default.level[level].overhead_s,
                  "level %d has the defaults", level);
        CHECK(hop_s > 1e-9 && hop_s < 1 && byte_s > 1e-13 && byte_s < 1e-3 &&
                  n.net.level[level].rank_byte_s <= byte_s && n.net.level[level].node_byte_s <= byte_s &&
                  n.net.level[level].node_byte_s > 0,
              "level %d: %g s, %g s/byte", level, hop_s, byte_s);
    }
    CHECK(n.net.memory_byte_s > 0 && n.net.combine_byte_s > 0 && n.net.eager_bytes >= 0 && n.net.flag_s > 0 &&
              n.net.slot_byte_s > 0 && n.net.single_copy_byte_s > 0,
          "the other numbers");
    tri_network_file here = tri_network_file_new();
    CHECK(tri_network_file_fits(&n, &here) && strlen(n.date) == 20 && n.ranks_per_node == per_node,
          "the machine");
    tri_comm_destroy(&comm);
    *out = n;
}

/* Rank 0's variable and file count; those of the other ranks are invalid. */
static void try_file(const tri_network_file *n, const char *path) {
    tri_network net;
    const char *source;
    if (rank == 0) CHECK_OK(tri_network_file_write(path, n));
    setenv("TRIREME_NETWORK", rank == 0 ? path : "/nowhere", 1);
    tri_comm *comm = make(1);
    net = *tri_comm_network(comm);
    source = tri_comm_network_source(comm);
    CHECK(same_everywhere(&net, sizeof net) && !strcmp(source, path), "from %s", source);
    CHECK(fabs(net.level[TRI_BETWEEN].byte_s / n->net.level[TRI_BETWEEN].byte_s - 1) < 1e-5,
          "the file's numbers");
    CHECK_OK(tri_barrier(comm));
    tri_comm_set_network(comm, &tri_network_default);
    source = tri_comm_network_source(comm);
    CHECK(!strcmp(source, "the program"), "from %s", source);
    tri_comm_destroy(&comm);

    setenv("TRIREME_NETWORK", rank == 0 ? "none" : path, 1);
    comm = make(1);
    net = *tri_comm_network(comm);
    CHECK(!memcmp(&net, &tri_network_default, sizeof net), "none: the defaults");
    tri_comm_destroy(&comm);

    setenv("TRIREME_NETWORK", rank == 0 ? "/nowhere" : path, 1);
    CHECK_STATUS(tri_comm_create(MPI_COMM_WORLD, &comm), TRI_ERR_FILE);
    CHECK(strstr(tri_error_text(), "/nowhere"), "on every rank: %s", tri_error_text());
}

/* Without the variable: the file of this machine, if it fits this machine. */
static void try_usual(tri_network_file n, const char *folder) {
    char path[300];
    const char *source;
    tri_network_file here = tri_network_file_new();
    unsetenv("TRIREME_NETWORK");
    setenv("XDG_CONFIG_HOME", folder, 1);
    CHECK_OK(tri_network_file_path(&here, path, sizeof path));
    for (int other = 0; other < 2; other++) {
        n.cores += other;
        if (rank == 0) CHECK_OK(tri_network_file_write(path, &n));
        tri_comm *comm = make(1);
        source = tri_comm_network_source(comm);
        CHECK(!strcmp(source, other ? "defaults" : path), "another machine %d: %s", other, source);
        tri_comm_destroy(&comm);
    }
    FILE *to = rank == 0 ? fopen(path, "w") : NULL;
    if (to) fclose(to);
    tri_comm *comm;
    CHECK_STATUS(tri_comm_create(MPI_COMM_WORLD, &comm), TRI_ERR_DATA);
    CHECK(strstr(tri_error_text(), "TRIREME_NETWORK=none"), "the cure: %s", tri_error_text());
    if (rank == 0) {
        remove(path);
        *strrchr(path, '/') = 0;
        rmdir(path);
    }
}

int main(int argc, char **argv) {
    int provided;
    char folder[] = "/tmp/trireme-network-XXXXXX", path[64];
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    setenv("TRIREME_NETWORK", "none", 1);
    tri_network_file n = tri_network_file_new();
    if (size == 1) {
        tri_comm *comm = make(1);
        CHECK_STATUS(tri_network_measure(comm, 0.2, &n), TRI_ERR_IMPOSSIBLE);
        tri_comm_destroy(&comm);
    } else {
        if (sysconf(_SC_NPROCESSORS_ONLN) >= 2) try_measure(2, &n);
        try_measure(1, &n);
    }
    if (rank == 0 && !mkdtemp(folder)) abort();
    MPI_Bcast(folder, sizeof folder, MPI_CHAR, 0, MPI_COMM_WORLD);
    snprintf(path, sizeof path, "%s/numbers", folder);
    n.measured[TRI_BETWEEN] = 1;
    try_file(&n, path);
    try_usual(n, folder);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
        remove(path);
        CHECK(!rmdir(folder), "nothing is left");
    }
    MPI_Finalize();
    return check_result("network");
}
