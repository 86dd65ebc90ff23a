/* The quadratic sieve of FLINT runs in a process of its own: it cannot be stopped, keeps its relations in a
 * file of a fixed name in the current folder, and ends its process where memory does.
 *
 * The worker starts this program again, as a guard with a folder of its own, which forks the process that
 * sieves. The guard's standard input is a pipe from the worker: its end tells it that the worker is gone or
 * wants no result, and it ends the sieve and removes the folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <flint/flint.h>
#include <flint/fmpz.h>
#include <flint/fmpz_factor.h>
#include <flint/qsieve.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/factor/factor.h"

/* ---- the guard ---- */

static void sieve_in(const char *folder, const char *number) {
    fmpz_t n;
    fmpz_factor_t found;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (chdir(folder)) _exit(4);
    fmpz_init(n);
    fmpz_factor_init(found);
    if (fmpz_set_str(n, number, 10)) _exit(2);
    qsieve_factor(found, n);
    for (slong i = 0; i < found->num; i++) {
        fmpz_print(found->p + i);
        putchar('\n');
    }
    _exit(fflush(stdout) ? 4 : 0);
}

static void remove_folder(const char *folder) {
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));)
        if (entry->d_name[0] != '.') unlinkat(dirfd(list), entry->d_name, 0);
    if (list) closedir(list);
    rmdir(folder);
}

int factor_sieve_process(const char *number) {
    const char *base = getenv("TMPDIR");
    char folder[4096];
    int state = 0;
    snprintf(folder, sizeof folder, "%s/trireme-factor-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(folder)) {
        fprintf(stderr, "factor: cannot make a folder in '%s' for the sieve: %s; set TMPDIR\n",
                base && *base ? base : "/tmp", strerror(errno));
        return 4;
    }
    pid_t child = fork();
    if (child == 0) sieve_in(folder, number);
    int child_file = child > 0 ? (int)syscall(SYS_pidfd_open, child, 0) : -1;
    if (child_file >= 0) {
        struct pollfd ends[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                 {.fd = child_file, .events = POLLIN}};
        while (poll(ends, 2, -1) < 0 && errno == EINTR) {
        }
    }
    if (child > 0) {
        if (child_file >= 0) kill(child, SIGKILL); /* one that has ended stays until the wait */
        while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
        }
    }
    remove_folder(folder);
    return child > 0 && WIFEXITED(state) ? WEXITSTATUS(state) : 3;
}

/* ---- the worker's side ---- */

typedef struct guard {
    pid_t process;
    int to, from;
} guard;

static tri_status start(const char *number, guard *g) {
    static char word[] = FACTOR_SIEVE_WORD, name[] = "factor";
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC)) return tri_fail(TRI_ERR_SYSTEM, "cannot make a pipe: %s", strerror(errno));
    if (pipe2(from, O_CLOEXEC)) {
        close(to[0]);
        close(to[1]);
        return tri_fail(TRI_ERR_SYSTEM, "cannot make a pipe: %s", strerror(errno));
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    /* A group of its own: a signal to the job is the worker's affair. */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    char *const words[] = {name, word, (char *)number, NULL};
    extern char **environ;
    int error = posix_spawn(&g->process, "/proc/self/exe", &actions, &attributes, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(to[0]);
    close(from[1]);
    g->to = to[1];
    g->from = from[0];
    if (!error) return TRI_OK;
    close(g->to);
    close(g->from);
    return tri_fail(TRI_ERR_SYSTEM, "cannot start a process for the sieve: %s", strerror(error));
}

/* Reads what it prints until its end, or until the task is cancelled. */
static void follow(const guard *g, tri_pool_task *task, FILE *out) {
    enum { LOOK_MS = 100 };
    char bytes[4096];
    while (!tri_pool_cancelled(task)) {
        struct pollfd file = {.fd = g->from, .events = POLLIN};
        if (poll(&file, 1, LOOK_MS) <= 0) continue;
        ssize_t got = read(g->from, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return;
        fwrite(bytes, 1, (size_t)got, out);
    }
}

tri_status factor_work_sieve(tri_pool_task *task, const void *in, size_t bytes) {
    char *number = strndup(in, bytes), *factors = NULL, *text = NULL, *at = NULL;
    size_t length;
    int state = 0;
    guard g;
    if (!number) return tri_fail(TRI_ERR_MEMORY, "no memory for a task");
    tri_status status = start(number, &g);
    if (status != TRI_OK) {
        free(number);
        return status;
    }
    FILE *out = factor_stream(&factors, &length);
    follow(&g, task, out);
    fclose(out);
    close(g.to);
    close(g.from);
    while (waitpid(g.process, &state, 0) < 0 && errno == EINTR) {
    }
    out = factor_stream(&text, &length);
    for (char *line = strtok_r(factors, "\n", &at); line; line = strtok_r(NULL, "\n", &at))
        if (strcmp(line, number) != 0) fprintf(out, "F 0 %s\n", line);
    fputs("D 0\n", out);
    fclose(out);
    if (tri_pool_cancelled(task))
        status = tri_fail(TRI_CANCELLED, "cancelled");
    else if (!WIFEXITED(state) || WEXITSTATUS(state))
        status = tri_fail(TRI_ERR_SYSTEM, "the process of the sieve has failed (its status is %d)",
                          WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state));
    else
        status = tri_pool_return(task, text, length);
    free(factors);
    free(text);
    free(number);
    return status;
}
