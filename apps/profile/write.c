/* The result file of a profile (doc/profile.md has its contents). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apps/profile/collect.h"

enum { SENTENCES = 8 };

static void date(double utc, char text[32]) {
    time_t seconds = (time_t)floor(utc);
    struct tm parts;
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &parts));
}

static void write_facts(tri_result *to, const profile_job *job) {
    char start[32], end[32], verdict[128];
    char *sentence[SENTENCES];
    size_t sentences = profile_advise(job, sentence, SENTENCES);
    date(job->began_utc, start);
    date(job->began_utc + job->seconds, end);
    if (job->ended)
        snprintf(verdict, sizeof verdict, "not checked");
    else if (job->missing)
        snprintf(verdict, sizeof verdict, "not ended: until %s, without %d of %d ranks", end, job->missing,
                 job->ranks);
    else
        snprintf(verdict, sizeof verdict, "not ended: until %s", end);
    tri_result_text(to, "version", TRIREME_VERSION_TEXT);
    tri_result_text(to, "command", job->command);
    tri_result_text(to, "start", start);
    tri_result_text(to, "end", end);
    tri_result_text(to, "verdict", verdict);
    tri_result_integer(to, "ranks", job->ranks);
    tri_result_integer(to, "nodes", job->nodes);
    tri_result_texts(to, "hosts", (size_t)job->nodes, (const char *const *)job->hosts);
    tri_result_text(to, "boost", job->boost ? "on" : "off");
    if (*job->slurm) tri_result_text(to, "slurm_job_id", job->slurm);
    tri_result_texts(to, "advice", sentences, (const char *const *)sentence);
    for (size_t i = 0; i < sentences; i++)
        free(sentence[i]);
}

/* ---- calls ---- */

/* One dataset with a number of each line. */
#define COLUMN_REAL(name, units, long_name, expression)                                                      \
    do {                                                                                                     \
        for (size_t i = 0; i < count; i++) {                                                                 \
            const profile_line *l = &job->line[i];                                                           \
            reals[i] = (expression);                                                                         \
        }                                                                                                    \
        tri_result_reals(to, "calls/" name, 1, &count, reals, units, long_name);                             \
    } while (0)
#define COLUMN_INTEGER(name, units, long_name, expression)                                                   \
    do {                                                                                                     \
        for (size_t i = 0; i < count; i++) {                                                                 \
            const profile_line *l = &job->line[i];                                                           \
            integers[i] = (expression);                                                                      \
        }                                                                                                    \
        tri_result_integers(to, "calls/" name, 1, &count, integers, units, long_name);                       \
    } while (0)

static tri_status write_texts(tri_result *to, const profile_job *job) {
    const char **text = calloc(job->lines + 1, sizeof *text);
    if (!text) return tri_fail(TRI_ERR_MEMORY, "no memory for the call sites");
    static const char *const names[] = {"call_site", "call_within", "call_function", "call_communicator"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        for (size_t i = 0; i < job->lines; i++) {
            const profile_line *l = &job->line[i];
            const char *const fields[] = {l->site, l->within, l->function, l->communicator};
            text[i] = fields[k];
        }
        tri_result_texts(to, names[k], job->lines, text);
    }
    free(text);
    return TRI_OK;
}

static tri_status write_calls(tri_result *to, const profile_job *job) {
    const size_t count = job->lines, dims[2] = {count, PROFILE_SIZES};
    double *reals = calloc(count + 1, sizeof *reals);
    int64_t *integers = calloc((count + 1) * PROFILE_SIZES, sizeof *integers);
    tri_status status = TRI_OK;
    if (!reals || !integers)
        status = tri_fail(TRI_ERR_MEMORY, "no memory for the calls");
    else if (count) {
        status = write_texts(to, job);
        COLUMN_INTEGER("count", "1", "calls, all ranks together", l->calls);
        COLUMN_INTEGER("bytes", "B", "bytes that the ranks gave away in them", l->bytes);
        COLUMN_REAL("seconds", "s", "time in them", l->seconds);
        COLUMN_REAL("longest", "s", "the longest call", l->most);
        COLUMN_REAL("waiting", "s", "time until the last rank came, where that is known", l->waiting);
        COLUMN_REAL("transferring", "s", "the rest of the time of those calls", l->transferring);
        COLUMN_INTEGER("late_rank", "1", "rank for which they waited most; -1: none",
                       l->blame_count ? l->blames->rank : -1);
        COLUMN_REAL("late_seconds", "s", "at least so long", l->blame_count ? l->blames->seconds : 0);
        COLUMN_INTEGER("served", "1", "calls that boost did, or would do by default where it is off",
                       l->served);
        for (size_t i = 0; i < count; i++)
            memcpy(integers + i * PROFILE_SIZES, job->line[i].sizes, sizeof job->line[i].sizes);
        tri_result_integers(to, "calls/sizes", 2, dims, integers, "1",
                            "calls by size of the message or block: 0, up to 8, 64, 512 ... bytes");
    }
    free(reals);
    free(integers);
    return status;
}

/* ---- ranks ---- */

static tri_status write_ranks(tri_result *to, const profile_job *job) {
    const size_t count = (size_t)job->ranks;
    double *reals = calloc(count, sizeof *reals);
    int64_t *integers = calloc(count, sizeof *integers);
    if (!reals || !integers) {
        free(reals);
        free(integers);
        return tri_fail(TRI_ERR_MEMORY, "no memory for the ranks");
    }
    static const struct {
        const char *name, *long_name;
        size_t at;
    } times[] = {
        {"ranks/elapsed", "from MPI_Init to the end of MPI, or to the last call",
         offsetof(profile_rank, elapsed)},
        {"ranks/mpi", "time in MPI", offsetof(profile_rank, mpi)},
        {"ranks/waiting", "part of it until the last rank came, where that is known",
         offsetof(profile_rank, waiting)},
        {"ranks/transferring", "the rest of the time of those calls", offsetof(profile_rank, transferring)},
        {"ranks/waited_for", "time that other ranks waited for this one", offsetof(profile_rank, waited_for)},
        {"ranks/inside", "time in the call that it has not left; 0: none", offsetof(profile_rank, inside_s)},
    };
    for (size_t k = 0; k < sizeof times / sizeof *times; k++) {
        for (size_t r = 0; r < count; r++)
            memcpy(&reals[r], (const char *)&job->rank[r] + times[k].at, sizeof *reals);
        tri_result_reals(to, times[k].name, 1, &count, reals, "s", times[k].long_name);
    }
    for (size_t r = 0; r < count; r++)
        integers[r] = job->rank[r].late;
    tri_result_integers(to, "ranks/late", 1, &count, integers, "1", "waits of other ranks for this one");
    for (size_t r = 0; r < count; r++)
        integers[r] = job->rank[r].inside_s > 0 ? (int64_t)job->rank[r].inside : -1;
    tri_result_integers(to, "ranks/inside_call", 1, &count, integers, "1",
                        "index of the call that it has not left; -1: none");
    free(reals);
    free(integers);
    return TRI_OK;
}

static void write_matrices(tri_result *to, const profile_job *job) {
    const size_t ranks[2] = {(size_t)job->ranks, (size_t)job->ranks},
                 nodes[2] = {(size_t)job->nodes, (size_t)job->nodes},
                 line[2] = {(size_t)job->ranks, PROFILE_STEPS};
    if (job->bytes) {
        tri_result_integers(to, "matrix/bytes", 2, ranks, job->bytes, "B", "bytes from rank (row) to rank");
        tri_result_integers(to, "matrix/messages", 2, ranks, job->messages, "1",
                            "messages and blocks from rank (row) to rank");
    }
    tri_result_integers(to, "matrix/nodes", 2, nodes, job->node_bytes, "B", "bytes from node (row) to node");
    tri_result_reals(to, "timeline/step", 0, NULL, &job->step_s, "s", "length of a step of the time line");
    tri_result_reals(to, "timeline/mpi", 2, line, job->busy, "1", "share of a step in MPI, by rank and step");
    tri_result_reals(to, "timeline/waiting", 2, line, job->waits, "1",
                     "share of a step in which the rank waited, where that is known");
}

static void write_sums(tri_result *to, const profile_job *job) {
    double elapsed = 0, mpi = 0, waiting = 0, transferring = 0;
    int64_t calls = 0, bytes = 0;
    for (int r = 0; r < job->ranks; r++) {
        elapsed += job->rank[r].elapsed;
        mpi += job->rank[r].mpi;
        waiting += job->rank[r].waiting;
        transferring += job->rank[r].transferring;
    }
    for (size_t i = 0; i < job->lines; i++) {
        calls += job->line[i].calls;
        bytes += job->line[i].bytes;
    }
    tri_result_reals(to, "results/elapsed", 0, NULL, &elapsed, "s", "time of all ranks");
    tri_result_reals(to, "results/mpi", 0, NULL, &mpi, "s", "time in MPI of all ranks");
    tri_result_reals(to, "results/waiting", 0, NULL, &waiting, "s", "part of it that is known to be waiting");
    tri_result_reals(to, "results/transferring", 0, NULL, &transferring, "s",
                     "part of it that is known not to be");
    tri_result_integers(to, "results/calls", 0, NULL, &calls, "1", "MPI calls of all ranks");
    tri_result_integers(to, "results/bytes", 0, NULL, &bytes, "B", "bytes that the ranks gave away in them");
}

tri_status profile_write(const profile_job *job, const char *results, char **path) {
    tri_result *to = NULL;
    TRI_TRY(tri_result_create(NULL, results, "profile", &to));
    write_facts(to, job);
    write_sums(to, job);
    tri_status status = write_calls(to, job);
    if (status == TRI_OK) status = write_ranks(to, job);
    write_matrices(to, job);
    if (status == TRI_OK) status = tri_result_finish(to);
    *path = strdup(tri_result_path(to));
    tri_result_destroy(&to);
    return *path || status != TRI_OK ? status : tri_fail(TRI_ERR_MEMORY, "no memory for a name");
}
