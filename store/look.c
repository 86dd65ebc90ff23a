/* HDF5 crashes on some damaged files and loops forever on others. Neither can be undone in the process where
 * it happens, so a child process meets the file first.
 *
 * The child is this program again, started by posix_spawn(): a forked copy of a process that has called
 * MPI_Init() is not safe, and a thread or a signal handler cannot return from HDF5. It stays for further
 * files, and it counts its own processor time: waiting for a slow disk is no lack of progress. */
#include "store/look.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The name of the child, its end of the pair of sockets, and its first and every later answer. */
static const char marker[] = "trireme-look";
enum { CHILD_FD = 3, READY = 'r', DONE = 'd' };

/* A request: one message of flags and four texts, each with its terminating 0. */
enum { ANY = 1, PATH = 2, ATTRIBUTE = 4, REQUEST_BYTES = 4 * PATH_MAX };

/* One child for the process: HDF5, which it works for, exists once in a process too. */
static struct looker {
    int wanted; /* 0: nobody looks */
    pid_t pid;
    int fd; /* valid if pid > 0 */
} looker;

static double limit_s(void) {
    const char *text = getenv("TRIREME_HDF5_SECONDS");
    char *end = NULL;
    double value = text ? strtod(text, &end) : -1;
    return end && end != text && !*end && value >= 0 && value < 1e9 ? value : 5;
}

/* ---- the process that asks ---- */

static int spawn(int fd) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t all;
    char *argv[] = {(char *)marker, NULL};
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, fd, CHILD_FD);
    /* Messages such as "free(): invalid pointer" are not for the user. */
    for (int standard = 0; standard < 3; standard++)
        posix_spawn_file_actions_addopen(&files, standard, "/dev/null", O_RDWR, 0);
    posix_spawnattr_init(&how);
    /* The child unblocks what it does not ignore. */
    posix_spawnattr_setsigmask(&how, &all);
    posix_spawnattr_setsigdefault(&how, &all);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawn(&looker.pid, "/proc/self/exe", &files, &how, argv, environ);
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
    return !failed;
}

/* Waits for the end of the child; its wait status, or 0 where another part of the program took it. */
static int reap(void) {
    int status = 0;
    pid_t got;
    close(looker.fd);
    while ((got = waitpid(looker.pid, &status, 0)) < 0 && errno == EINTR)
        ;
    looker.pid = 0;
    return got < 0 ? 0 : status;
}

/* False: the child has ended. */
static int receive(char *answer) {
    ssize_t got;
    while ((got = recv(looker.fd, answer, 1, 0)) < 0 && errno == EINTR)
        ;
    return got == 1;
}

/* Starts the child. Where that is impossible (no memory, too many processes), nobody looks. */
static void start(void) {
    int pair[2];
    char answer = 0;
    if (!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
        looker.fd = pair[0];
        looker.pid = 0;
        int spawned = spawn(pair[1]);
        close(pair[1]);
        if (spawned && receive(&answer) && answer == READY) return;
        if (spawned)
            reap();
        else
            close(pair[0]);
    }
    looker.pid = 0;
    looker.wanted = 0;
}

static size_t add(char *request, size_t at, const char *text) {
    size_t bytes = strlen(text) + 1;
    if (at + bytes > REQUEST_BYTES) return REQUEST_BYTES + 1;
    memcpy(request + at, text, bytes);
    return at + bytes;
}

/* Sends to the child, which is started if there is none. False: nobody looks. */
static int ask(const char *request, size_t bytes) {
    for (int attempt = 0; attempt < 2; attempt++) {
        if (!looker.pid) start();
        if (!looker.pid) return 0;
        ssize_t sent;
        while ((sent = send(looker.fd, request, bytes, MSG_NOSIGNAL)) < 0 && errno == EINTR)
            ;
        if (sent == (ssize_t)bytes) return 1;
        /* It ended between two files, as with the thread that started it. */
        reap();
    }
    return 0;
}

tri_status tri_look(const char *file, const char *path, int any, const char *attribute) {
    char request[REQUEST_BYTES], here[PATH_MAX], answer;
    if (!looker.wanted || !getcwd(here, sizeof here)) return TRI_OK;
    request[0] = (char)((any ? ANY : 0) | (path ? PATH : 0) | (attribute ? ATTRIBUTE : 0));
    const char *texts[] = {here, file, path, attribute};
    size_t bytes = 1;
    for (int i = 0; i < 4; i++)
        bytes = add(request, bytes, texts[i] ? texts[i] : "");
    if (bytes > REQUEST_BYTES || !ask(request, bytes) || receive(&answer)) return TRI_OK;
    int end = reap();
    if (!end) return TRI_OK;
    const char *what = WIFSIGNALED(end) ? strsignal(WTERMSIG(end)) : "error";
    if (WIFSIGNALED(end) && WTERMSIG(end) == SIGPROF) what = "no progress";
    return tri_fail(TRI_ERR_FILE,
                    "cannot read '%s': HDF5 fails in it (%s); the file is damaged: copy or write it again",
                    file, what);
}

/* ---- the child ---- */

/* Ends the child by SIGPROF after the limit of processor time from now on. */
static void limit_time(void) {
    double seconds = limit_s();
    struct itimerval timer = {.it_value.tv_sec = (time_t)seconds};
    timer.it_value.tv_usec = (suseconds_t)(1e6 * (seconds - (double)timer.it_value.tv_sec)) + 1;
    if (timer.it_value.tv_usec > 999999) timer.it_value.tv_usec = 999999;
    setitimer(ITIMER_PROF, &timer, NULL);
}

static void prepare(void) {
    static const int stops[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP};
    sigset_t none;
    struct rlimit no_core = {0, 0};
    /* Ends with the parent. A signal to all processes of a job concerns the parent only: it is no crash. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        (void)signal(stops[i], SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setrlimit(RLIMIT_CORE, &no_core);
    /* Pipes and connections of the parent must not stay open after it. */
    for (int fd = CHILD_FD + 1, most = (int)sysconf(_SC_OPEN_MAX); fd < most && fd < 4096; fd++)
        close(fd);
}

static void look_at_files(tri_look_at look_at) {
    char request[REQUEST_BYTES], answer = READY;
    while (send(CHILD_FD, &answer, 1, MSG_NOSIGNAL) == 1) {
        if (recv(CHILD_FD, request, sizeof request, 0) <= 1) return;
        char *text[4] = {request + 1};
        for (int i = 1; i < 4; i++)
            text[i] = text[i - 1] + strlen(text[i - 1]) + 1;
        limit_time();
        if (!chdir(text[0]))
            look_at(text[1], request[0] & PATH ? text[2] : NULL, request[0] & ANY,
                    request[0] & ATTRIBUTE ? text[3] : NULL);
        answer = DONE;
    }
}

void tri_look_first(int argc, char **argv, tri_look_at look_at) {
    if (argc != 1 || strcmp(argv[0], marker)) {
        looker.wanted = limit_s() > 0;
        return;
    }
    prepare();
    look_at_files(look_at);
    /* Without the exit functions of HDF5 and MPI. */
    _exit(0);
}
