/* An output of several frames: a dataset of HDF5, which all ranks write, or a file, which rank 0 writes. */
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

static tri_number number_of(image_type type) {
    return type == IMAGE_U1 ? TRI_UINT8 : type == IMAGE_U2 ? TRI_UINT16 : TRI_FLOAT32;
}

/* Names and times of the frames, where there is one output for each. */
static tri_status describe(image_state *s, image_sink *sink) {
    size_t count = s->frames.count;
    tri_result_text(sink->result, "filters", s->filters);
    if (count != sink->frames || tri_comm_rank(sink->run->comm)) return TRI_OK;
    const char **names = calloc(count + 1, sizeof *names);
    double *times = calloc(count + 1, sizeof *times);
    tri_status status = names && times ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %zu names", count);
    char text[4200];
    for (size_t k = 0; k < count && status == TRI_OK; k++) {
        names[k] = strdup(image_frames_name(&s->frames, k, text, sizeof text));
        times[k] = image_frames_time(&s->frames, k);
        if (!names[k]) status = tri_fail(TRI_ERR_MEMORY, "no memory for %zu names", count);
    }
    if (status == TRI_OK) {
        tri_result_texts(sink->result, "names", count, names);
        tri_result_reals(sink->result, "/times", 1, &count, times, "s",
                         "last change of the input, since 1970");
    }
    for (size_t k = 0; names && k < count; k++)
        free((char *)(uintptr_t)names[k]);
    free(names);
    free(times);
    return status;
}

static tri_status create_dataset(tri_run *run, image_state *s, image_sink *sink) {
    const image_form *f = &sink->form;
    size_t dims[4], rank = 0;
    tri_template like = {NULL, 0};
    if (sink->frames > 1) dims[rank++] = sink->frames;
    dims[rank++] = f->rows;
    dims[rank++] = f->columns;
    if (f->channels > 1) dims[rank++] = (size_t)f->channels;
    TRI_TRY(tri_result_create_at(run->comm, s->out_file,
                                 TRI_RESULT_PLAIN | (s->replaces ? TRI_RESULT_REPLACE : 0), &sink->result));
    TRI_TRY(tri_agree(run->comm, tri_template_number(number_of(f->type), s->filters, &like)));
    tri_status status =
        tri_array_create(sink->result, s->out_path, &like, (int)rank, dims, NULL, &sink->array);
    tri_template_free(&like);
    TRI_TRY(status);
    return tri_agree(run->comm, describe(s, sink));
}

tri_status image_sink_create(tri_run *run, image_state *s, const image_form *form, size_t frames,
                             image_sink *sink) {
    *sink = (image_sink){.run = run, .form = *form, .frames = frames};
    if (s->out_file) return create_dataset(run, s, sink);
    tri_status status = TRI_OK;
    if (!tri_comm_rank(run->comm))
        status = image_writer_create(s->out, s->replaces, form, &s->how, &sink->writer);
    return tri_agree(run->comm, status);
}

static tri_status write_dataset(image_sink *sink, size_t first, size_t rows, const void *bytes) {
    const image_form *f = &sink->form;
    size_t start[4] = {0}, count[4], rank = 0, frame = f->rows ? first / f->rows : 0;
    bool whole = f->rows && first % f->rows == 0 && rows % f->rows == 0 && sink->frames > 1;
    if (sink->frames > 1) {
        start[rank] = frame;
        count[rank++] = whole ? rows / f->rows : 1;
    }
    start[rank] = whole ? 0 : first - frame * f->rows;
    count[rank++] = !rows ? 0 : whole ? f->rows : rows;
    count[rank++] = f->columns;
    if (f->channels > 1) count[rank++] = (size_t)f->channels;
    if (!rows) start[0] = 0;
    return tri_array_write(sink->array, start, count, bytes);
}

/* Rank 0 takes the rows of one rank after another, so that it holds those of one. */
static tri_status write_file(image_sink *sink, size_t rows, const void *bytes) {
    tri_comm *comm = sink->run->comm;
    size_t ranks = (size_t)tri_comm_size(comm);
    int root = tri_comm_rank(comm) == 0;
    size_t line = sink->form.columns * (size_t)sink->form.channels * image_type_bytes(sink->form.type);
    uint64_t mine = rows, *all = calloc(ranks, sizeof *all);
    size_t *counts = calloc(ranks, sizeof *counts);
    ptrdiff_t *displs = calloc(ranks, sizeof *displs);
    tri_status status = all && counts && displs ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory");
    status = tri_agree(comm, status);
    if (status == TRI_OK) status = tri_allgather(&mine, 1, MPI_UINT64_T, all, 1, MPI_UINT64_T, comm);
    size_t total = 0;
    for (size_t r = 0; r < ranks && status == TRI_OK; r++) {
        counts[r] = (size_t)all[r] * line;
        displs[r] = (ptrdiff_t)(total * line);
        total += (size_t)all[r];
    }
    char *gathered = NULL;
    if (status == TRI_OK) {
        gathered = root ? malloc(total * line + 1) : NULL;
        status = tri_agree(
            comm, !root || gathered ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %zu rows", total));
    }
    if (status == TRI_OK)
        status =
            tri_gatherv(bytes, (size_t)mine * line, MPI_BYTE, gathered, counts, displs, MPI_BYTE, 0, comm);
    tri_status written = TRI_OK;
    for (size_t done = 0, more; root && status == TRI_OK && written == TRI_OK && done < total; done += more) {
        size_t left = sink->form.rows - sink->next_row % sink->form.rows;
        more = total - done < left ? total - done : left;
        if (sink->next_row && sink->next_row % sink->form.rows == 0)
            written = image_writer_page(sink->writer);
        if (written == TRI_OK) written = image_writer_rows(sink->writer, more, gathered + done * line);
        sink->next_row += more;
    }
    free(gathered);
    free(all);
    free(counts);
    free(displs);
    return status == TRI_OK ? tri_agree(comm, written) : status;
}

tri_status image_sink_write(image_sink *sink, size_t first, size_t rows, const void *bytes) {
    return sink->result ? write_dataset(sink, first, rows, bytes) : write_file(sink, rows, bytes);
}

tri_status image_sink_finish(image_sink *sink) {
    if (sink->result) return tri_result_finish(sink->result);
    return tri_agree(sink->run->comm, sink->writer ? image_writer_finish(sink->writer) : TRI_OK);
}

void image_sink_destroy(image_sink *sink) {
    tri_array_destroy(&sink->array);
    tri_result_destroy(&sink->result);
    image_writer_destroy(&sink->writer);
}
