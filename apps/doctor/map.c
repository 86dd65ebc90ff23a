/* Checks over all ranks: their cores, their clocks, and the shared results folder. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "apps/doctor/doctor.h"

static int number(const json_t *row, const char *key) {
    return (int)json_integer_value(json_object_get(row, key));
}

static const char *text(const json_t *row, const char *key) {
    const char *value = json_string_value(json_object_get(row, key));
    return value ? value : "";
}

/* "0, 1 and 5 more" */
static void list_ranks(const json_t *rows, size_t *count, char *list, size_t bytes) {
    enum { NAMED = 8 };
    size_t i, used = 0;
    json_t *row;
    *count = 0;
    list[0] = 0;
    json_array_foreach(rows, i, row) {
        if (!number(row, "sharing")) continue;
        if ((*count)++ < NAMED && used < bytes)
            used +=
                (size_t)snprintf(list + used, bytes - used, "%s%d", used ? ", " : "", number(row, "rank"));
    }
    if (*count > NAMED && used < bytes) snprintf(list + used, bytes - used, " and %zu more", *count - NAMED);
}

/* The first rank for which `wrong` holds; NULL: none. */
static const json_t *find(const json_t *rows, bool (*wrong)(const json_t *row, int asked), int asked) {
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) if (wrong(row, asked)) return row;
    return NULL;
}

static bool has_error(const json_t *row, int asked) {
    (void)asked;
    return json_object_get(row, "error") != NULL;
}

static bool is_crowded(const json_t *row, int asked) {
    (void)asked;
    return number(row, "sharing") && number(row, "local_size") > number(row, "node_cpus");
}

static bool is_pressed(const json_t *row, int asked) {
    (void)asked;
    return number(row, "sharing") && number(row, "local_size") <= number(row, "node_cpus");
}

static bool has_fewer_cpus(const json_t *row, int threads) {
    return threads > number(row, "cpus");
}

/* Unused cores of the node of `row`; no cores are shared. */
static int idle_cores(const json_t *rows, const json_t *row) {
    size_t i;
    json_t *other;
    int idle = number(row, "node_cores");
    json_array_foreach(rows, i, other) if (!strcmp(text(other, "host"), text(row, "host"))) idle -=
        number(other, "cores");
    return idle;
}

/* Unused cores on all nodes: number of cores, of nodes, and the first rank of the first such node. */
typedef struct idle {
    int cores, nodes;
    const json_t *row;
} idle;

static idle find_idle(const json_t *rows) {
    idle all = {0};
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) {
        size_t before = 0;
        while (strcmp(text(json_array_get(rows, before), "host"), text(row, "host")))
            before++;
        int cores = before == i ? idle_cores(rows, row) : 0;
        if (cores <= 0) continue;
        if (!all.nodes++) all.row = row;
        all.cores += cores;
    }
    return all;
}

static void say_idle(doctor *d, const idle *found) {
    char more[48] = "";
    if (found->nodes > 1)
        snprintf(more, sizeof more, " (%d on %d nodes in total)", found->cores, found->nodes);
    doctor_say(d, DOCTOR_NOTE,
               "to use them: mpirun --bind-to none or --map-by slot:PE=N, srun --cpus-per-task=N",
               "%d of %d cores of %s are unused%s; rank %d has %s", idle_cores(d->job, found->row),
               number(found->row, "node_cores"), text(found->row, "host"), more, number(found->row, "rank"),
               text(found->row, "place"));
}

void doctor_check_binding(doctor *d) {
    const json_t *first = json_array_get(d->job, 0), *row;
    size_t sharing;
    char list[128];
    idle unused = find_idle(d->job);
    list_ranks(d->job, &sharing, list, sizeof list);
    if (!d->whole)
        doctor_say(d, DOCTOR_NOTE, "see mpi and launch", "unknown: MPI does not see all ranks");
    else if ((row = find(d->job, has_error, 0)) != NULL)
        doctor_say(d, DOCTOR_WARNING, "compare nproc and taskset -p on that node", "rank %d on %s: %s",
                   number(row, "rank"), text(row, "host"), text(row, "error"));
    else if (!*text(first, "place"))
        doctor_say(d, DOCTOR_NOTE, "install libhwloc-dev and build again", "unknown: built without hwloc");
    else if ((row = find(d->job, is_pressed, 0)) != NULL)
        doctor_say(d, DOCTOR_WARNING,
                   "mpirun --bind-to none, or --map-by slot:PE=N; srun --cpus-per-task=N --cpu-bind=cores; "
                   "no taskset",
                   "ranks %s are bound to the same cores, but %s has enough for all: rank %d has %s", list,
                   text(row, "host"), number(row, "rank"), text(row, "place"));
    else if ((row = find(d->job, is_crowded, 0)) != NULL)
        doctor_say(
            d, DOCTOR_WARNING, "fewer ranks per node; for tests, . jobs/env.sh makes waiting ranks yield",
            "oversubscribed: %d ranks on %d core%s of %s; ranks %s share cores", number(row, "local_size"),
            number(row, "node_cores"), number(row, "node_cores") == 1 ? "" : "s", text(row, "host"), list);
    else if ((row = find(d->job, has_fewer_cpus, d->threads)) != NULL)
        doctor_say(
            d, DOCTOR_WARNING, "fewer --threads, or more cores per rank (--cpus-per-task, --bind-to none)",
            "%d threads on %d core%s: rank %d on %s has %s", d->threads, number(row, "cores"),
            number(row, "cores") == 1 ? "" : "s", number(row, "rank"), text(row, "host"), text(row, "place"));
    else if (unused.nodes)
        say_idle(d, &unused);
    else
        doctor_say(d, DOCTOR_FINE, NULL, "each core of %s belongs to one rank; %d thread%s for rank %d",
                   number(d->started, "nodes") > 1 ? "all nodes" : text(first, "host"),
                   d->threads ? d->threads : number(first, "cores"),
                   (d->threads ? d->threads : number(first, "cores")) == 1 ? "" : "s", number(first, "rank"));
}

void doctor_check_clocks(doctor *d) {
    size_t i;
    json_t *row, *first = json_array_get(d->job, 0), *worst = first;
    if (json_array_size(d->job) < 2) return;
    double start = json_real_value(json_object_get(first, "time_s")), most = 0;
    json_array_foreach(d->job, i, row) {
        double apart = fabs(json_real_value(json_object_get(row, "time_s")) - start);
        if (apart > most) most = apart, worst = row;
    }
    /* The times were taken after a barrier: more than a second is not a delay. */
    if (most > 1)
        doctor_say(d, DOCTOR_WARNING, "run chrony or ntpd on every node",
                   "the clocks of %s and %s differ by %.1f s", text(first, "host"), text(worst, "host"),
                   most);
    else
        doctor_say(d, DOCTOR_FINE, NULL, "the clocks of all ranks agree to %.2g s", most);
}

static bool sees_no_results(const json_t *row, int asked) {
    (void)asked;
    return json_is_false(json_object_get(row, "sees_results"));
}

/* Whether all nodes see a file that rank 0 creates in its results folder. */
void doctor_check_shared(doctor *d) {
    const json_t *first = json_array_get(d->job, 0), *blind = find(d->job, sees_no_results, 0);
    if (number(d->started, "nodes") < 2 || !strcmp(d->results, "none") ||
        !json_object_get(first, "sees_results"))
        return;
    if (blind)
        doctor_say(d, DOCTOR_WARNING, "choose a folder on a shared file system with --results FOLDER",
                   "'%s' is not the same folder on %s and %s: ranks cannot write to one file", d->results,
                   text(first, "host"), text(blind, "host"));
    else
        doctor_say(d, DOCTOR_FINE, NULL, "'%s' is the same folder on all nodes", d->results);
}
