/* The parent side of the probe, and the verdicts on MPI. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apps/doctor/doctor.h"

struct doctor_probe {
    pid_t pid;
    int to, from, errors; /* pipes, and a memory file for the output of the probe and MPI */
    double timeout_s;
    char *line; /* input that is not yet parsed */
    size_t used, room;
    bool late; /* it was killed after the timeout */
};

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* doctor-probe is in the folder of this program. */
static void probe_path(char *path, size_t bytes) {
    char self[4000];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length > 0 ? length : 0] = 0;
    char *slash = strrchr(self, '/');
    if (slash) slash[1] = 0;
    snprintf(path, bytes, "%sdoctor-probe", self);
}

/* In the child: standard output and error go to the memory file, so they do not mix with the page. */
static void become_probe(int in, int out, int errors) {
    char path[4096], in_text[16], out_text[16];
    probe_path(path, sizeof path);
    snprintf(in_text, sizeof in_text, "%d", in);
    snprintf(out_text, sizeof out_text, "%d", out);
    signal(SIGPIPE, SIG_DFL);
    fcntl(in, F_SETFD, 0);
    fcntl(out, F_SETFD, 0);
    dup2(errors, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    execl(path, "doctor-probe", in_text, out_text, (char *)NULL);
    dprintf(STDERR_FILENO, "cannot run '%s': %s\n", path, strerror(errno));
    _exit(127);
}

static bool launch(doctor_probe *p) {
    int to[2], from[2];
    p->errors = memfd_create("doctor-probe", MFD_CLOEXEC);
    if (p->errors < 0 || pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC)) return false;
    p->pid = fork();
    if (p->pid == 0) become_probe(to[0], from[1], p->errors);
    close(to[0]);
    close(from[1]);
    p->to = to[1];
    p->from = from[0];
    return p->pid > 0;
}

/* The next line of the probe; NULL: it ended, or took too long and was killed. */
static json_t *hear(doctor_probe *p) {
    double until = now_s() + p->timeout_s;
    char *end;
    while (!(end = p->used ? memchr(p->line, '\n', p->used) : NULL)) {
        if (p->used + 4096 > p->room) {
            char *longer = realloc(p->line, p->room = 2 * p->room + 4096);
            if (!longer) return NULL;
            p->line = longer;
        }
        double left_s = until - now_s();
        int wait_ms = left_s > 1e6 ? 1000000000 : (int)(left_s * 1000);
        struct pollfd wanted = {.fd = p->from, .events = POLLIN};
        int ready = wait_ms > 0 ? poll(&wanted, 1, wait_ms) : 0;
        if (ready < 0 && errno == EINTR) continue;
        ssize_t got = ready > 0 ? read(p->from, p->line + p->used, p->room - p->used) : -1;
        if (got <= 0) {
            p->late = ready == 0;
            if (p->late) kill(p->pid, SIGKILL);
            return NULL;
        }
        p->used += (size_t)got;
    }
    *end = 0;
    json_t *heard = json_loads(p->line, JSON_DECODE_ANY, NULL);
    p->used -= (size_t)(end + 1 - p->line);
    memmove(p->line, end + 1, p->used);
    return heard;
}

static void tell(doctor_probe *p, const json_t *what) {
    char *text = json_dumps(what, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text) dprintf(p->to, "%s\n", text);
    free(text);
}

/* The output of the dead probe, in one line without the frames of Open MPI's banners, and how it ended. */
static void last_words(doctor_probe *p, char *text, size_t bytes) {
    int status = 0;
    size_t used = 0;
    char line[512];
    kill(p->pid, SIGKILL); /* in case it still runs but wrote garbage */
    waitpid(p->pid, &status, 0);
    p->pid = 0;
    text[0] = 0;
    FILE *file = fdopen(dup(p->errors), "r");
    if (file) rewind(file);
    for (int lines = 0; file && lines < 9 && fgets(line, sizeof line, file);) {
        line[strcspn(line, "\n")] = 0;
        char *start = line + strspn(line, " \t");
        if (!*start || strspn(start, "-=*") == strlen(start)) continue;
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? " " : "", start);
        used = used < bytes ? used : bytes - 1;
        lines++;
    }
    if (file) fclose(file);
    if (p->late)
        snprintf(text + used, bytes - used, "%sno answer within %g s", used ? "; " : "", p->timeout_s);
    else if (WIFSIGNALED(status))
        snprintf(text + used, bytes - used, "%s%s", used ? "; " : "", strsignal(WTERMSIG(status)));
    else if (!used)
        snprintf(text, bytes, "it ended with status %d and no message", WEXITSTATUS(status));
}

doctor_probe *doctor_probe_start(doctor *d) {
    doctor_probe *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    signal(SIGPIPE, SIG_IGN); /* a dead probe is detected when it does not answer */
    p->timeout_s = (double)d->timeout_s;
    p->to = p->from = p->errors = -1;
    if (launch(p) && (d->loaded = hear(p)) != NULL) d->started = hear(p);
    char words[900];
    d->check = "mpi";
    if (d->started) return p;
    last_words(p, words, sizeof words);
    if (!d->loaded)
        doctor_say(d, DOCTOR_FAILURE,
                   "load the module of the build; ldd apps/doctor-probe shows what is missing",
                   "the programs do not load: %s", words);
    else
        doctor_say(d, DOCTOR_FAILURE,
                   d->launch.launcher && !strncmp(d->launch.launcher, "srun", 4)
                       ? "srun --mpi=pmix (srun --mpi=list shows the plug-ins), or mpirun inside the job"
                   : doctor_launch_is_foreign(d) ? "see launch"
                                                 : "see limits and tmp; . jobs/env.sh, then mpirun -np 1 "
                                                   "hostname: does the launcher itself work?",
                   "%s does not start: %s", json_string_value(json_object_get(d->loaded, "mpi_loaded")),
                   words);
    return p;
}

void doctor_check_mpi(doctor *d) {
    const char *compiled = json_string_value(json_object_get(d->loaded, "mpi_compiled"));
    const char *loaded = json_string_value(json_object_get(d->loaded, "mpi_loaded"));
    const char *level = json_string_value(json_object_get(d->started, "thread_level"));
    if (!d->started) return; /* doctor_probe_start() reported it */
    if (!json_is_true(json_object_get(d->started, "threads_allowed")))
        doctor_say(d, DOCTOR_FAILURE, "use an MPI library that is built with threads", "%s provides only %s",
                   loaded, level);
    else if (!strstr(loaded, compiled))
        doctor_say(d, DOCTOR_WARNING, "load the module of the build, or build again",
                   "%s is loaded, but the programs are compiled for %s", loaded, compiled);
    else
        doctor_say(d, DOCTOR_FINE, NULL, "%s; compiled and loaded versions agree; %s", loaded, level);
}

void doctor_probe_gather(doctor_probe *p, doctor *d) {
    int rank = (int)json_integer_value(json_object_get(d->started, "rank"));
    if (!p || !d->started) return;
    json_t *mine = json_pack("{s:O, s:s}", "verdicts", d->verdicts, "results", d->results);
    tell(p, mine);
    json_decref(mine);
    if (rank != 0) return;
    d->job = hear(p);
    if (d->job) return;
    char words[900];
    last_words(p, words, sizeof words);
    d->check = "mpi";
    doctor_say(d, DOCTOR_FAILURE,
               "check that all nodes are reachable (see network), or use ranks on one node",
               "MPI starts, but %d ranks cannot communicate: %s",
               (int)json_integer_value(json_object_get(d->started, "size")), words);
}

int doctor_probe_finish(doctor_probe *p, int status) {
    if (!p) return status;
    if (p->pid) {
        json_t *mine = json_integer(status), *common;
        tell(p, mine);
        json_decref(mine);
        common = hear(p);
        if (!common)
            fprintf(stderr, "doctor: the ranks do not agree on an exit status%s; --timeout waits longer\n",
                    p->late ? " in time" : "");
        status = common ? (int)json_integer_value(common) : 3;
        json_decref(common);
        json_decref(hear(p)); /* waits for the end of the probe, with a timeout */
        waitpid(p->pid, NULL, 0);
    }
    if (p->to >= 0) close(p->to);
    if (p->from >= 0) close(p->from);
    if (p->errors >= 0) close(p->errors);
    free(p->line);
    free(p);
    return status;
}
