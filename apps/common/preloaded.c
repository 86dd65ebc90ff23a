/* Starting a program under the preload. */
#include "apps/common/preloaded.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/driver/machine.h"
#include "apps/driver/options.h"

/* The preload: installed, or of this build. */
static tri_status find_preload(char path[PATH_MAX]) {
    static const char *const below[] = {TRIREME_TO_LIBRARY, "../preload"};
    char self[PATH_MAX], candidate[2 * PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) return tri_fail(TRI_ERR_FILE, "/proc/self/exe: %s", strerror(errno));
    self[length] = 0;
    *strrchr(self, '/') = 0;
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        snprintf(candidate, sizeof candidate, "%s/%s/libtrireme-preload.so", self, below[i]);
        if (access(candidate, R_OK) || !realpath(candidate, path)) continue;
        if (!strpbrk(path, " :")) return TRI_OK;
        return tri_fail(TRI_ERR_ABSENT,
                        "LD_PRELOAD cannot name '%s': install Trireme in a folder without spaces and colons",
                        path);
    }
    return tri_fail(TRI_ERR_ABSENT,
                    "there is no libtrireme-preload.so in %s/%s: install Trireme on every node", self,
                    *below);
}

/* Whether `list` has the word. */
static bool has_word(const char *list, const char *word, char separator) {
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == separator) && (!at[length] || at[length] == separator)) return true;
    return false;
}

/* Adds a word to a list in the environment, in front. Launchers of several modes may follow each other. */
static tri_status add_word(const char *name, const char *word, char separator) {
    const char *old = getenv(name);
    if (!old || !*old) {
        if (!setenv(name, word, 1)) return TRI_OK;
    } else if (has_word(old, word, separator)) {
        return TRI_OK;
    } else {
        size_t room = strlen(word) + strlen(old) + 2;
        char *both = malloc(room);
        if (both) snprintf(both, room, "%s%c%s", word, separator, old);
        int failed = !both || setenv(name, both, 1);
        free(both);
        if (!failed) return TRI_OK;
    }
    return tri_fail(TRI_ERR_MEMORY, "out of memory for the variable %s", name);
}

tri_status tri_preloaded_add(const char *mode) {
    char path[PATH_MAX];
    TRI_TRY(find_preload(path));
    TRI_TRY(add_word("LD_PRELOAD", path, ':'));
    return add_word("TRIREME_PRELOAD", mode, ',');
}

tri_status tri_preloaded_set(const char *name, const char *value) {
    if (!setenv(name, value, 1)) return TRI_OK;
    return tri_fail(TRI_ERR_MEMORY, "out of memory for the variable %s", name);
}

tri_status tri_preloaded_become(const tri_texts *command) {
    execvp(command->text[0], command->text);
    return tri_fail(TRI_ERR_ABSENT, "cannot start '%s': %s", command->text[0], strerror(errno));
}

int tri_preloaded_main(const tri_app *app, void *state, tri_status (*start)(void *state), int argc,
                       char **argv) {
    static const tri_option no_rows[] = {{.name = NULL}};
    const tri_option_set sets[2] = {{app->options, state}, {no_rows, state}};
    tri_action action;
    tri_status status = tri_options_parse(app, sets, argc, argv, &action);
    if (status == TRI_OK && action == TRI_ACTION_RUN) status = start(state);
    if (tri_launcher_rank() != 0) return status == TRI_OK ? 0 : tri_status_exit(status);
    if (status != TRI_OK) {
        fprintf(stderr, "%s: %s\n", app->name, tri_error_text());
        return tri_status_exit(status);
    }
    if (action == TRI_ACTION_HELP) tri_options_help(app, sets, stdout);
    if (action == TRI_ACTION_MAN) tri_options_man(app, sets, stdout);
    if (action == TRI_ACTION_COMPLETION) tri_options_completion(app, sets, stdout);
    if (action == TRI_ACTION_VERSION) printf("%s (trireme %s)\n", app->name, TRIREME_VERSION_TEXT);
    return fflush(stdout) ? 4 : 0;
}
