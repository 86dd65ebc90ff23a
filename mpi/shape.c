/* Derives nodes from labels by sorting the ranks. */
#include <stdlib.h>

#include "mpi/comm.h"

typedef struct label_rank {
    int label, rank;
} label_rank;

static int by_label(const void *a, const void *b) {
    const label_rank *x = a, *y = b;
    if (x->label != y->label) return x->label < y->label ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* Replaces labels by node numbers, ordered by each node's lowest rank. `sorted` holds all ranks. Returns
 * the number of nodes. */
static int number_nodes(label_rank *sorted, int size) {
    qsort(sorted, (size_t)size, sizeof *sorted, by_label);
    /* Label each node with its lowest rank, so that labels sort by lowest rank. */
    for (int i = 0, lowest = 0, label = 0; i < size; i++) {
        if (!i || sorted[i].label != label) label = sorted[i].label, lowest = sorted[i].rank;
        sorted[i].label = lowest;
    }
    qsort(sorted, (size_t)size, sizeof *sorted, by_label);
    int node = -1;
    for (int i = 0, label = -1; i < size; i++) {
        if (sorted[i].label != label) label = sorted[i].label, node++;
        sorted[i].label = node;
    }
    return node + 1;
}

tri_status tri_shape_create(tri_comm *comm, const int *label_of) {
    size_t size = (size_t)comm->size;
    label_rank *sorted = malloc(size * sizeof *sorted);
    int *arrays = malloc((3 * size + 1) * sizeof *arrays);
    if (!sorted || !arrays) {
        free(sorted);
        free(arrays);
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the nodes of %d ranks", comm->size);
    }
    for (int rank = 0; rank < comm->size; rank++)
        sorted[rank] = (label_rank){label_of[rank], rank};
    int nodes = number_nodes(sorted, comm->size);

    int *node_of = arrays, *members = arrays + size, *node_start = arrays + 2 * size;
    tri_shape *shape = &comm->shape;
    shape->nodes = nodes;
    for (int i = 0; i < comm->size; i++) {
        int rank = sorted[i].rank, node = sorted[i].label;
        if (!i || node != sorted[i - 1].label) node_start[node] = i;
        members[i] = rank;
        node_of[rank] = node;
        if (rank == comm->rank) shape->node = node, shape->local_rank = i - node_start[node];
    }
    node_start[nodes] = comm->size;
    for (int node = 0; node < nodes; node++) {
        int here = node_start[node + 1] - node_start[node];
        if (here > shape->largest) shape->largest = here;
        if (node == shape->node) shape->local_size = here;
    }
    for (int rank = 0; rank < comm->size; rank++)
        if (node_of[rank] != rank / shape->largest) shape->irregular = 1;
    shape->node_of = node_of;
    shape->members = members;
    shape->node_start = node_start;
    comm->shape_arrays = arrays;
    free(sorted);
    return TRI_OK;
}
