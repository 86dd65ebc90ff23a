/* Names of result files; the rename to the final name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/result.h"

tri_status tri_result_claim_at(tri_result *result, const char *path) {
    TRI_TRY(tri_output_check(path, result->replace));
    TRI_TRY(tri_output_folders(path));
    TRI_TRY(tri_output_create(path, result->replace, &result->output));
    result->path = strdup(path);
    result->temporary = strdup(tri_output_temporary(result->output));
    if (!result->path || !result->temporary)
        return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", path);
    result->fd = fileno(tri_output_stream(result->output));
    return TRI_OK;
}

/* "job17.0", "job17", or "n017-4711". */
static void run_id(const tri_result *result, char *text, size_t bytes) {
    const char *job = getenv("SLURM_JOB_ID"), *step = getenv("SLURM_STEP_ID");
    char host[256] = "unknown";
    if (!result->comm && gethostname(host, sizeof host - 1)) strcpy(host, "unknown");
    if (job && *job)
        snprintf(text, bytes, "job%s%s%s", job, step && *step ? "." : "", step && *step ? step : "");
    else
        snprintf(text, bytes, "%s-%ld", result->comm ? tri_comm_host(result->comm) : host, (long)getpid());
    for (char *at = text; *at; at++)
        if (*at == '/') *at = '_';
}

/* Names may collide: two runs of one job step in one second, or equal process ids in two containers. */
enum { NAMES = 100 };

/* STEM.h5, STEM-2.h5, ... */
static char *name_of(const char *stem, int number) {
    size_t bytes = strlen(stem) + 32;
    char *name = malloc(bytes);
    if (!name) return NULL;
    if (number > 1)
        snprintf(name, bytes, "%s-%d.h5", stem, number);
    else
        snprintf(name, bytes, "%s.h5", stem);
    return name;
}

static int exists(const char *path) {
    struct stat s;
    return !lstat(path, &s);
}

tri_status tri_result_claim(tri_result *result, const char *folder, const char *program) {
    char id[256], when[32];
    run_id(result, id, sizeof id);
    time_t now = time(NULL);
    struct tm utc;
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    const char *last_slash = strrchr(program, '/');
    size_t bytes = strlen(folder) + strlen(program) + strlen(id) + 64;
    result->stem = malloc(bytes);
    if (!result->stem) return tri_fail(TRI_ERR_MEMORY, "no memory for the name of a result file");
    snprintf(result->stem, bytes, "%s/%s-%s-%s", folder, last_slash ? last_slash + 1 : program, when, id);
    char *path = name_of(result->stem, 1);
    for (int number = 2; path && number < NAMES && exists(path); number++) {
        free(path);
        path = name_of(result->stem, number);
    }
    tri_status status = path ? tri_result_claim_at(result, path)
                             : tri_fail(TRI_ERR_MEMORY, "no memory for the name of a result file");
    free(path);
    return status;
}

tri_status tri_result_publish(tri_result *result) {
    tri_status status = tri_output_finish(result->output, NULL);
    /* Another run may have taken the name of a result file since the start; the next one will do. */
    for (int number = 2; status != TRI_OK && result->stem && number < NAMES && exists(result->path);
         number++) {
        char *next = name_of(result->stem, number);
        if (!next) return tri_fail(TRI_ERR_MEMORY, "no memory for the name of a result file");
        free(result->path);
        result->path = next;
        if (!exists(next)) status = tri_output_finish(result->output, next);
    }
    return status;
}
