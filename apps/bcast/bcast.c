/* Copies a file or folder to the local disk of every node, or a dataset into the memory of every rank.
 *
 * The pattern is a broadcast: rank 0 has the data, and all ranks get all of it. The data of all files form
 * one stream of pieces. While tri_bcast sends one piece, the previous one is written and the next one
 * read, so that disk and network work concurrently and memory holds two pieces, whatever the size of the
 * files. One rank of each node writes. Copies get their final names at the end, when all of them are
 * complete. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bcast/copy.h"
#include "apps/bcast/memory.h"
#include "apps/bcast/tree.h"
#include "apps/driver/app.h"

/* A piece that a thread of the team writes. The error text is thread-local, so it is copied here. */
typedef struct writer {
    bcast_cursor cursor;
    bcast_copy *copy;
    char *data;
    size_t bytes;
    tri_status status;
    char why[512];
} writer;

typedef struct state {
    /* options */
    const char *source, *dest;
    size_t piece;
    const char *preserve;
    int keep; /* a sum of bcast_keep */
    bool check;
    /* a dataset into memory: no dest */
    bcast_memory memory;
    /* files onto disks */
    tri_comm *writers; /* one rank of each node, rank 0 first; NULL on the others */
    char *path;        /* of the copy */
    bcast_tree tree;
    bcast_copy copy;
    char *buffer[2];
    bool wrong; /* the copies are wrong; the same on all ranks */
} state;

static const tri_option options[] = {
    TRI_OPTION(state, source, "SRC", NULL,
               "file or folder on rank 0; without DEST: FILE.h5:/DATASET, read into the memory of every rank",
               .argument = true, .required = true),
    TRI_OPTION(state, dest, "DEST", NULL,
               "name of the copy on every node; with a trailing /: folder to copy into", .argument = true),
    TRI_OPTION(state, piece, "piece", "4Mi",
               "bytes of a piece; the writing rank of each node holds two pieces"),
    TRI_OPTION(state, preserve, "preserve", NULL,
               "what copies keep, of mode,owner,links,times; default: as new files are made, without setuid"),
    TRI_OPTION(state, check, "verify", NULL, "read every copy again and compare checksums"),
    {.name = NULL},
};

/* ---- Setup ---- */

/* The name of the copy: DEST, or the source's name in DEST/. */
static tri_status name_copy(state *s) {
    size_t length = strlen(s->dest), end = strlen(s->source);
    while (end > 1 && s->source[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && s->source[start - 1] != '/')
        start--;
    int into = length && s->dest[length - 1] == '/';
    if (!length) return tri_fail(TRI_ERR_ARGUMENT, "DEST is empty; name the copy");
    s->path = malloc(length + end - start + 1);
    if (!s->path) return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", s->dest);
    sprintf(s->path, "%s%.*s", s->dest, into ? (int)(end - start) : 0, s->source + start);
    return TRI_OK;
}

/* Reads --preserve: words separated by commas. */
static tri_status read_preserve(state *s) {
    static const char *const words[] = {"mode", "owner", "links", "times"}; /* in the order of bcast_keep */
    enum { WORDS = sizeof words / sizeof *words };
    for (const char *at = s->preserve; at;) {
        size_t length = strcspn(at, ",");
        int w = 0;
        while (w < WORDS && (strlen(words[w]) != length || strncmp(words[w], at, length) != 0))
            w++;
        if (w == WORDS)
            return tri_fail(TRI_ERR_ARGUMENT, "--preserve: '%.*s' is not mode, owner, links or times",
                            (int)length, at);
        s->keep |= 1 << w;
        at = at[length] ? at + length + 1 : NULL;
    }
    return TRI_OK;
}

static tri_status allocate(state *s) {
    for (int i = 0; i < 2 && s->writers; i++) {
        s->buffer[i] = malloc(s->piece);
        if (!s->buffer[i]) return tri_fail(TRI_ERR_MEMORY, "no memory for a piece; reduce --piece");
    }
    return TRI_OK;
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    if (s->piece < 4096) return tri_fail(TRI_ERR_ARGUMENT, "--piece: at least 4Ki");
    TRI_TRY(read_preserve(s));
    if (!s->dest) return bcast_memory_open(run, s->source, s->piece, &s->memory);
    int root = tri_comm_rank(run->comm) == 0;
    TRI_TRY(tri_agree(run->comm, name_copy(s)));
    TRI_TRY(
        tri_agree(run->comm, root ? bcast_tree_scan(s->source, s->keep & BCAST_LINKS, &s->tree) : TRI_OK));
    TRI_TRY(tri_comm_split(run->comm, tri_comm_shape(run->comm)->local_rank ? -1 : 0, 0, &s->writers));
    if (s->writers) TRI_TRY(bcast_tree_share(&s->tree, s->writers));
    return allocate(s);
}

/* ---- Run ---- */

static void write_piece(void *argument, int thread, size_t chunk) {
    (void)thread, (void)chunk;
    writer *w = argument;
    w->status = bcast_cursor_move(&w->cursor, w->data, w->bytes, w->copy->crc);
    if (w->status != TRI_OK) snprintf(w->why, sizeof w->why, "%s", tri_error_text());
}

static tri_status wait_for(tri_run *run, writer *w) {
    double start = tri_now_s();
    tri_team_wait(run->team);
    tri_report_phase(run, "write", tri_now_s() - start, (double)w->bytes);
    return w->status == TRI_OK ? TRI_OK : tri_fail(w->status, "%s", w->why);
}

static tri_status read_piece(tri_run *run, bcast_cursor *from, char *to, size_t bytes) {
    double start = tri_now_s();
    TRI_TRY(bcast_cursor_move(from, to, bytes, NULL));
    tri_report_phase(run, "read", tri_now_s() - start, (double)bytes);
    return TRI_OK;
}

/* Sends the stream from rank 0's files to those of every writer. */
static tri_status send_stream(tri_run *run, state *s, bcast_cursor *from, writer *w) {
    uint64_t total = s->tree.bytes;
    int root = tri_comm_rank(s->writers) == 0, busy = 0, turn = 0;
    size_t bytes = total < s->piece ? (size_t)total : s->piece, next;
    tri_status status = root ? read_piece(run, from, s->buffer[0], bytes) : TRI_OK;
    for (uint64_t done = 0; done < total; done += bytes, bytes = next, turn = !turn) {
        next = total - done - bytes < s->piece ? (size_t)(total - done - bytes) : s->piece;
        double start = tri_now_s();
        status = tri_agree(s->writers, status);
        if (status == TRI_OK) status = tri_bcast(s->buffer[turn], bytes, MPI_BYTE, 0, s->writers);
        tri_report_phase(run, "communicate", tri_now_s() - start, (double)bytes);
        /* Meanwhile the previous piece was written. */
        tri_status written = busy ? wait_for(run, w) : TRI_OK;
        busy = 0;
        if (status != TRI_OK) return status;
        status = written;
        w->data = s->buffer[turn];
        w->bytes = bytes;
        if (status == TRI_OK) {
            tri_team_start(run->team, 1, write_piece, w);
            busy = 1;
        }
        if (root && next && status == TRI_OK) status = read_piece(run, from, s->buffer[!turn], next);
        tri_progress(run, "copying", (double)(done + bytes), (double)total, "B");
    }
    if (busy) {
        tri_status written = wait_for(run, w);
        if (status == TRI_OK) status = written;
    }
    return tri_agree(s->writers, status);
}

/* Compares checksums of the copy with those of rank 0. */
static tri_status compare(state *s, const uint32_t *crc) {
    for (size_t i = 0; i < s->tree.entries; i++)
        if (crc[i] != s->tree.entry[i].crc)
            return tri_fail(TRI_ERR_WRONG, "the copy of '%s' has checksum %08x instead of %08x",
                            s->tree.entry[i].path ? s->tree.text + s->tree.entry[i].path : s->source,
                            (unsigned)crc[i], (unsigned)s->tree.entry[i].crc);
    return TRI_OK;
}

/* All writers use the temporary name that rank 0 draws, so that two that share a folder notice it. */
static tri_status start_copies(tri_run *run, state *s) {
    char name[PATH_MAX] = "", *drawn = NULL;
    tri_status status = tri_comm_rank(s->writers) ? TRI_OK : tri_output_name(s->path, &drawn);
    if (drawn) snprintf(name, sizeof name, "%s", drawn);
    free(drawn);
    TRI_TRY(tri_agree(s->writers, status));
    TRI_TRY(tri_bcast(name, sizeof name, MPI_BYTE, 0, s->writers));
    status = bcast_copy_start(&s->tree, s->path, name, run->common->replace, s->keep, &s->copy);
    return tri_agree(s->writers, status);
}

static tri_status make_copies(tri_run *run, state *s) {
    bcast_cursor from;
    writer w = {.copy = &s->copy};
    TRI_TRY(start_copies(run, s));
    bcast_cursor_start(&from, &s->tree, s->source, s->source, 0);
    bcast_cursor_start(&w.cursor, &s->tree, s->copy.part, s->path, 1);
    tri_status status = send_stream(run, s, &from, &w);
    bcast_cursor_stop(&from);
    bcast_cursor_stop(&w.cursor);
    TRI_TRY(status);
    double start = tri_now_s();
    TRI_TRY(tri_agree(s->writers, bcast_copy_complete(&s->copy)));
    tri_report_phase(run, "write", tri_now_s() - start, 0);
    for (size_t i = 0; i < s->tree.entries; i++)
        s->tree.entry[i].crc = s->copy.crc[i];
    TRI_TRY(tri_bcast(s->tree.entry, s->tree.entries * sizeof *s->tree.entry, MPI_BYTE, 0, s->writers));
    return tri_agree(s->writers, compare(s, s->copy.crc));
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    if (!s->dest) return bcast_memory_run(run, &s->memory);
    bcast_copy_free(&s->copy); /* of the previous repeat */
    tri_status status = s->writers ? make_copies(run, s) : TRI_OK;
    /* A failure between messages cannot be agreed on. */
    return status == TRI_OK || tri_agreed() ? tri_agree(run->comm, status) : status;
}

/* ---- Verify and record ---- */

static tri_status read_again(state *s) {
    bcast_cursor cursor;
    uint32_t *crc = calloc(s->tree.entries, sizeof *crc);
    tri_status status = crc ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the list of all checksums");
    bcast_cursor_start(&cursor, &s->tree, s->copy.part, s->path, 0);
    for (uint64_t done = 0, bytes; done < s->tree.bytes && status == TRI_OK; done += bytes) {
        bytes = s->tree.bytes - done < s->piece ? s->tree.bytes - done : s->piece;
        status = bcast_cursor_move(&cursor, s->buffer[0], (size_t)bytes, crc);
    }
    bcast_cursor_stop(&cursor);
    if (status == TRI_OK) status = compare(s, crc);
    free(crc);
    return status;
}

static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    if (!s->dest) return bcast_memory_verify(run, &s->memory);
    tri_status status = tri_agree(run->comm, s->writers ? read_again(s) : TRI_OK);
    s->wrong = status != TRI_OK;
    return status;
}

/* All copies get their final names, or none. */
static tri_status publish(tri_run *run, state *s) {
    tri_status status = tri_agree(run->comm, s->writers ? bcast_copy_publish(&s->copy) : TRI_OK);
    if (status != TRI_OK && s->writers) bcast_copy_remove(&s->copy);
    return status;
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    int64_t kinds[3] = {0, 0, 0};
    if (s->dest && !s->wrong) TRI_TRY(publish(run, s));
    for (size_t i = 0; i < s->tree.entries; i++)
        kinds[S_ISDIR(s->tree.entry[i].mode) ? 1 : S_ISLNK(s->tree.entry[i].mode) ? 2 : 0]++;
    tri_report_text(run, "input", s->source);
    if (s->dest) {
        tri_report_text(run, "output", s->path);
        tri_report_integer(run, "nodes", tri_comm_shape(run->comm)->nodes, "1", "nodes that have a copy");
        tri_report_integer(run, "files", kinds[0], "1", "files copied");
        tri_report_integer(run, "folders", kinds[1], "1", "folders made");
        tri_report_integer(run, "links", kinds[2], "1", "symbolic links made");
    }
    tri_report_integer(run, "bytes", (int64_t)(s->dest ? s->tree.bytes : s->memory.bytes), "B",
                       "bytes of data in every copy, without holes");
    if (s->check)
        tri_report_text(run, "verify", s->wrong ? "checksums differ" : "checksums of all copies compared");
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    bcast_memory_free(&s->memory);
    bcast_copy_free(&s->copy);
    bcast_tree_free(&s->tree);
    tri_comm_destroy(&s->writers);
    free(s->path);
    free(s->buffer[0]);
    free(s->buffer[1]);
}

static const tri_app app = {
    .name = "bcast",
    .summary =
        "copies a file or folder to the local disk of every node, or a dataset into the memory of every rank",
    .examples =
        "srun --ntasks-per-node=1 trireme bcast data.h5 /scratch/ --verify    # to the disk of every node\n"
        "mpirun -np 8 trireme bcast data.h5:/x                                # into the memory of every "
        "rank\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .outputs = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};

int main(int argc, char **argv) {
    return tri_main(&app, argc, argv);
}
