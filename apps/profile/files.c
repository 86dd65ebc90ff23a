#include "apps/profile/files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "rank-000017". */
static int is_mine(const char *name) {
    int at = 0;
    unsigned rank;
    return sscanf(name, "rank-%6u%n", &rank, &at) == 1 && !name[at];
}

static int has_room(const profile_head *h, uint64_t at, size_t count, size_t bytes) {
    return at % 8 == 0 && at >= sizeof *h && at <= h->bytes && count * bytes <= h->bytes - at;
}

static int is_text(const char *text, size_t room) {
    return memchr(text, 0, room) != NULL;
}

/* Whether all places and counts of the file are in it. */
static int is_whole(const profile_head *h, size_t bytes) {
    if (bytes < sizeof *h || memcmp(h->magic, PROFILE_MAGIC, sizeof PROFILE_MAGIC) != 0 || h->bytes != bytes)
        return 0;
    return h->bin_shift < 64 && h->ranks > 0 && h->rank >= 0 && h->rank < h->ranks &&
           has_room(h, h->at.modules, PROFILE_MODULES, sizeof(profile_module)) &&
           has_room(h, h->at.comms, PROFILE_COMMS, sizeof(profile_comm_row)) &&
           has_room(h, h->at.cells, PROFILE_CELLS, sizeof(profile_cell)) &&
           has_room(h, h->at.bins, PROFILE_BINS, sizeof(profile_bin)) &&
           has_room(h, h->at.peers, (size_t)h->ranks, sizeof(profile_peer)) &&
           is_text(h->host, sizeof h->host) && is_text(h->job, sizeof h->job) &&
           is_text(h->command, sizeof h->command);
}

static tri_status read_file(const char *path, profile_file *out) {
    FILE *from = fopen(path, "rb");
    if (!from) return tri_output_failure("read", path);
    tri_status status = TRI_OK;
    long bytes = fseek(from, 0, SEEK_END) ? -1 : ftell(from);
    rewind(from);
    out->memory = bytes > 0 ? malloc((size_t)bytes) : NULL;
    if (bytes > 0 && !out->memory)
        status = tri_fail(TRI_ERR_MEMORY, "no memory for the %ld bytes of '%s'", bytes, path);
    else if (bytes <= 0 || fread(out->memory, (size_t)bytes, 1, from) != 1)
        status = tri_fail(TRI_ERR_DATA, "'%s' is no profile of a rank", path);
    fclose(from);
    if (status != TRI_OK) return status;
    const profile_head *h = (const profile_head *)out->memory;
    if (!is_whole(h, (size_t)bytes)) return tri_fail(TRI_ERR_DATA, "'%s' is no profile of a rank", path);
    out->head = h;
    out->modules = (const profile_module *)(out->memory + h->at.modules);
    out->comms = (const profile_comm_row *)(out->memory + h->at.comms);
    out->cells = (const profile_cell *)(out->memory + h->at.cells);
    out->bins = (const profile_bin *)(out->memory + h->at.bins);
    out->peers = (const profile_peer *)(out->memory + h->at.peers);
    out->second = 1e-9;
    if (h->now.ticks > h->began.ticks && h->now.monotonic_ns > h->began.monotonic_ns)
        out->second = 1e-9 * (double)(h->now.monotonic_ns - h->began.monotonic_ns) /
                      (double)(h->now.ticks - h->began.ticks);
    return TRI_OK;
}

static int by_rank(const void *left, const void *right) {
    const profile_file *a = left, *b = right;
    return (a->head->rank > b->head->rank) - (a->head->rank < b->head->rank);
}

/* A rank that was killed while it made its file has left one without contents. */
static int is_empty(const char *path) {
    profile_head head = {.bytes = 0};
    FILE *from = fopen(path, "rb");
    size_t got = from ? fread(&head, 1, sizeof head, from) : sizeof head;
    if (from) fclose(from);
    return got < sizeof head || !*head.magic || !head.bin_shift;
}

static tri_status read_all(const char *folder, DIR *list, profile_files *out) {
    for (const struct dirent *entry; (entry = readdir(list));) {
        char path[PATH_MAX];
        if (!is_mine(entry->d_name)) continue;
        snprintf(path, sizeof path, "%s/%.32s", folder, entry->d_name);
        if (is_empty(path)) continue;
        profile_file *larger = realloc(out->file, (out->count + 1) * sizeof *larger);
        if (!larger) return tri_fail(TRI_ERR_MEMORY, "no memory for the files of '%s'", folder);
        out->file = larger;
        larger[out->count] = (profile_file){.memory = NULL};
        TRI_TRY(read_file(path, &larger[out->count++]));
        if (larger[out->count - 1].head->ranks != larger->head->ranks)
            return tri_fail(TRI_ERR_DATA, "'%s' and others in the folder are of two jobs", path);
    }
    if (!out->count)
        return tri_fail(TRI_ERR_DATA, "'%s' has no profile: its job ended before MPI_Init had returned",
                        folder);
    return TRI_OK;
}

tri_status profile_files_read(const char *folder, profile_files *out) {
    DIR *list = opendir(folder);
    if (!list) return tri_output_failure("read", folder);
    tri_status status = read_all(folder, list, out);
    closedir(list);
    if (status == TRI_OK) qsort(out->file, out->count, sizeof *out->file, by_rank);
    for (size_t i = 1; status == TRI_OK && i < out->count; i++)
        if (out->file[i].head->rank == out->file[i - 1].head->rank)
            status = tri_fail(TRI_ERR_DATA, "'%s' has rank %d twice", folder, out->file[i].head->rank);
    return status;
}

void profile_files_free(profile_files *files) {
    for (size_t i = 0; i < files->count; i++)
        free(files->file[i].memory);
    free(files->file);
    *files = (profile_files){.count = 0};
}

const char *profile_module_of(const profile_file *file, uint32_t module) {
    const profile_module *m = module && module < PROFILE_MODULES ? &file->modules[module] : NULL;
    return m && m->ready && is_text(m->path, sizeof m->path) ? m->path : "";
}

void profile_files_remove(const char *folder) {
    DIR *list = opendir(folder);
    if (!list) return;
    for (const struct dirent *entry; (entry = readdir(list));) {
        char path[PATH_MAX];
        if (!is_mine(entry->d_name)) continue;
        snprintf(path, sizeof path, "%s/%.32s", folder, entry->d_name);
        unlink(path);
    }
    closedir(list);
    rmdir(folder);
}
