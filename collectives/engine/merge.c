#include "trireme/merge.h"

#include <stdlib.h>

static void merge_extremes(void *in, void *inout, int *count, MPI_Datatype *type) {
    (void)type;
    const tri_extremes *from = in;
    tri_extremes *into = inout;
    for (int i = 0; i < *count; i++)
        tri_extremes_merge(&into[i], &from[i]);
}

static tri_status reduce_extremes(const tri_extremes *mine, tri_extremes *out, int root, tri_comm *comm) {
    MPI_Datatype type;
    MPI_Op op;
    TRI_MPI(MPI_Type_contiguous(sizeof *mine, MPI_BYTE, &type));
    TRI_MPI(MPI_Type_commit(&type));
    TRI_MPI(MPI_Op_create(merge_extremes, 1, &op));
    tri_status status = tri_reduce(mine, out, 1, type, op, root, comm);
    MPI_Op_free(&op);
    MPI_Type_free(&type);
    return status;
}

tri_status tri_merge_moments(tri_moments *mine, tri_moments *out, int root, tri_comm *comm) {
    int is_root = tri_comm_rank(comm) == root;
    tri_moments_normalise(mine);
    TRI_TRY(tri_reduce(&mine->totals, is_root ? &out->totals : NULL, TRI_MOMENTS_WORDS, MPI_INT64_T, MPI_SUM,
                       root, comm));
    return reduce_extremes(&mine->extremes, is_root ? &out->extremes : NULL, root, comm);
}

tri_status tri_merge_sum(tri_sum *mine, tri_sum *out, int root, tri_comm *comm) {
    int is_root = tri_comm_rank(comm) == root;
    tri_sum_normalise(mine);
    return tri_reduce(mine->word, is_root ? out->word : NULL, TRI_SUM_WORDS, MPI_INT64_T, MPI_SUM, root,
                      comm);
}

/* What the root needs to gather nodes from all ranks: counts and displs in bytes, and the nodes. */
typedef struct node_lists {
    uint64_t *bytes;
    size_t *counts;
    ptrdiff_t *displs;
    tri_ordered_node *nodes;
} node_lists;

static tri_status append_lists(const node_lists *lists, int ranks, tri_ordered *out) {
    tri_ordered all;
    tri_ordered_clear(&all);
    for (int rank = 0; rank < ranks; rank++)
        TRI_TRY(tri_ordered_append(&all, lists->nodes + (size_t)lists->displs[rank] / sizeof *lists->nodes,
                                   lists->counts[rank] / sizeof *lists->nodes));
    *out = all;
    return TRI_OK;
}

static tri_status gather_nodes(const tri_ordered *mine, node_lists *lists, int root, tri_comm *comm) {
    int ranks = tri_comm_rank(comm) == root ? tri_comm_size(comm) : 0;
    uint64_t bytes = mine->count * sizeof *mine->node;
    TRI_TRY(tri_gather(&bytes, 1, MPI_UINT64_T, lists->bytes, 1, MPI_UINT64_T, root, comm));
    size_t all = 0;
    for (int rank = 0; rank < ranks; rank++) {
        lists->counts[rank] = lists->bytes[rank];
        lists->displs[rank] = (ptrdiff_t)all;
        all += lists->bytes[rank];
    }
    lists->nodes = malloc(all ? all : 1);
    tri_status status =
        lists->nodes ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of nodes", all);
    TRI_TRY(tri_agree(comm, status));
    return tri_gatherv(mine->node, bytes, MPI_BYTE, lists->nodes, lists->counts, lists->displs, MPI_BYTE,
                       root, comm);
}

tri_status tri_merge_ordered(const tri_ordered *mine, tri_ordered *out, int root, tri_comm *comm) {
    size_t ranks = (size_t)tri_comm_size(comm);
    node_lists lists = {.bytes = malloc(ranks * sizeof *lists.bytes),
                        .counts = malloc(ranks * sizeof *lists.counts),
                        .displs = malloc(ranks * sizeof *lists.displs)};
    int made = lists.bytes && lists.counts && lists.displs;
    tri_status status =
        tri_agree(comm, made ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "out of memory for %zu ranks", ranks));
    if (status == TRI_OK) status = gather_nodes(mine, &lists, root, comm);
    if (status == TRI_OK && tri_comm_rank(comm) == root)
        status = append_lists(&lists, tri_comm_size(comm), out);
    free(lists.bytes);
    free(lists.counts);
    free(lists.displs);
    free(lists.nodes);
    return status;
}
