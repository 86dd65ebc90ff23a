/* One output that all ranks make together: a stack in one file, or a statistic of the frames. */
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

/* Sends the tables of all frames to rank 0. */
static tri_status share_tables(tri_run *run, image_state *s) {
    size_t ranks = (size_t)tri_comm_size(run->comm), bytes = 0, total = 0;
    int root = tri_comm_rank(run->comm) == 0;
    for (size_t k = 0; k < s->frames.count; k++)
        if (s->tables[k]) bytes += 2 * sizeof(uint64_t) + strlen(s->tables[k]);
    char *mine = malloc(bytes + 1), *all = NULL;
    size_t *counts = calloc(ranks, sizeof *counts);
    ptrdiff_t *displs = calloc(ranks, sizeof *displs);
    tri_status status = mine && counts && displs ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for tables");
    TRI_TRY(tri_agree(run->comm, status));
    size_t at = 0;
    for (size_t k = 0; k < s->frames.count; k++) {
        if (!s->tables[k]) continue;
        uint64_t head[2] = {k, strlen(s->tables[k])};
        memcpy(mine + at, head, sizeof head);
        memcpy(mine + at + sizeof head, s->tables[k], head[1]);
        at += sizeof head + head[1];
    }
    TRI_TRY(tri_allgather(&bytes, sizeof bytes, MPI_BYTE, counts, sizeof bytes, MPI_BYTE, run->comm));
    for (size_t r = 0; r < ranks; r++) {
        displs[r] = (ptrdiff_t)total;
        total += counts[r];
    }
    all = malloc(root ? total + 1 : 1);
    TRI_TRY(tri_agree(run->comm, all ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for tables")));
    TRI_TRY(tri_gatherv(mine, bytes, MPI_BYTE, all, counts, displs, MPI_BYTE, 0, run->comm));
    for (size_t done = 0; root && done < total;) {
        uint64_t head[2];
        memcpy(head, all + done, sizeof head);
        free(s->tables[head[0]]);
        s->tables[head[0]] = strndup(all + done + sizeof head, head[1]);
        done += sizeof head + head[1];
    }
    free(mine);
    free(all);
    free(counts);
    free(displs);
    /* What went wrong on any rank counts. */
    uint64_t numbers[2] = {s->done, s->broken}, sums[2];
    TRI_TRY(tri_allreduce(numbers, sums, 2, MPI_UINT64_T, MPI_SUM, run->comm));
    s->done = sums[0];
    if (sums[1] && !s->broken) snprintf(s->broken_text, sizeof s->broken_text, "see the lines above");
    s->broken = sums[1];
    return TRI_OK;
}

static tri_status to_sink(void *argument, size_t first, size_t count, const char *bytes, const int *valid) {
    image_sink *sink = argument;
    (void)valid;
    return image_sink_write(sink, first * sink->form.rows, count * sink->form.rows, bytes);
}

tri_status image_rounds(tri_run *run, image_state *s) {
    image_form form;
    image_plan *plan = NULL;
    tri_status status = image_frames_form(&s->frames, 0, &form);
    if (status == TRI_OK) status = image_plan_create(&s->chain, &form, &plan);
    TRI_TRY(tri_agree(run->comm, status));
    TRI_TRY(tri_allreduce(&s->threads, &s->least_threads, 1, MPI_INT, MPI_MIN, run->comm));
    form = image_plan_form(plan, image_output_type(s, form.type));
    if (s->stack >= 0) {
        status = image_stack(run, s, &form, plan->form[0].type);
    } else {
        image_sink sink;
        status = image_sink_create(run, s, &form, s->frames.count, &sink);
        if (status == TRI_OK) status = image_rounds_do(run, s, &form, to_sink, &sink);
        if (status == TRI_OK) status = image_sink_finish(&sink);
        image_sink_destroy(&sink);
    }
    image_plan_destroy(&plan);
    return status == TRI_OK ? share_tables(run, s) : status;
}
