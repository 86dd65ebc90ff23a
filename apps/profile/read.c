/* Reads the mapped files of the ranks, of a job that has ended, was killed or runs, and adds them up. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/profile/files.h"

static tri_status no_memory(void) {
    return tri_fail(TRI_ERR_MEMORY, "no memory for the profile");
}

/* ---- names ---- */

static int order_of(const void *left, const void *right) {
    const profile_place *a = left, *b = right;
    int module = strcmp(a->module, b->module);
    return module ? module : (a->offset > b->offset) - (a->offset < b->offset);
}

/* All places of all files, each once, with their names. */
static tri_status find_places(const profile_files *f, profile_place **out, size_t *out_count) {
    size_t room = f->count * (PROFILE_CELLS + PROFILE_COMMS), count = 0, kept = 0;
    profile_place *all = malloc((room + 1) * sizeof *all);
    if (!all) return no_memory();
    for (size_t i = 0; i < f->count; i++) {
        const profile_file *file = &f->file[i];
        for (size_t k = 0; k < PROFILE_CELLS; k++)
            if (file->cells[k].ready)
                all[count++] = (profile_place){.module = profile_module_of(file, file->cells[k].module),
                                               .offset = file->cells[k].offset};
        for (size_t k = 0; k < PROFILE_COMMS; k++)
            if (file->comms[k].ready)
                all[count++] = (profile_place){.module = profile_module_of(file, file->comms[k].module),
                                               .offset = file->comms[k].offset};
    }
    qsort(all, count, sizeof *all, order_of);
    for (size_t i = 0; i < count; i++)
        if (!kept || order_of(&all[kept - 1], &all[i])) all[kept++] = all[i];
    *out = all;
    *out_count = kept;
    return profile_find_lines(all, kept);
}

typedef struct names {
    profile_place *place;
    size_t count;
} names;

static const profile_place *place_of(const names *n, const profile_file *file, uint32_t module,
                                     uint64_t offset) {
    profile_place wanted = {.module = profile_module_of(file, module), .offset = offset};
    return bsearch(&wanted, n->place, n->count, sizeof wanted, order_of);
}

/* "MPI_COMM_WORLD", "MPI_Comm_split at solve.c:31, 4 ranks". */
static void comm_text(const names *n, const profile_file *file, uint32_t row, char text[256]) {
    const profile_comm_row *c = row && row < PROFILE_COMMS ? &file->comms[row] : NULL;
    *text = 0;
    if (!c || !c->ready) return;
    const profile_place *p = c->caller ? place_of(n, file, c->module, c->offset) : NULL;
    if (p)
        snprintf(text, 256, "%.*s at %.150s, %u rank%s", PROFILE_NAME, c->name, p->site, c->size,
                 c->size == 1 ? "" : "s");
    else
        snprintf(text, 256, "%.*s", PROFILE_NAME, c->name);
}

/* ---- lines ---- */

static profile_line *line_of(profile_job *job, const char *site, const char *within, const char *comm,
                             const profile_cell *cell) {
    for (size_t i = 0; i < job->lines; i++) {
        profile_line *l = &job->line[i];
        if (!strncmp(l->function, cell->name, PROFILE_NAME) && !strcmp(l->site, site) &&
            !strcmp(l->communicator, comm))
            return l;
    }
    profile_line *larger = realloc(job->line, (job->lines + 1) * sizeof *larger);
    if (!larger) return NULL;
    job->line = larger;
    profile_line *l = &job->line[job->lines];
    *l = (profile_line){.kind = (int)cell->kind};
    memcpy(l->function, cell->name, PROFILE_NAME - 1);
    l->site = strdup(site);
    l->within = strdup(within);
    l->communicator = strdup(comm);
    job->lines++;
    return l->site && l->within && l->communicator ? l : NULL;
}

static tri_status add_blame(profile_line *line, int rank, double seconds) {
    for (size_t i = 0; i < line->blame_count; i++)
        if (line->blames[i].rank == rank) {
            line->blames[i].seconds += seconds;
            return TRI_OK;
        }
    profile_blame *larger = realloc(line->blames, (line->blame_count + 1) * sizeof *larger);
    if (!larger) return no_memory();
    line->blames = larger;
    larger[line->blame_count++] = (profile_blame){rank, seconds};
    return TRI_OK;
}

static tri_status add_cell(profile_job *job, const names *n, const profile_file *file,
                           const profile_cell *cell, profile_rank *rank) {
    char comm[256];
    /* A call that no rank has completed gets a line if a rank is in it. */
    if (!cell->calls && (file->head->ended || !file->head->inside_since)) return TRI_OK;
    const profile_place *p = place_of(n, file, cell->module, cell->offset);
    comm_text(n, file, cell->comm, comm);
    profile_line *l = line_of(job, p ? p->site : "", p ? p->within : "", comm, cell);
    if (!l) return no_memory();
    const double second = file->second, split = (double)cell->split_ticks * second,
                 waits = (double)cell->wait_ticks * second;
    l->calls += (int64_t)cell->calls;
    l->bytes += (int64_t)cell->bytes;
    l->served += (int64_t)cell->served;
    l->seconds += (double)cell->ticks * second;
    l->most = fmax(l->most, (double)cell->most_ticks * second);
    l->waiting += waits;
    l->transferring += split - waits;
    for (int i = 0; i < PROFILE_SIZES; i++)
        l->sizes[i] += (int64_t)cell->sizes[i];
    for (int i = 0; i < PROFILE_LATE; i++)
        if (cell->late[i].rank >= 0 && cell->late[i].rank < job->ranks && cell->late[i].ticks)
            TRI_TRY(add_blame(l, (int)cell->late[i].rank, (double)cell->late[i].ticks * second));
    rank->mpi += (double)cell->ticks * second;
    rank->waiting += waits;
    rank->transferring += split - waits;
    return TRI_OK;
}

static int longer(const void *left, const void *right) {
    const profile_line *a = left, *b = right;
    return (a->seconds < b->seconds) - (a->seconds > b->seconds);
}

static int worse(const void *left, const void *right) {
    const profile_blame *a = left, *b = right;
    return (a->seconds < b->seconds) - (a->seconds > b->seconds);
}

/* ---- ranks ---- */

static void add_rank(profile_job *job, const profile_file *file) {
    const profile_head *h = file->head;
    profile_rank *r = &job->rank[h->rank];
    r->present = 1;
    r->ended = h->ended;
    /* At the end of MPI, or at the last call that has left something. */
    uint64_t last = h->last > h->inside_since ? h->last : h->inside_since;
    r->elapsed = (double)(h->ended ? h->now.ticks - h->began.ticks : last) * file->second;
    r->last_utc = 1e-9 * (double)h->began.utc_ns + r->elapsed;
    for (int k = 0; k < job->ranks; k++) {
        const profile_peer *p = &file->peers[k];
        job->rank[k].waited_for += (double)p->wait_ticks * file->second;
        job->rank[k].late += (int64_t)p->waits;
        if (!job->bytes) continue;
        size_t to = (size_t)h->rank * (size_t)job->ranks + (size_t)k,
               from = (size_t)k * (size_t)job->ranks + (size_t)h->rank;
        job->bytes[to] += (int64_t)p->sent_bytes;
        job->messages[to] += (int64_t)p->sent_messages;
        job->bytes[from] += (int64_t)p->got_bytes;
    }
}

/* Nodes in the order of their lowest ranks. */
static tri_status number_nodes(profile_job *job, const profile_files *f) {
    int *number = malloc(((size_t)job->ranks + 1) * sizeof *number);
    job->hosts = calloc((size_t)job->ranks + 1, sizeof *job->hosts);
    if (!number || !job->hosts) {
        free(number);
        return no_memory();
    }
    for (int r = 0; r < job->ranks; r++)
        number[r] = -1;
    for (size_t i = 0; i < f->count; i++) {
        const profile_head *h = f->file[i].head;
        int first = h->node_first >= 0 && h->node_first < job->ranks ? h->node_first : h->rank;
        if (number[first] < 0) {
            char *host = strdup(h->host);
            if (!host) {
                free(number);
                return no_memory();
            }
            job->hosts[job->nodes] = host;
            number[first] = job->nodes++;
        }
        job->rank[h->rank].node = number[first];
    }
    free(number);
    job->node_bytes = calloc((size_t)job->nodes * (size_t)job->nodes + 1, sizeof *job->node_bytes);
    if (!job->node_bytes) return no_memory();
    for (size_t i = 0; i < f->count; i++) {
        const profile_head *h = f->file[i].head;
        for (int k = 0; k < job->ranks; k++) {
            const profile_peer *p = &f->file[i].peers[k];
            size_t me = (size_t)job->rank[h->rank].node, other = (size_t)job->rank[k].node,
                   nodes = (size_t)job->nodes;
            job->node_bytes[me * nodes + other] += (int64_t)p->sent_bytes;
            job->node_bytes[other * nodes + me] += (int64_t)p->got_bytes;
        }
    }
    return TRI_OK;
}

/* ---- the time line ---- */

/* Spreads `amount` seconds of [from, to) over the steps. */
static void spread(double *steps, double step, double from, double to, double amount) {
    if (!(amount > 0) || !(to > from)) return;
    for (int s = (int)(from / step); s < PROFILE_STEPS; s++) {
        double low = fmax(from, s * step), high = fmin(to, (s + 1) * step);
        if (high <= low) break;
        steps[s] += amount * (high - low) / (to - from) / step;
    }
}

static void add_line(profile_job *job, const profile_file *file) {
    const profile_head *h = file->head;
    double start = 1e-9 * (double)h->began.utc_ns - job->began_utc,
           width = ldexp(file->second, (int)h->bin_shift), end = start + job->rank[h->rank].elapsed;
    double *busy = job->busy + (size_t)h->rank * PROFILE_STEPS,
           *waits = job->waits + (size_t)h->rank * PROFILE_STEPS;
    for (int b = 0; b < PROFILE_BINS; b++) {
        double from = start + b * width, to = fmin(from + width, fmax(end, from + width / 1000));
        spread(busy, job->step_s, from, to, (double)file->bins[b].ticks * file->second);
        spread(waits, job->step_s, from, to, (double)file->bins[b].wait_ticks * file->second);
    }
}

/* Where ranks stand that have not left their call. */
static void find_inside(profile_job *job, const names *n, const profile_file *file) {
    const profile_head *h = file->head;
    profile_rank *r = &job->rank[h->rank];
    const profile_cell *cell = h->inside_cell < PROFILE_CELLS ? &file->cells[h->inside_cell] : NULL;
    char comm[256];
    if (h->ended || !h->inside_since || !cell || !cell->ready) return;
    const profile_place *p = place_of(n, file, cell->module, cell->offset);
    comm_text(n, file, cell->comm, comm);
    for (size_t i = 0; i < job->lines; i++)
        if (!strncmp(job->line[i].function, cell->name, PROFILE_NAME) && p &&
            !strcmp(job->line[i].site, p->site) && !strcmp(job->line[i].communicator, comm)) {
            r->inside = i;
            r->inside_s = job->began_utc + job->seconds - r->last_utc;
            if (r->inside_s <= 0) r->inside_s = 1e-9;
        }
}

static tri_status add_all(profile_job *job, const profile_files *f, const names *n) {
    const profile_head *first = f->file[0].head;
    double end = 0;
    size_t ranks = (size_t)first->ranks;
    job->ranks = first->ranks;
    job->missing = first->ranks - (int)f->count;
    memcpy(job->command, first->command, sizeof job->command - 1);
    memcpy(job->slurm, first->job, sizeof first->job - 1);
    job->boost = first->boost;
    job->rank = calloc(ranks, sizeof *job->rank);
    job->busy = calloc(ranks * PROFILE_STEPS, sizeof *job->busy);
    job->waits = calloc(ranks * PROFILE_STEPS, sizeof *job->waits);
    if (ranks <= PROFILE_MATRIX) {
        job->bytes = calloc(ranks * ranks, sizeof *job->bytes);
        job->messages = calloc(ranks * ranks, sizeof *job->messages);
    }
    if (!job->rank || !job->busy || !job->waits ||
        (ranks <= PROFILE_MATRIX && (!job->bytes || !job->messages)))
        return no_memory();
    job->began_utc = INFINITY;
    job->ended = !job->missing;
    for (size_t i = 0; i < f->count; i++) {
        const profile_file *file = &f->file[i];
        add_rank(job, file);
        job->ended = job->ended && file->head->ended;
        job->began_utc = fmin(job->began_utc, 1e-9 * (double)file->head->began.utc_ns);
        end = fmax(end, job->rank[file->head->rank].last_utc);
        for (size_t k = 0; k < PROFILE_CELLS; k++)
            if (file->cells[k].ready)
                TRI_TRY(add_cell(job, n, file, &file->cells[k], &job->rank[file->head->rank]));
    }
    TRI_TRY(number_nodes(job, f));
    if (job->lines) qsort(job->line, job->lines, sizeof *job->line, longer);
    job->seconds = fmax(end - job->began_utc, 1e-9);
    job->step_s = job->seconds / PROFILE_STEPS;
    for (size_t i = 0; i < job->lines; i++)
        if (job->line[i].blame_count)
            qsort(job->line[i].blames, job->line[i].blame_count, sizeof *job->line[i].blames, worse);
    for (size_t i = 0; i < f->count; i++) {
        add_line(job, &f->file[i]);
        find_inside(job, n, &f->file[i]);
    }
    return TRI_OK;
}

tri_status profile_read(const char *folder, profile_job *out) {
    profile_files f = {.count = 0};
    names n = {.count = 0};
    *out = (profile_job){.folder = folder};
    tri_status status = profile_files_read(folder, &f);
    if (status == TRI_OK) status = find_places(&f, &n.place, &n.count);
    if (status == TRI_OK) status = add_all(out, &f, &n);
    for (size_t i = 0; i < n.count; i++) {
        free(n.place[i].site);
        free(n.place[i].within);
    }
    free(n.place);
    profile_files_free(&f);
    return status;
}

void profile_free(profile_job *job) {
    for (size_t i = 0; i < job->lines; i++) {
        free(job->line[i].site);
        free(job->line[i].within);
        free(job->line[i].communicator);
        free(job->line[i].blames);
    }
    for (int i = 0; i < job->nodes; i++)
        free(job->hosts[i]);
    free(job->hosts);
    free(job->line);
    free(job->rank);
    free(job->busy);
    free(job->waits);
    free(job->bytes);
    free(job->messages);
    free(job->node_bytes);
    *job = (profile_job){.folder = NULL};
}
