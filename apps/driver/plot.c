#include "apps/driver/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* gnuplot does not report a full disk: the end of the file shows whether it is complete. */
static bool is_whole(int fd) {
    char end[32];
    off_t size = lseek(fd, 0, SEEK_END), from = size > (off_t)sizeof end ? size - (off_t)sizeof end : 0;
    ssize_t bytes = pread(fd, end, sizeof end, from);
    for (ssize_t i = 0; i + 6 <= bytes; i++)
        if (!memcmp(end + i, "</svg>", 6) || !memcmp(end + i, "IEND", 4)) return true;
    return false;
}

/* Starts gnuplot with its standard output in `fd`, and without its messages, which refer to generated input
 * that users do not see. Returns the stream of its standard input; NULL with errno where it cannot start. */
static FILE *start(int fd, pid_t *child) {
    char *words[] = {"gnuplot", NULL};
    int ends[2], failed;
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC)) return NULL;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    failed = posix_spawnp(child, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    FILE *to = failed ? NULL : fdopen(ends[1], "w");
    if (to) return to;
    close(ends[1]);
    errno = failed ? failed : ENOMEM;
    return NULL;
}

static tri_status failure(const char *path) {
    return tri_fail(TRI_ERR_FILE, "--plot: gnuplot cannot write '%s': check the folder and the free space",
                    path);
}

/* Draws into an output. gnuplot never learns a name, so no name can mean something to it. */
static tri_status draw_into(tri_output *output, const char *path, const char *terminal,
                            tri_status (*draw)(FILE *to, const void *argument), const void *argument) {
    int fd = fileno(tri_output_stream(output)), ended = 0;
    pid_t child;
    FILE *to = start(fd, &child);
    if (!to && errno == ENOENT)
        return tri_fail(TRI_ERR_FILE,
                        "--plot: cannot draw '%s': gnuplot is not installed (Debian: gnuplot-nox)", path);
    if (!to) return tri_fail(TRI_ERR_SYSTEM, "--plot: cannot start gnuplot: %s", strerror(errno));
    fprintf(to, "set terminal %s\n", terminal);
    tri_status status = draw(to, argument);
    fclose(to);
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
        continue;
    TRI_TRY(status);
    return ended || !is_whole(fd) ? failure(path) : tri_output_finish(output, NULL);
}

tri_status tri_plot(const char *path, int replace, const char *terminal,
                    tri_status (*draw)(FILE *to, const void *argument), const void *argument) {
    tri_output *output = NULL;
    /* gnuplot may end before it has read everything. */
    struct sigaction old, ignore = {.sa_handler = SIG_IGN};
    TRI_TRY(tri_output_create(path, replace, &output));
    sigaction(SIGPIPE, &ignore, &old);
    tri_status status = draw_into(output, path, terminal, draw, argument);
    sigaction(SIGPIPE, &old, NULL);
    tri_output_destroy(&output);
    return status;
}

tri_status tri_plot_check(const tri_run *run, const char *path) {
    return tri_comm_rank(run->comm) ? TRI_OK : tri_output_check(path, run->common->replace);
}

void tri_plot_text(FILE *to, const char *text) {
    fputc('\'', to);
    for (; *text; text++) {
        if (*text == '\'') fputc('\'', to);
        fputc((unsigned char)*text < ' ' ? ' ' : *text, to);
    }
    fputc('\'', to);
}
