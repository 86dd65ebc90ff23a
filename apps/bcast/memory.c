#include "apps/bcast/memory.h"

#include <stdlib.h>
#include <zlib.h>

tri_status bcast_memory_open(tri_run *run, const char *file, size_t piece, bcast_memory *out) {
    *out = (bcast_memory){.source = NULL};
    tri_status status = TRI_OK;
    if (tri_comm_rank(run->comm) == 0) {
        status = tri_dataset_open_stored(NULL, file, NULL, &out->source);
        if (status == TRI_OK) status = row_shape_of(out->source, &out->shape);
    }
    TRI_TRY(tri_agree(run->comm, status));
    TRI_TRY(tri_bcast(&out->shape, sizeof out->shape, MPI_BYTE, 0, run->comm));
    size_t row = out->shape.row_bytes, window = row ? piece / row : 1;
    /* Whole chunks if a piece has room for one. */
    if (window > out->shape.chunk_rows) window -= window % out->shape.chunk_rows;
    out->window = window ? window : 1;
    out->bytes = out->shape.dims[0] * row;
    out->data = malloc(out->bytes + 1);
    if (out->data) return TRI_OK;
    char text[TRI_SIZE_TEXT];
    return tri_fail(TRI_ERR_MEMORY, "no memory for the %s bytes of the dataset",
                    tri_size_format(out->bytes, text));
}

tri_status bcast_memory_run(tri_run *run, bcast_memory *m) {
    size_t rows = m->shape.dims[0], row = m->shape.row_bytes;
    for (size_t first = 0, count; first < rows; first += count) {
        count = rows - first < m->window ? rows - first : m->window;
        double start = tri_now_s();
        tri_status status = m->source ? rows_read(m->source, first, count, m->data + first * row) : TRI_OK;
        tri_report_phase(run, "read", tri_now_s() - start, m->source ? (double)(count * row) : 0);
        TRI_TRY(tri_agree(run->comm, status));
        start = tri_now_s();
        TRI_TRY(tri_bcast(m->data + first * row, count * row, MPI_BYTE, 0, run->comm));
        tri_report_phase(run, "communicate", tri_now_s() - start, (double)(count * row));
        tri_progress(run, "sending", (double)(first + count), (double)rows, "rows");
    }
    return TRI_OK;
}

tri_status bcast_memory_verify(tri_run *run, const bcast_memory *m) {
    uint64_t mine = crc32_z(crc32(0, NULL, 0), (const unsigned char *)m->data, m->bytes), first = mine;
    TRI_TRY(tri_bcast(&first, 1, MPI_UINT64_T, 0, run->comm));
    if (mine == first) return TRI_OK;
    return tri_fail(TRI_ERR_WRONG, "the checksum of the received data is %08lx, but %08lx on rank 0",
                    (unsigned long)mine, (unsigned long)first);
}

void bcast_memory_free(bcast_memory *m) {
    tri_dataset_destroy(&m->source);
    free(m->data);
    *m = (bcast_memory){.source = NULL};
}
