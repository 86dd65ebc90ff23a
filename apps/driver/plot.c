#include "apps/driver/plot.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* gnuplot does not report a full disk: the end of the file shows whether it is complete. */
static bool is_whole(const char *path) {
    char end[32] = "";
    FILE *from = fopen(path, "rb");
    if (!from) return false;
    size_t bytes = fseek(from, -(long)sizeof end, SEEK_END) ? 0 : fread(end, 1, sizeof end, from);
    fclose(from);
    for (size_t i = 0; i + 6 <= bytes; i++)
        if (!memcmp(end + i, "</svg>", 6) || !memcmp(end + i, "IEND", 4)) return true;
    return false;
}

tri_status tri_plot_check(const char *path) {
    if (!strpbrk(path, "'\"\n")) return TRI_OK;
    return tri_fail(TRI_ERR_ARGUMENT,
                    "--plot: the name '%s' contains a quotation mark or line break, which gnuplot does not "
                    "accept; choose another name",
                    path);
}

tri_status tri_plot(const char *path, const char *terminal,
                    tri_status (*draw)(FILE *to, const void *argument), const void *argument) {
    TRI_TRY(tri_plot_check(path));
    char part[PATH_MAX];
    if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part)
        return tri_fail(TRI_ERR_FILE, "the file name '%.200s...' is too long; choose a shorter one", path);
    /* Without gnuplot the pipe has no reader; pclose() reports it. */
    struct sigaction old, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &old);
    /* gnuplot's messages refer to generated input: no use to the user. */
    FILE *to = popen("gnuplot >/dev/null 2>&1", "w");
    tri_status status = TRI_OK;
    int ended = -1;
    if (to) {
        fprintf(to, "set terminal %s\nset output '%s'\n", terminal, part);
        status = draw(to, argument);
        ended = pclose(to);
    }
    sigaction(SIGPIPE, &old, NULL);
    if (status == TRI_OK && ended != -1 && WIFEXITED(ended) && WEXITSTATUS(ended) == 127)
        status = tri_fail(TRI_ERR_FILE,
                          "--plot: cannot draw '%s': gnuplot is not installed (Debian: gnuplot-nox)", path);
    else if (status == TRI_OK && (ended || !is_whole(part) || rename(part, path)))
        status = tri_fail(TRI_ERR_FILE,
                          "--plot: gnuplot cannot write '%s': check the folder and the free space", path);
    if (status != TRI_OK) (void)unlink(part);
    return status;
}
