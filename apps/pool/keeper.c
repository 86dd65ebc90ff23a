/* A small process beside each worker that outlives it: when the worker is killed, its commands are, so that
 * they do not run beside their next attempts. It is forked before MPI and threads, while the process is
 * small. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apps/pool/farm.h"

enum { LAUNCHER_MS = 10000 };

static int keeper_file = -1;

/* The mpirun of Open MPI that has started this process, as a descriptor; -1: none. */
static int find_launcher(void) {
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", (int)getppid());
    FILE *file = getenv("OMPI_COMM_WORLD_RANK") ? fopen(path, "re") : NULL;
    bool found =
        file && fgets(name, sizeof name, file) &&
        (!strncmp(name, "mpirun", 6) || !strncmp(name, "mpiexec", 7) || !strncmp(name, "orterun", 7));
    if (file) fclose(file);
    return found ? (int)syscall(SYS_pidfd_open, getppid(), 0) : -1;
}

/* mpirun of Open MPI 4 sometimes never ends after a rank was lost, and never if it was on another node. */
static void end_launcher(int launcher) {
    struct pollfd end = {.fd = launcher, .events = POLLIN};
    if (poll(&end, 1, LAUNCHER_MS) == 0) (void)syscall(SYS_pidfd_send_signal, launcher, SIGTERM, NULL, 0);
}

/* Process groups that run. The end of the connection is the end of the worker. */
static void keep(int file, int launcher) {
    pid_t *group = NULL, word;
    size_t count = 0, room = 0;
    bool lost = false;
    for (;;) {
        ssize_t got = recv(file, &word, sizeof word, MSG_WAITALL);
        if (got < 0 && errno == EINTR) continue;
        if (got != (ssize_t)sizeof word) break;
        if (word == 0) {
            lost = true;
            continue;
        }
        size_t at = 0;
        while (at < count && group[at] != (word < 0 ? -word : word))
            at++;
        if (word < 0 && at < count) group[at] = group[--count];
        if (word < 0 || at < count) continue;
        if (count == room) {
            pid_t *more = realloc(group, (room = room ? 2 * room : 64) * sizeof *more);
            if (!more) _exit(3);
            group = more;
        }
        group[count++] = word;
    }
    while (count)
        kill(-group[--count], SIGKILL);
    if (lost && launcher >= 0) end_launcher(launcher);
    _exit(0);
}

tri_status farm_keeper_start(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return tri_fail(TRI_ERR_SYSTEM, "cannot make a pair of sockets");
    int launcher = find_launcher();
    pid_t child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return tri_fail(TRI_ERR_SYSTEM, "cannot start a process");
    }
    if (child == 0) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL); /* signals to the whole job are not meant for it */
        (void)setsid();
        /* A launcher waits for the end of the output. */
        for (int file = (int)sysconf(_SC_OPEN_MAX) < 4096 ? (int)sysconf(_SC_OPEN_MAX) : 4096; file-- > 0;)
            if (file != ends[0] && file != launcher) close(file);
        keep(ends[0], launcher);
    }
    close(ends[0]);
    if (launcher >= 0) close(launcher);
    keeper_file = ends[1];
    return TRI_OK;
}

void farm_keeper_tell(pid_t group, bool runs) {
    pid_t word = runs ? group : -group;
    if (keeper_file >= 0 && send(keeper_file, &word, sizeof word, MSG_NOSIGNAL) < 0) {
        /* the keeper is gone: only the commands of a killed worker stay behind */
    }
}

void farm_keeper_lost(void) {
    farm_keeper_tell(0, true);
}
