/* doctor: one page of verdicts on this machine, this build and the launcher, each with a cure.
 *
 * Every rank, or the single process without a launcher, starts a child that tries MPI (probe.c). One
 * process of each node runs the checks of that node, each in a child of its own, so that a driver that
 * crashes or hangs also gives a verdict. The verdicts travel through the probes to rank 0, which prints
 * them. */
#include <poll.h>
#include <signal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/doctor/doctor.h"
#include "apps/driver/options.h"

/* NODE: once on every node. JOB: once, when rank 0 has the reports of all ranks. */
typedef enum stage { NODE, JOB } stage;

/* The table of checks, in the order of the page. */
static const struct check {
    const char *name;
    stage stage;
    void (*run)(doctor *d);
    const char *cure; /* if the check itself crashes or hangs */
} checks[] = {
    {"mpi", JOB, doctor_check_mpi, "check the libraries in the output of ldd apps/doctor-probe"},
    {"launch", JOB, doctor_check_launch, "run mpirun --version"},
    {"binding", JOB, doctor_check_binding, "run lstopo"},
    {"clocks", JOB, doctor_check_clocks, "run date"},
    {"shared", JOB, doctor_check_shared, "check the file system of --results FOLDER"},
    {"cores", NODE, doctor_check_cores, "run lstopo"},
    {"memory", NODE, doctor_check_memory, "mount /proc"},
    {"limits", NODE, doctor_check_limits, "run ulimit -a"},
    {"opencl", NODE, doctor_check_opencl,
     "find the driver at fault (OCL_ICD_VENDORS=FILE.icd ./doctor); --device none avoids OpenCL"},
    {"hdf5", JOB, doctor_check_hdf5, "check the libraries in the output of ldd apps/doctor-probe"},
    {"results", NODE, doctor_check_results, "choose a folder on another file system with --results FOLDER"},
    {"tmp", NODE, doctor_check_tmp, "export TMPDIR=FOLDER"},
    {"shm", NODE, doctor_check_shm, "mount /dev/shm"},
    {"cma", NODE, doctor_check_cma, "mount /proc"},
    {"network", NODE, doctor_check_network, "run getent hosts $(hostname); check /etc/resolv.conf"},
    {"clock", NODE, doctor_check_clock, "mount /sys"},
};
enum { CHECKS = sizeof checks / sizeof *checks, CHECK_TIMEOUT_S = 20 };

static const char *const level_words[] = {
#define LEVEL_WORD(name, word) word,
    DOCTOR_LEVELS(LEVEL_WORD)
#undef LEVEL_WORD
};
enum { LEVELS = sizeof level_words / sizeof *level_words };

/* Reads the output of a child until it ends; false: it took too long and was killed. */
static bool read_child(pid_t child, int file, char *text, size_t bytes) {
    size_t used = 0;
    for (;;) {
        struct pollfd wanted = {.fd = file, .events = POLLIN};
        int ready = poll(&wanted, 1, CHECK_TIMEOUT_S * 1000);
        ssize_t got = ready > 0 && used < bytes - 1 ? read(file, text + used, bytes - 1 - used) : 0;
        if (ready == 0) kill(child, SIGKILL);
        if (got <= 0) {
            text[used] = 0;
            return ready > 0;
        }
        used += (size_t)got;
    }
}

/* Runs a check in a child and adds its verdicts. */
static void run_check(doctor *d, const struct check *check) {
    enum { ROOM = 16384 };
    static char text[ROOM];
    int ends[2];
    d->check = check->name;
    pid_t child = pipe(ends) ? -1 : fork();
    if (child < 0) {
        check->run(d);
        return;
    }
    if (child == 0) {
        close(ends[0]);
        json_array_clear(d->verdicts);
        check->run(d);
        json_dumpfd(d->verdicts, ends[1], JSON_COMPACT);
        exit(0); /* not _exit: gpu/ removes its OpenCL compiler's folder at exit */
    }
    close(ends[1]);
    bool in_time = read_child(child, ends[0], text, sizeof text);
    int status = 0;
    waitpid(child, &status, in_time ? 0 : WNOHANG); /* it may hang in the kernel, in a dead file system */
    close(ends[0]);
    json_t *said = json_loads(text, 0, NULL);
    if (said)
        json_array_extend(d->verdicts, said);
    else if (!in_time)
        doctor_say(d, DOCTOR_WARNING, check->cure, "no answer within %d s", CHECK_TIMEOUT_S);
    else
        doctor_say(d, DOCTOR_WARNING, check->cure, "the check crashed: %s",
                   WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "no answer");
    json_decref(said);
}

static void run_checks(doctor *d, stage now) {
    for (size_t i = 0; i < CHECKS; i++)
        if (checks[i].stage == now) run_check(d, &checks[i]);
}

static doctor_level level_of(const json_t *verdict) {
    return (doctor_level)json_integer_value(json_object_get(verdict, "level"));
}

/* Adds verdicts of one check to the page, an array of {verdict, hosts, varies}. Nodes with equal verdicts
 * share an entry, as do all nodes whose verdict is ok; the page then shows the text of the first one. */
static void add_to_page(json_t *page, const char *check, const json_t *verdicts, const char *host) {
    size_t i, k;
    json_t *verdict, *entry;
    json_array_foreach(verdicts, i, verdict) {
        if (strcmp(check, json_string_value(json_object_get(verdict, "check"))) != 0) continue;
        bool known = false;
        json_array_foreach(page, k, entry) {
            json_t *first = json_object_get(entry, "verdict");
            bool same = json_equal(first, verdict);
            bool both_fine = level_of(first) == DOCTOR_FINE && level_of(verdict) == DOCTOR_FINE &&
                             json_equal(json_object_get(first, "check"), json_object_get(verdict, "check"));
            if (known || (!same && !both_fine)) continue;
            json_array_append_new(json_object_get(entry, "hosts"), json_string(host));
            if (!same) json_object_set_new(entry, "varies", json_true());
            known = true;
        }
        if (!known)
            json_array_append_new(page, json_pack("{s:O, s:[s*]}", "verdict", verdict, "hosts", host));
    }
}

/* The verdicts of rank 0 and of all nodes, in the order of the table. */
static json_t *make_page(const doctor *d) {
    json_t *page = json_array(), *row;
    size_t k;
    for (size_t i = 0; i < CHECKS; i++) {
        add_to_page(page, checks[i].name, d->verdicts, NULL);
        json_array_foreach(d->job, k, row) add_to_page(page, checks[i].name, json_object_get(row, "verdicts"),
                                                       json_string_value(json_object_get(row, "host")));
    }
    return page;
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Prints a text that starts at column INDENT, wrapped between words. */
static void print_wrapped(const char *text) {
    enum { INDENT = 20, WIDTH = 100 };
    int column = 0;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column && column + 1 + length > WIDTH) {
            printf("\n%*s", INDENT, "");
            column = 0;
        }
        printf("%s%.*s", column ? " " : "", length, text);
        column += length + (column > 0);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_entry(const json_t *entry, int nodes) {
    const json_t *verdict = json_object_get(entry, "verdict"), *hosts = json_object_get(entry, "hosts");
    char line[1536];
    size_t said = json_array_size(hosts), used;
    used = (size_t)snprintf(line, sizeof line, "%s", text_of(verdict, "text"));
    const char *first = json_string_value(json_array_get(hosts, 0));
    if (json_is_true(json_object_get(entry, "varies")))
        snprintf(line + used, sizeof line - used, " (%s; ok on %zu more)", first, said - 1);
    else if (said == 1 && nodes > 1)
        snprintf(line + used, sizeof line - used, " (on %s)", first);
    else if (said && said < (size_t)nodes)
        snprintf(line + used, sizeof line - used, " (on %s and %zu more)", first, said - 1);
    printf("  %-8s %-8s ", level_words[level_of(json_object_get(entry, "verdict"))],
           text_of(verdict, "check"));
    print_wrapped(line);
    if (!*text_of(verdict, "cure")) return;
    printf("%*s", 20, "");
    snprintf(line, sizeof line, "cure: %s", text_of(verdict, "cure"));
    print_wrapped(line);
}

/* The cores of each rank, one line each; beyond SHOWN only with --verbose. */
static void print_map(const doctor *d) {
    enum { SHOWN = 16 };
    size_t i;
    json_t *row;
    if (!d->whole) return;
    json_array_foreach(d->job, i, row) {
        if (i == SHOWN && !d->verbose && json_array_size(d->job) > SHOWN) {
            size_t more = json_array_size(d->job) - SHOWN;
            printf("  and %zu rank%s more (--verbose shows all)\n", more, more > 1 ? "s" : "");
            break;
        }
        printf("  rank %-4d %s: %s\n", (int)json_integer_value(json_object_get(row, "rank")),
               text_of(row, "host"), *text_of(row, "place") ? text_of(row, "place") : "unknown");
    }
}

static void print_page(const doctor *d, const json_t *page, const size_t counts[LEVELS]) {
    size_t i;
    json_t *entry;
    int nodes = (int)json_integer_value(json_object_get(d->started, "nodes"));
    json_array_foreach(page, i, entry) print_entry(entry, nodes);
    print_map(d);
    printf("doctor: %zu failure%s, %zu warning%s\n", counts[DOCTOR_FAILURE],
           counts[DOCTOR_FAILURE] == 1 ? "" : "s", counts[DOCTOR_WARNING],
           counts[DOCTOR_WARNING] == 1 ? "" : "s");
}

static void print_json(const doctor *d, const json_t *page, const size_t counts[LEVELS]) {
    json_t *verdicts = json_array(), *entry, *ranks = json_array(), *row;
    size_t i;
    json_array_foreach(page, i, entry) {
        json_t *verdict = json_object_get(entry, "verdict");
        json_array_append_new(
            verdicts, json_pack("{s:s, s:s, s:O, s:O, s:O}", "check", text_of(verdict, "check"), "verdict",
                                level_words[level_of(json_object_get(entry, "verdict"))], "text",
                                json_object_get(verdict, "text"), "cure", json_object_get(verdict, "cure"),
                                "hosts", json_object_get(entry, "hosts")));
    }
    if (d->whole)
        json_array_foreach(d->job, i, row) json_array_append_new(
            ranks, json_pack("{s:O, s:O, s:O*}", "rank", json_object_get(row, "rank"), "host",
                             json_object_get(row, "host"), "place", json_object_get(row, "place")));
    json_t *all =
        json_pack("{s:s, s:i, s:i, s:o, s:o}", "program", "doctor", "failures", (int)counts[DOCTOR_FAILURE],
                  "warnings", (int)counts[DOCTOR_WARNING], "verdicts", verdicts, "ranks", ranks);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

/* Rank 0: prints the page and returns the exit status. */
static int report(doctor *d) {
    run_checks(d, JOB);
    size_t i, counts[LEVELS] = {0};
    json_t *page = make_page(d), *entry;
    json_array_foreach(page, i, entry) counts[level_of(json_object_get(entry, "verdict"))]++;
    if (d->json)
        print_json(d, page, counts);
    else
        print_page(d, page, counts);
    json_decref(page);
    size_t failures = counts[DOCTOR_FAILURE], warnings = counts[DOCTOR_WARNING];
    if (!failures && !(d->strict && warnings)) return 0;
    /* The page may be in a file. */
    fflush(stdout);
    if (failures)
        fprintf(stderr, "doctor: status 3 for %zu failure%s\n", failures, failures == 1 ? "" : "s");
    else
        fprintf(stderr, "doctor: status 3 for %zu warning%s, by --strict\n", warnings,
                warnings == 1 ? "" : "s");
    return 3;
}

static int examine(doctor *d) {
    d->launch = doctor_find_launch();
    d->verdicts = json_array();
    doctor_probe *probe = doctor_probe_start(d);
    /* If MPI knows all ranks, its rank counts; otherwise (MPI broken, singletons) the launcher's, and one
     * page is printed. */
    d->whole = d->started && (int)json_integer_value(json_object_get(d->started, "size")) >= d->launch.size;
    int rank = d->whole ? (int)json_integer_value(json_object_get(d->started, "rank")) : d->launch.rank,
        status = 3;
    if (d->whole ? !json_integer_value(json_object_get(d->started, "local_rank")) : rank == 0)
        run_checks(d, NODE);
    doctor_probe_gather(probe, d);
    if (d->job) json_array_clear(d->verdicts); /* they are in d->job */
    if (rank == 0) status = report(d);
    status = doctor_probe_finish(probe, status);
    json_decref(d->verdicts);
    json_decref(d->loaded);
    json_decref(d->started);
    json_decref(d->job);
    return status;
}

static const tri_option doctor_rows[] = {
    TRI_OPTION(doctor, strict, "strict", NULL, "exit with status 3 on warnings, not only on failures"),
    TRI_OPTION(doctor, timeout_s, "timeout", "60", "seconds until a step of MPI counts as stuck"),
    TRI_OPTION(doctor, verbose, "verbose", NULL, "show the cores of all ranks, not only of the first 16"),
    TRI_OPTION(doctor, environment, "environment", "none",
               "only write the table of all environment variables, as Markdown or as a manual page",
               .choices = "none|markdown|man"),
    {.name = NULL},
};

/* The common options that apply to doctor. */
static const tri_option common_rows[] = {
    TRI_OPTION(doctor, threads, "threads", "0", "threads of each rank; 0: one per available core"),
    TRI_OPTION(doctor, results, "results", "results", "folder of the result files; none: no files"),
    TRI_OPTION(doctor, json, "json", NULL, "print JSON instead of text"),
    {.name = NULL},
};

static const tri_app doctor_app = {
    .name = "doctor",
    .summary = "checks this machine, this build and the launcher, and names a cure for each problem; mpirun "
               "is optional",
    .examples = "trireme doctor\n"
                "mpirun -np 8 trireme doctor --strict    # also the launcher and the places of ranks\n",
    .options = doctor_rows,
};

int main(int argc, char **argv) {
    doctor d = {0};
    const tri_option_set sets[2] = {{doctor_rows, &d}, {common_rows, &d}};
    tri_action action;
    tri_status status = tri_options_parse(&doctor_app, sets, argc, argv, &action);
    if (status == TRI_OK && d.timeout_s < 1) status = tri_fail(TRI_ERR_ARGUMENT, "--timeout: at least 1");
    /* One rank answers. The others exit with 0, since a launcher might kill it at another status. */
    if ((status != TRI_OK || action != TRI_ACTION_RUN) && doctor_find_launch().rank != 0) return 0;
    if (status != TRI_OK) {
        fprintf(stderr, "doctor: %s\n", tri_error_text());
        return tri_status_exit(status);
    }
    switch (action) {
    case TRI_ACTION_HELP:
        tri_options_help(&doctor_app, sets, stdout);
        return 0;
    case TRI_ACTION_MAN:
        tri_options_man(&doctor_app, sets, stdout);
        return 0;
    case TRI_ACTION_COMPLETION:
        tri_options_completion(&doctor_app, sets, stdout);
        return 0;
    case TRI_ACTION_VERSION:
        printf("doctor (trireme %s)\n", TRIREME_VERSION_TEXT);
        return 0;
    case TRI_ACTION_RUN:
        break;
    }
    if (d.environment) {
        if (doctor_find_launch().rank != 0) return 0;
        tri_environment_write((tri_environment_form)d.environment, stdout);
        return fflush(stdout) ? 4 : 0;
    }
    return examine(&d);
}
