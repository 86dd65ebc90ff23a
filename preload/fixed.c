/* Reductions in one stated order: ((x0 op x1) op x2) op ..., from rank 0 on. The bits depend on the number of
 * ranks alone, not on their places, the length of the vector, or the algorithm.
 *
 * Each rank owns a block of the vector:
 *
 *     there       alltoallv: block b of all ranks' vectors comes to rank b, as rows in rank order
 *     combine     rank b combines its rows from left to right: row r becomes the result of ranks 0 to r
 *     back        the last row by allgatherv or gatherv; the row of each rank by alltoallv (scans)
 *
 * That moves 2 (p - 1) / p vectors for each rank, as good algorithms for long vectors do. */
#include <stdlib.h>

#include "preload/bits.h"
#include "trireme/collectives.h"
#include "trireme/size.h"

typedef struct blocks {
    const tri_mpi_call *call;
    tri_comm *comm;
    size_t ranks, mine;             /* elements of a row */
    size_t *counts, *row_counts;    /* of each block; of each row */
    ptrdiff_t *starts, *row_starts; /* of each block in the vector; of each row, in elements */
    char *rows;
    MPI_Aint extent;
} blocks;

/* Which rank owns which part of the vector: the blocks of the call, or equal ones. */
static tri_status cut(blocks *b, int rank) {
    const tri_mpi_call *c = b->call;
    ptrdiff_t next = 0;
    for (size_t r = 0; r < b->ranks; r++) {
        MPI_Count count = c->recv_count;
        if (c->function == TRI_MPI_Reduce_scatter)
            count = c->large ? ((const MPI_Count *)c->recv_counts)[r] : ((const int *)c->recv_counts)[r];
        else if (c->function != TRI_MPI_Reduce_scatter_block)
            count = (MPI_Count)tri_range_block((size_t)c->recv_count, b->ranks, r).count;
        if (count < 0) return tri_fail(TRI_ERR_ARGUMENT, "a count is negative");
        b->counts[r] = (size_t)count;
        b->starts[r] = next;
        next += (ptrdiff_t)count;
    }
    b->mine = b->counts[rank];
    return TRI_OK;
}

/* Memory for the rows. The address of the first element may lie outside of it. */
static tri_status make_rows(blocks *b, tri_home *h) {
    MPI_Datatype type = b->call->recv_type;
    MPI_Aint lower, first, true_extent;
    TRI_MPI(PMPI_Type_get_extent(type, &lower, &b->extent));
    TRI_MPI(PMPI_Type_get_true_extent(type, &first, &true_extent));
    if (b->extent < 0) return tri_fail(TRI_ERR_ARGUMENT, "the type has a negative extent");
    size_t bytes;
    if (__builtin_mul_overflow(b->ranks * b->mine, (size_t)b->extent, &bytes) || bytes > PTRDIFF_MAX)
        return tri_fail(TRI_ERR_ARGUMENT, "the vector exceeds the address space");
    bytes += (size_t)true_extent + 64;
    if (bytes > h->scratch_bytes) {
        free(h->scratch);
        h->scratch = malloc(bytes);
        h->scratch_bytes = h->scratch ? bytes : 0;
        if (!h->scratch) return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of rows", bytes);
    }
    b->rows = (char *)((uintptr_t)h->scratch - (uintptr_t)first);
    return TRI_OK;
}

static char *row(const blocks *b, size_t r) {
    return b->rows + (ptrdiff_t)(r * b->mine) * b->extent;
}

static tri_status fetch_rows(blocks *b) {
    const tri_mpi_call *c = b->call;
    for (size_t r = 0; r < b->ranks; r++) {
        b->row_counts[r] = b->mine;
        b->row_starts[r] = (ptrdiff_t)(r * b->mine);
    }
    return tri_alltoallv(c->send == MPI_IN_PLACE ? c->recv : c->send, b->counts, b->starts, c->recv_type,
                         b->rows, b->row_counts, b->row_starts, c->recv_type, b->comm);
}

static tri_status combine_rows(const blocks *b) {
    enum { AT_A_TIME = 1 << 20 };
    for (size_t r = 1; r < b->ranks; r++)
        for (size_t done = 0; done < b->mine; done += AT_A_TIME) {
            size_t left = b->mine - done;
            ptrdiff_t skip = (ptrdiff_t)done * b->extent;
            TRI_MPI(PMPI_Reduce_local(row(b, r - 1) + skip, row(b, r) + skip,
                                      (int)(left < AT_A_TIME ? left : AT_A_TIME), b->call->recv_type,
                                      b->call->op));
        }
    return TRI_OK;
}

/* Row r - shift of each owner to rank r, as its whole vector. */
static tri_status send_prefixes(blocks *b, size_t rank, size_t shift) {
    const tri_mpi_call *c = b->call;
    for (size_t r = 0; r < b->ranks; r++) {
        b->row_counts[r] = r < shift ? 0 : b->mine;
        b->row_starts[r] = r < shift ? 0 : (ptrdiff_t)((r - shift) * b->mine);
        if (rank < shift) b->counts[r] = 0;
    }
    return tri_alltoallv(b->rows, b->row_counts, b->row_starts, c->recv_type, c->recv, b->counts, b->starts,
                         c->recv_type, b->comm);
}

/* The last row to its owner's own buffer. */
static tri_status keep_last(blocks *b, size_t rank) {
    const tri_mpi_call *c = b->call;
    for (size_t r = 0; r < b->ranks; r++) {
        b->row_counts[r] = b->counts[r] = r == rank ? b->mine : 0;
        b->row_starts[r] = b->starts[r] = 0;
    }
    return tri_alltoallv(row(b, b->ranks - 1), b->row_counts, b->row_starts, c->recv_type, c->recv, b->counts,
                         b->starts, c->recv_type, b->comm);
}

tri_status tri_combine_in_order(const tri_mpi_call *c, tri_home *h) {
    blocks b = {.call = c,
                .comm = h->comm,
                .ranks = (size_t)h->size,
                .counts = h->counts[0],
                .row_counts = h->counts[1],
                .starts = h->displs[0],
                .row_starts = h->displs[1]};
    size_t rank = (size_t)h->rank;
    char nothing[2];
    /* MPI_Reduce_local() would report an operation that does not fit to the handler of MPI_COMM_WORLD. */
    TRI_TRY(tri_allreduce(&nothing[0], &nothing[1], 0, c->recv_type, c->op, h->comm));
    TRI_TRY(cut(&b, h->rank));
    TRI_TRY(make_rows(&b, h));
    TRI_TRY(fetch_rows(&b));
    TRI_TRY(combine_rows(&b));
    char *result = row(&b, b.ranks - 1);
    switch ((tri_mpi_function)c->function) {
    case TRI_MPI_Allreduce:
        return tri_allgatherv(result, b.mine, c->recv_type, c->recv, b.counts, b.starts, c->recv_type,
                              h->comm);
    case TRI_MPI_Reduce:
        return tri_gatherv(result, b.mine, c->recv_type, c->recv, b.counts, b.starts, c->recv_type, c->root,
                           h->comm);
    case TRI_MPI_Scan:
        return send_prefixes(&b, rank, 0);
    case TRI_MPI_Exscan:
        return send_prefixes(&b, rank, 1);
    default:
        return keep_last(&b, rank);
    }
}
