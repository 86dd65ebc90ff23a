#include "apps/gather/find.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a rank tells the others about a file that it sees. */
typedef struct header {
    char file[512], path[256], type[48], split[64];
    int node;
    int64_t index, parts, first, total;
    row_shape shape;
} header;

typedef struct headers {
    header *header;
    size_t count;
} headers;

static tri_status look(const tri_texts *names, glob_t *found) {
    for (size_t i = 0; i < names->count; i++) {
        int failed = glob(names->text[i], i ? GLOB_APPEND : 0, NULL, found);
        if (failed == GLOB_NOSPACE) return tri_fail(TRI_ERR_MEMORY, "no memory for the names of all files");
        if (failed == GLOB_ABORTED)
            return tri_fail(TRI_ERR_FILE, "cannot search for '%s': one of its folders is not readable",
                            names->text[i]);
    }
    return TRI_OK;
}

static tri_status read_header(const tri_run *run, const char *file, const char *path, header *out) {
    split_file p;
    *out = (header){.node = tri_comm_shape(run->comm)->node};
    if (strlen(file) >= sizeof out->file)
        return tri_fail(TRI_ERR_FILE, "the name '%.80s...' is too long", file);
    TRI_TRY(split_file_open(file, path, &p));
    tri_status status = TRI_OK;
    if (strlen(p.path) >= sizeof out->path)
        status = tri_fail(TRI_ERR_DATA, "the name '%.80s...' in '%s' is too long", p.path, file);
    else {
        strcpy(out->file, file);
        strcpy(out->path, p.path);
        snprintf(out->type, sizeof out->type, "%s", tri_dataset_stored_type(p.data));
        memcpy(out->split, p.split, sizeof out->split);
        out->index = p.index;
        out->parts = p.parts;
        out->first = p.first;
        out->total = p.total;
        out->shape = p.shape;
    }
    split_file_free(&p);
    return status;
}

/* The ranks of a node divide the files that they see. */
static tri_status read_headers(const tri_run *run, const glob_t *found, const char *path, headers *out) {
    const tri_shape *shape = tri_comm_shape(run->comm);
    size_t ranks = (size_t)shape->local_size, rank = (size_t)shape->local_rank;
    out->header = malloc((found->gl_pathc / ranks + 1) * sizeof *out->header);
    if (!out->header)
        return tri_fail(TRI_ERR_MEMORY, "no memory for the headers of %zu files", found->gl_pathc);
    for (size_t i = rank; i < found->gl_pathc; i += ranks, out->count++)
        TRI_TRY(read_header(run, found->gl_pathv[i], path, &out->header[out->count]));
    return TRI_OK;
}

/* Allgather of the headers. */
static tri_status share_headers(tri_run *run, const headers *mine, headers *all) {
    size_t ranks = (size_t)tri_comm_size(run->comm), bytes = mine->count * sizeof *mine->header, total = 0;
    size_t *counts = malloc(ranks * sizeof *counts);
    ptrdiff_t *displs = malloc(ranks * sizeof *displs);
    tri_status status =
        counts && displs ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %zu ranks", ranks);
    TRI_TRY(tri_agree(run->comm, status));
    TRI_TRY(tri_allgather(&bytes, sizeof bytes, MPI_BYTE, counts, sizeof bytes, MPI_BYTE, run->comm));
    for (size_t r = 0; r < ranks; r++) {
        displs[r] = (ptrdiff_t)total;
        total += counts[r];
    }
    all->count = total / sizeof *all->header;
    all->header = malloc(total + 1);
    status =
        all->header ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the headers of %zu files", all->count);
    status = tri_agree(run->comm, status);
    if (status == TRI_OK)
        status =
            tri_allgatherv(mine->header, bytes, MPI_BYTE, all->header, counts, displs, MPI_BYTE, run->comm);
    free(counts);
    free(displs);
    return status;
}

static int by_order(const void *a, const void *b) {
    const header *x = a, *y = b;
    if (x->index != y->index) return x->index < y->index ? -1 : 1;
    int order = strverscmp(x->file, y->file);
    return order ? order : x->node - y->node;
}

/* ---- Whether the files form a whole; the same on every rank ---- */

static int same_file(const header *a, const header *b) {
    return !strcmp(a->file, b->file) && a->index == b->index && !strcmp(a->split, b->split);
}

static tri_status check_pair(const header *a, const header *b) {
    if ((a->index < 0) != (b->index < 0))
        return tri_fail(TRI_ERR_DATA, "'%s' is from scatter and '%s' is not: they do not belong together",
                        a->index < 0 ? b->file : a->file, a->index < 0 ? a->file : b->file);
    if (strcmp(a->split, b->split) || a->parts != b->parts || (a->index >= 0 && a->total != b->total))
        return tri_fail(TRI_ERR_DATA, "'%s' and '%s' are from different splits", a->file, b->file);
    if (a->index >= 0 && a->index == b->index && !same_file(a, b))
        return tri_fail(TRI_ERR_DATA, "'%s' and '%s' are both split file %lld", a->file, b->file,
                        (long long)a->index);
    int same = !strcmp(a->type, b->type) && a->shape.rank == b->shape.rank;
    for (int i = 1; i < a->shape.rank && same; i++)
        same = a->shape.dims[i] == b->shape.dims[i];
    return same ? TRI_OK
                : tri_fail(TRI_ERR_DATA, "the rows of '%s' and '%s' differ in type or shape", a->file,
                           b->file);
}

/* Checks that no file is missing between `a` and `b`, neighbours in the list; NULL: its ends. */
static tri_status check_gap(const header *a, const header *b) {
    int64_t from = a ? a->index + 1 : 0, to = b ? b->index : a->parts;
    if (from >= to) return TRI_OK;
    char which[96], rows[96] = "";
    long long parts = (long long)(a ? a->parts : b->parts);
    if (to - from > 1)
        snprintf(which, sizeof which, "split files %lld to %lld of %lld are", (long long)from,
                 (long long)to - 1, parts);
    else
        snprintf(which, sizeof which, "split file %lld of %lld is", (long long)from, parts);
    int64_t first = a ? a->first + (int64_t)a->shape.dims[0] : 0, end = b ? b->first : a->total;
    if ((a ? a->first : b->first) >= 0 && end > first)
        snprintf(rows, sizeof rows, ": no file has rows %lld to %lld", (long long)first, (long long)end - 1);
    return tri_fail(TRI_ERR_DATA, "%s missing%s", which, rows);
}

static tri_status check_all(headers *all, const tri_texts *names) {
    for (size_t i = 0; i < names->count; i++) {
        int found = strpbrk(names->text[i], "*?[") != NULL && all->count;
        for (size_t h = 0; h < all->count && !found; h++)
            found = !strcmp(all->header[h].file, names->text[i]);
        if (!found) return tri_fail(TRI_ERR_FILE, "cannot open '%s': no such file", names->text[i]);
    }
    const header *before = NULL;
    for (size_t h = 0; h < all->count; h++) {
        const header *here = &all->header[h];
        if (before) TRI_TRY(check_pair(before, here));
        if (here->index >= 0) TRI_TRY(check_gap(before, here));
        before = here;
    }
    return before->index >= 0 ? check_gap(before, NULL) : TRI_OK;
}

/* Numbers the rows of files of other programs in the order of the list. */
static void number(headers *all, gather_plan *plan) {
    int64_t rows = 0;
    plan->files = 0;
    for (size_t h = 0; h < all->count; h++) {
        header *here = &all->header[h];
        int again = h && same_file(here, here - 1);
        plan->files += !again;
        if (here->split[0]) continue;
        here->first = again ? here[-1].first : rows;
        if (!again) rows += (int64_t)here->shape.dims[0];
    }
    plan->shape = all->header[0].shape;
    plan->shape.dims[0] = (size_t)(all->header[0].split[0] ? all->header[0].total : rows);
    strcpy(plan->path, all->header[0].path);
}

/* ---- Which rank reads which file ---- */

/* The rank that reads file number k, which `count` nodes see. */
static int reader(const tri_run *run, const header *seen, size_t count, size_t k) {
    const tri_shape *shape = tri_comm_shape(run->comm);
    int node = seen[k % count].node, start = shape->node_start[node];
    return shape->members[start + (int)(k / count % (size_t)(shape->node_start[node + 1] - start))];
}

static tri_status take_files(const tri_run *run, const headers *all, gather_files *mine, int *first_reader) {
    mine->file = calloc(all->count, sizeof *mine->file);
    if (!mine->file) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu files", all->count);
    for (size_t h = 0, k = 0, count; h < all->count; h += count, k++) {
        const header *here = &all->header[h];
        count = 1;
        while (h + count < all->count && same_file(here, here + count))
            count++;
        int rank = reader(run, here, count, k);
        if (k == 0) *first_reader = rank;
        if (rank != tri_comm_rank(run->comm)) continue;
        split_file *p = &mine->file[mine->count++];
        TRI_TRY(split_file_open(here->file, here->path, p));
        p->first = here->first;
        split_file_close(p);
    }
    return TRI_OK;
}

/* The whole gets type, chunks and attributes of its first file. */
static tri_status take_form(tri_run *run, gather_files *mine, int from, gather_plan *plan) {
    tri_status status = TRI_OK;
    if (tri_comm_rank(run->comm) == from) {
        status = split_file_reopen(&mine->file[0]);
        if (status == TRI_OK) status = tri_template_take(mine->file[0].data, &plan->form);
        split_file_close(&mine->file[0]);
    }
    TRI_TRY(tri_agree(run->comm, status));
    return tri_template_share(&plan->form, from, run->comm);
}

static tri_status find(tri_run *run, const tri_texts *names, const char *path, headers *seen, headers *all,
                       gather_plan *plan, gather_files *mine) {
    glob_t found = {.gl_pathc = 0};
    int from = 0;
    tri_status status = look(names, &found);
    if (status == TRI_OK) status = read_headers(run, &found, path, seen);
    globfree(&found);
    TRI_TRY(tri_agree(run->comm, status));
    TRI_TRY(share_headers(run, seen, all));
    qsort(all->header, all->count, sizeof *all->header, by_order);
    /* The same on all ranks, so rank 0 checks. */
    TRI_TRY(tri_agree(run->comm, tri_comm_rank(run->comm) ? TRI_OK : check_all(all, names)));
    number(all, plan);
    TRI_TRY(tri_agree(run->comm, take_files(run, all, mine, &from)));
    return take_form(run, mine, from, plan);
}

tri_status gather_find(tri_run *run, const tri_texts *names, const char *path, gather_plan *plan,
                       gather_files *mine) {
    headers seen = {NULL, 0}, all = {NULL, 0};
    tri_status status = find(run, names, path, &seen, &all, plan, mine);
    free(seen.header);
    free(all.header);
    return status;
}

void gather_files_free(gather_files *files) {
    for (size_t p = 0; p < files->count; p++)
        split_file_free(&files->file[p]);
    free(files->file);
    *files = (gather_files){NULL, 0};
}
