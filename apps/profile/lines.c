/* File and line of return addresses, by addr2line of binutils. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/profile/collect.h"

extern char **environ;

enum { BATCH = 128 };

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Starts addr2line with the offsets as arguments. Its output; NULL: there is no such program. */
static FILE *start(const profile_place *places, size_t count, pid_t *child) {
    char offset[BATCH][24], *words[BATCH + 5] = {"addr2line", "-f", "-e", (char *)places->module};
    int ends[2];
    posix_spawn_file_actions_t actions;
    for (size_t i = 0; i < count; i++) {
        snprintf(offset[i], sizeof offset[i], "0x%" PRIx64, places[i].offset);
        words[4 + i] = offset[i];
    }
    words[4 + count] = NULL;
    if (pipe(ends)) return NULL;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    int failed = posix_spawnp(child, *words, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *from = failed ? NULL : fdopen(ends[0], "r");
    if (!from) close(ends[0]);
    return from;
}

static void cut(char *text) {
    text[strcspn(text, "\n")] = 0;
    char *more = strstr(text, " (discriminator");
    if (more) *more = 0;
}

/* From the two lines of addr2line; both may be unknown. */
static tri_status name_place(profile_place *p, const char *within, const char *site) {
    char text[512];
    const char *colon = strrchr(site, ':');
    int known = colon && site[0] != '?' && colon[1] != '?' && colon[1] != '0';
    int named = *within && *within != '?';
    if (known)
        snprintf(text, sizeof text, "%s", last_part(site));
    else
        snprintf(text, sizeof text, "%s+0x%" PRIx64, *p->module ? last_part(p->module) : "unknown",
                 p->offset);
    p->site = strdup(text);
    p->within = strdup(named ? within : "");
    return p->site && p->within ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the call sites");
}

static tri_status find(profile_place *places, size_t count) {
    pid_t child = 0;
    FILE *from = *places->module ? start(places, count, &child) : NULL;
    tri_status status = TRI_OK;
    for (size_t i = 0; i < count && status == TRI_OK; i++) {
        char within[512] = "", site[4096] = "";
        if (from && (!fgets(within, sizeof within, from) || !fgets(site, sizeof site, from)))
            *within = *site = 0;
        cut(within);
        cut(site);
        status = name_place(&places[i], within, site);
    }
    if (from) fclose(from);
    while (child && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    return status;
}

tri_status profile_find_lines(profile_place *places, size_t count) {
    for (size_t first = 0; first < count;) {
        size_t same = 1;
        while (first + same < count && same < BATCH &&
               !strcmp(places[first].module, places[first + same].module))
            same++;
        TRI_TRY(find(places + first, same));
        first += same;
    }
    return TRI_OK;
}
