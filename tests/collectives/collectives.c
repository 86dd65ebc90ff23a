/* Every algorithm, by name, on communicators of every kind. collectives [OPERATION:ALGORITHM]: only this
 * one. */
#include <stdio.h>

#include "tests/collectives/sample.h"

const size_t sample_counts[COUNTS] = {0, 1, 3, 1000, 70000};

int root_after(int root, int size, size_t count) {
    if ((count <= 3 && size <= 8) || size <= 3) return root + 1;
    if (root < size / 2) return size / 2;
    return root < size - 1 ? size - 1 : size;
}

int trial_select(const trial *t, size_t bytes, int uneven, int commutes) {
    tri_operation operation = tri_algorithm_operation(t->index);
    tri_case asked = tri_comm_case(t->comm, operation, bytes, uneven, commutes);
    if (!tri_algorithm_can(t->index, &asked)) return 0;
    char name[96];
    snprintf(name, sizeof name, "%s:%s!", tri_operation_name(operation), tri_algorithm_name(t->index));
    CHECK_OK(tri_comm_select(t->comm, name));
    t->ran[t->index]++;
    return 1;
}

/* Networks in which one term dominates, so that all parameters take other values. */
static tri_network net_of(int which) {
    tri_network net = tri_network_default;
    for (int level = 0; level < TRI_LEVELS; level++) {
        if (which == 1) net.level[level].latency_s *= 100;
        if (which == 2) net.level[level].overhead_s *= 100;
        if (which == 3) net.level[level].latency_s /= 1000, net.level[level].overhead_s /= 1000;
    }
    return net;
}

/* The machine's own nodes. */
enum { REAL_NODES = -1 };

/* Node of each rank: 0 one node, 1 consecutive and unequal, 2 cyclic, 3 pairs, 4 quadruples, 5 one rank
 * per node. */
static int node_label(int kind, int rank) {
    switch (kind) {
    case 1: {
        static const int starts[] = {0, 1, 4, 6, 11};
        int node = 0;
        while (node < 4 && rank >= starts[node + 1])
            node++;
        return 9 - node;
    }
    case 2:
        return rank % 3;
    case 3:
        return rank / 2;
    case 4:
        return rank / 4;
    case 5:
        return rank;
    default:
        return 0;
    }
}

static int wanted(const char *only, int index) {
    char name[96];
    snprintf(name, sizeof name, "%s:%s", tri_operation_name(tri_algorithm_operation(index)),
             tri_algorithm_name(index));
    return !only || !strcmp(only, name);
}

static void try_group(MPI_Comm parent, int kind, int net, const char *where, const sample_pair *pairs,
                      const char *only, long *ran) {
    trial t = {.where = where, .turn = kind, .pairs = pairs, .ran = ran};
    int size;
    MPI_Comm_size(parent, &size);
    int *labels = malloc((size_t)size * sizeof *labels);
    if (!labels) abort();
    for (int rank = 0; rank < size; rank++)
        labels[rank] = node_label(kind, rank);
    if (kind == REAL_NODES)
        CHECK_OK(tri_comm_create(parent, &t.comm));
    else
        CHECK_OK(tri_comm_create_with(parent, &(tri_comm_options){.node_of = labels}, &t.comm));
    free(labels);
    tri_network numbers = net_of(net);
    tri_comm_set_network(t.comm, &numbers);
    t.rank = tri_comm_rank(t.comm);
    t.size = tri_comm_size(t.comm);
    t.operands = operands_new(t.rank, t.size);
    for (t.index = 0; t.index < tri_algorithm_count(); t.index++) {
        if (!wanted(only, t.index)) continue;
        move_trials(&t);
        combine_trials(&t);
    }
    operands_free(t.operands);
    tri_comm_destroy(&t.comm);
}

static void try_split(int color, int key, int kind, int net, const char *where, const sample_pair *pairs,
                      const char *only, long *ran) {
    MPI_Comm group;
    MPI_Comm_split(MPI_COMM_WORLD, color, key, &group);
    try_group(group, kind, net, where, pairs, only, ran);
    MPI_Comm_free(&group);
}

static int real_nodes(void) {
    tri_comm *world;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &world));
    int nodes = tri_comm_shape(world)->nodes;
    tri_comm_destroy(&world);
    return nodes;
}

int main(int argc, char **argv) {
    int rank, size, provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    const char *only = argc > 1 ? argv[1] : NULL;
    sample_pair pairs[PAIRS];
    MPI_Datatype gaps;
    sample_pairs(pairs, &gaps);
    long *ran = calloc((size_t)tri_algorithm_count(), sizeof *ran);
    if (!ran) abort();

    try_group(MPI_COMM_WORLD, 0, 0, "world, one node", pairs, only, ran);
    try_group(MPI_COMM_WORLD, 1, 1, "world, unequal nodes", pairs, only, ran);
    try_group(MPI_COMM_WORLD, 4, 3, "world, nodes of four", pairs, only, ran);
    try_split(0, -rank, 3, 2, "reversed, nodes of two", pairs, only, ran);
    try_split(0, -rank, 2, 0, "reversed, dealt out to three nodes", pairs, only, ran);
    try_split(rank % 2, rank, 5, 3, "odd and even halves, a node each", pairs, only, ran);
    try_split(rank % 2, -rank, 0, 1, "odd and even halves, reversed, one node", pairs, only, ran);

    if (real_nodes() > 1) {
        try_group(MPI_COMM_WORLD, REAL_NODES, 0, "world, the machine's nodes", pairs, only, ran);
        try_split(0, -rank, REAL_NODES, 3, "reversed, the machine's nodes", pairs, only, ran);
        try_split(rank % 2, rank, REAL_NODES, 2, "odd and even halves, the machine's nodes", pairs, only,
                  ran);
    }

    if (size >= 8 && size % 4 == 0)
        for (int i = 0; i < tri_algorithm_count(); i++)
            CHECK(ran[i] || !wanted(only, i), "%s %s was never tried",
                  tri_operation_name(tri_algorithm_operation(i)), tri_algorithm_name(i));
    free(ran);
    MPI_Type_free(&gaps);
    MPI_Finalize();
    return check_result("collectives");
}
