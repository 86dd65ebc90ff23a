/* Runs a command in a process group of its own, and sends what it prints while it runs. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/pool/farm.h"

enum { LOOK_MS = 100, VARIABLES = 8 };
static const double kill_after_s = 2;
extern char **environ;

void farm_outcome_put(farm_bytes *b, const farm_outcome *o) {
    farm_put_number(b, o->end, 1);
    farm_put_number(b, (uint32_t)o->value, 4);
    farm_put_real(b, o->user_s);
    farm_put_real(b, o->system_s);
    farm_put_number(b, o->memory_bytes, 8);
}

tri_status farm_outcome_get(farm_reader *r, farm_outcome *o) {
    o->end = (farm_end)farm_get_number(r, 1);
    o->value = (int)farm_get_number(r, 4);
    o->user_s = farm_get_real(r);
    o->system_s = farm_get_real(r);
    o->memory_bytes = farm_get_number(r, 8);
    return r->bad || o->end > FARM_LOST ? tri_fail(TRI_ERR_DATA, "a record of a task is damaged") : TRI_OK;
}

const char *farm_outcome_text(const farm_outcome *o, char *text, size_t room) {
    switch (o->end) {
    case FARM_EXIT:
        snprintf(text, room, "exit status %d", o->value);
        break;
    case FARM_SIGNAL:
        snprintf(text, room, "signal %d (%s)%s", o->value, strsignal(o->value),
                 o->value == SIGKILL ? ": out of memory?" : "");
        break;
    case FARM_TIMEOUT:
        snprintf(text, room, "beyond --timeout");
        break;
    case FARM_STOPPED:
        snprintf(text, room, "stopped");
        break;
    case FARM_NO_START:
        snprintf(text, room, "did not start: %s", strerror(o->value));
        break;
    case FARM_LOST:
        snprintf(text, room, "its worker was lost");
        break;
    }
    return text;
}

void farm_command_put(farm_bytes *b, uint64_t number, double timeout_s, const char *folder,
                      const char *command, size_t length) {
    b->count = 0;
    farm_put_number(b, number, 8);
    farm_put_real(b, timeout_s);
    farm_put_text(b, folder, strlen(folder));
    farm_put_text(b, command, length);
    farm_put(b, "", 1); /* the command ends with 0 */
}

/* The environment of a command: ours and the variables of its task. */
typedef struct environment {
    char text[VARIABLES][320];
    char **all;
} environment;

static tri_status make_environment(environment *e, const tri_pool_place *where, uint64_t number) {
    size_t count = 0, own = 0;
    char devices[256] = "";
    for (int i = 0, at = 0; i < where->devices && at < (int)sizeof devices; i++)
        at += snprintf(devices + at, sizeof devices - (size_t)at, "%s%d", i ? "," : "", where->device[i]);
    snprintf(e->text[own++], sizeof *e->text, "TRIREME_POOL_TASK=%llu", (unsigned long long)number);
    snprintf(e->text[own++], sizeof *e->text, "TRIREME_POOL_ATTEMPT=%d", where->attempt);
    snprintf(e->text[own++], sizeof *e->text, "TRIREME_POOL_WORKER=%d", where->worker);
    snprintf(e->text[own++], sizeof *e->text, "TRIREME_POOL_SLOT=%d", where->slot);
    snprintf(e->text[own++], sizeof *e->text, "TRIREME_POOL_NODE=%s", where->host);
    snprintf(e->text[own++], sizeof *e->text, "TRIREME_POOL_CORES=%d", where->cores);
    snprintf(e->text[own++], sizeof *e->text, "TRIREME_POOL_DEVICES=%s", devices);
    while (environ[count])
        count++;
    e->all = calloc(count + VARIABLES + 1, sizeof(char *));
    if (!e->all) return tri_fail(TRI_ERR_MEMORY, "no memory for an environment");
    size_t kept = 0;
    /* A command is no rank: an MPI program in it would take itself for one. */
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "OMPI_", 5) != 0 && strncmp(environ[i], "PMI", 3) != 0 &&
            strncmp(environ[i], "TRIREME_POOL_", 13) != 0)
            e->all[kept++] = environ[i];
        else if (!strncmp(environ[i], "OMPI_MCA_", 9) && strncmp(environ[i], "OMPI_MCA_ess", 12) != 0 &&
                 strncmp(environ[i], "OMPI_MCA_orte", 13) != 0 &&
                 strncmp(environ[i], "OMPI_MCA_pmix", 13) != 0)
            e->all[kept++] = environ[i];
    for (size_t i = 0; i < own; i++)
        e->all[kept++] = e->text[i];
    return TRI_OK;
}

/* Words of a command that needs no shell, in place; 0: it needs one. */
static int split_words(char *command, char **words, int room) {
    int count = 0;
    if (strpbrk(command, "|&;<>()$`\\\"'*?[]#~=%!{}\n\r\v\f")) return 0;
    char *rest = NULL;
    for (char *word = strtok_r(command, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (count + 1 >= room) return 0;
        words[count++] = word;
    }
    words[count] = NULL;
    return count;
}

/* posix_spawn and not fork: a large process forks slowly. */
static int spawn(const char *command, const char *folder, char **variables, const int out[2],
                 const int err[2], pid_t *child) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t all, none;
    char *words[64], *copy = strdup(command), *shell[] = {"sh", "-c", (char *)command, NULL};
    if (!copy) return ENOMEM;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_init(&how);
    posix_spawnattr_setsigdefault(&how, &all);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, err[1], STDERR_FILENO);
    if (*folder) posix_spawn_file_actions_addchdir_np(&files, folder);
    int error = ENOENT;
    if (split_words(copy, words, 64)) error = posix_spawnp(child, words[0], &files, &how, words, variables);
    /* Also what the shell knows and the path does not: exit, cd. */
    if (error == ENOENT || error == ENOEXEC || error == EACCES)
        error = posix_spawn(child, "/bin/sh", &files, &how, shell, variables);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    free(copy);
    return error;
}

/* A running command. */
typedef struct running {
    tri_pool_task *task;
    pid_t child;
    struct pollfd wait[3]; /* output, errors, its end */
    double due, kill_due;
    farm_end end; /* why it was told to end, or FARM_EXIT */
} running;

/* Sends what can be read of a stream now. */
static void drain(running *r, int stream) {
    char block[64 << 10];
    ssize_t got = read(r->wait[stream].fd, block, sizeof block);
    if (got > 0)
        (void)tri_pool_send(r->task, (uint32_t)stream + 1, block, (size_t)got);
    else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        close(r->wait[stream].fd);
        r->wait[stream].fd = -1;
    }
}

static void check_time(running *r) {
    double now = tri_deadline(0);
    if (r->end == FARM_EXIT && (tri_pool_cancelled(r->task) || !(now < r->due))) {
        r->end = now < r->due ? FARM_STOPPED : FARM_TIMEOUT;
        r->kill_due = now + kill_after_s;
        kill(-r->child, SIGTERM);
        kill(-r->child, SIGCONT);
    } else if (r->end != FARM_EXIT && !(now < r->kill_due))
        kill(-r->child, SIGKILL);
}

/* Until the command itself has ended. What it leaves in its group ends with it. */
static void wait_end(running *r, int *status, struct rusage *usage) {
    for (;;) {
        int ready = poll(r->wait, 3, LOOK_MS);
        for (int i = 0; ready > 0 && i < 2; i++)
            if (r->wait[i].fd >= 0 && r->wait[i].revents) drain(r, i);
        if (wait4(r->child, status, WNOHANG, usage) == r->child) break;
        check_time(r);
    }
    kill(-r->child, SIGKILL);
    for (int i = 0; i < 2; i++) {
        if (r->wait[i].fd < 0) continue;
        (void)fcntl(r->wait[i].fd, F_SETFL, O_NONBLOCK);
        /* A process that has left the group may hold the pipe: take what is there and do not wait for it. */
        for (struct pollfd one = r->wait[i]; r->wait[i].fd >= 0 && poll(&one, 1, 0) > 0;)
            drain(r, i);
        if (r->wait[i].fd >= 0) close(r->wait[i].fd);
    }
    if (r->wait[2].fd >= 0) close(r->wait[2].fd);
}

static double seconds_of(struct timeval time) {
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

static void run_child(running *r, farm_outcome *outcome) {
    struct rusage usage = {0};
    int status = 0;
    r->wait[2] = (struct pollfd){.fd = (int)syscall(SYS_pidfd_open, r->child, 0), .events = POLLIN};
    wait_end(r, &status, &usage);
    outcome->end = r->end != FARM_EXIT ? r->end : WIFSIGNALED(status) ? FARM_SIGNAL : FARM_EXIT;
    outcome->value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    outcome->user_s = seconds_of(usage.ru_utime);
    outcome->system_s = seconds_of(usage.ru_stime);
    outcome->memory_bytes = (uint64_t)usage.ru_maxrss * 1024;
}

static int start_child(running *r, const char *command, const char *folder, char **variables) {
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC)) return errno;
    if (pipe2(err, O_CLOEXEC)) {
        int error = errno;
        close(out[0]);
        close(out[1]);
        return error;
    }
    int error = spawn(command, folder, variables, out, err, &r->child);
    close(out[1]);
    close(err[1]);
    r->wait[0] = (struct pollfd){.fd = out[0], .events = POLLIN};
    r->wait[1] = (struct pollfd){.fd = err[0], .events = POLLIN};
    if (error) {
        close(out[0]);
        close(err[0]);
    }
    return error;
}

tri_status farm_command_run(tri_pool_task *task, const void *in, size_t bytes) {
    farm_reader reader = {.at = in, .end = (const uint8_t *)in + bytes};
    size_t folder_length, length;
    uint64_t number = farm_get_number(&reader, 8);
    double timeout_s = farm_get_real(&reader);
    const char *folder_text = farm_get_text(&reader, &folder_length);
    const char *command = farm_get_text(&reader, &length);
    char folder[4096], text[256];
    if (reader.bad || folder_length >= sizeof folder) return tri_fail(TRI_ERR_DATA, "a task is damaged");
    memcpy(folder, folder_text, folder_length);
    folder[folder_length] = 0;
    environment e = {.all = NULL};
    TRI_TRY(make_environment(&e, tri_pool_where(task), number));
    running r = {.task = task, .due = timeout_s > 0 ? tri_deadline(timeout_s) : TRI_FOREVER};
    farm_outcome outcome = {.end = FARM_NO_START};
    outcome.value = start_child(&r, command, folder, e.all);
    free(e.all);
    if (!outcome.value) run_child(&r, &outcome);
    farm_bytes result = {0};
    farm_outcome_put(&result, &outcome);
    tri_status status = tri_pool_return(task, result.bytes, result.count);
    free(result.bytes);
    if (status != TRI_OK || (outcome.end == FARM_EXIT && !outcome.value)) return status;
    farm_outcome_text(&outcome, text, sizeof text);
    return tri_fail(outcome.end == FARM_STOPPED   ? TRI_CANCELLED
                    : outcome.end == FARM_TIMEOUT ? TRI_TIMED_OUT
                                                  : TRI_ERR_WRONG,
                    "%s", text);
}
