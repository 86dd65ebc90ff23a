/* Latency and throughput of locks and queues between two threads, by the distance of their cpus. */
#include "apps/bench/threads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bench/bench.h"
#include "apps/common/plot.h"
#include "apps/driver/machine.h"

/* BOUND: of the queues. MOST: operations of a trial, and their items. */
enum { BOUND = 1024, MOST = 1 << 20, MEASURES = 2, DISTANCES = 4, VARIANTS = MEASURES * BENCH_KINDS };

/* SAME_CPU: the threads take turns on one cpu. */
enum { SAME_CPU = 3 };
static const char *const distance_names[DISTANCES] = {"core", "package", "numa", "cpu"};
static const char *const measure_names[MEASURES] = {"latency", "throughput"};

typedef struct state {
    int trials;
    double duration_s;
    const char *plot;
    tri_team *team;
    bench_pass *pass;
    bench_passing passing; /* of the trial under way */
    double seconds;
    char names[VARIANTS][40];
    int present[DISTANCES], cpus[DISTANCES][2];
    size_t counts[VARIANTS];                     /* operations of a trial, at the distance under way */
    bench_variant variants[DISTANCES][VARIANTS]; /* seconds of one operation */
} state;

static const tri_option options[] = {
    TRI_OPTION(state, trials, "trials", "11", "trials of each lock or queue"),
    TRI_OPTION(state, duration_s, "duration", "0.01", "minimum seconds of a trial"),
    TRI_OPTION(state, plot, "plot", NULL, "SVG file with a plot of latency and throughput"),
    {.name = NULL},
};

static tri_status make_pass(bench_pass **out) {
    bench_pass *p = *out = aligned_alloc(_Alignof(bench_pass), sizeof *p);
    if (!p) return tri_fail(TRI_ERR_MEMORY, "no memory for locks and queues");
    memset(p, 0, sizeof *p);
    for (int i = 0; i < 2; i++) {
        for (int order = 0; order < 3; order++)
            TRI_TRY(tri_queue_create((tri_queue_order)order, BOUND, &p->queue[order][i]));
        TRI_TRY(tri_semaphore_create(1, &p->semaphore[i]));
        TRI_TRY(tri_event_create(&p->event[i]));
        TRI_TRY(tri_mailbox_create(&p->box[i]));
        TRI_TRY(tri_deque_create(&p->deque[i]));
    }
    TRI_TRY(tri_lock_create(&p->lock));
    TRI_TRY(tri_condition_create(p->lock, &p->condition));
    TRI_TRY(tri_rwlock_create(&p->rwlock));
    TRI_TRY(tri_thread_barrier_create(2, &p->barrier));
    p->mails = calloc(MOST, sizeof *p->mails);
    return p->mails ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %d messages", MOST);
}

static void end_pass(bench_pass *p) {
    if (!p) return;
    for (int i = 0; i < 2; i++) {
        for (int order = 0; order < 3; order++)
            tri_queue_destroy(&p->queue[order][i]);
        tri_semaphore_destroy(&p->semaphore[i]);
        tri_event_destroy(&p->event[i]);
        tri_mailbox_destroy(&p->box[i]);
        tri_deque_destroy(&p->deque[i]);
    }
    tri_condition_destroy(&p->condition);
    tri_lock_destroy(&p->lock);
    tri_rwlock_destroy(&p->rwlock);
    tri_thread_barrier_destroy(&p->barrier);
    free(p->mails);
    free(p);
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    const tri_place *place = run->machine->place;
    if (tri_comm_size(run->comm) > 1)
        return tri_fail(TRI_ERR_ARGUMENT, "bench threads measures the threads of one rank; start one rank");
    if (s->trials < 1) return tri_fail(TRI_ERR_ARGUMENT, "--trials: at least 1");
    if (!(s->duration_s >= 0)) return tri_fail(TRI_ERR_ARGUMENT, "--duration: 0 or more");
    if (s->plot) TRI_TRY(tri_plot_check(run, s->plot));
    if (!place)
        return tri_fail(TRI_ERR_ABSENT,
                        "this build has no hwloc, which finds the cpus: install it and configure "
                        "again (Debian: libhwloc-dev)");
    for (int d = 0; d < SAME_CPU; d++)
        s->present[d] = tri_place_pair(place, (tri_place_distance)d, s->cpus[d]);
    s->present[SAME_CPU] = 1;
    tri_place_cpus(place, 1, s->cpus[SAME_CPU]);
    s->cpus[SAME_CPU][1] = s->cpus[SAME_CPU][0];
    for (int v = 0; v < VARIANTS; v++)
        snprintf(s->names[v], sizeof s->names[v], "%s_%s", bench_kinds[v / MEASURES].name,
                 measure_names[v % MEASURES]);
    for (int d = 0; d < DISTANCES; d++)
        for (int v = 0; v < VARIANTS; v++)
            s->variants[d][v] = (bench_variant){.name = s->names[v]};
    for (int d = 0; d < DISTANCES; d++)
        TRI_TRY(bench_create(s->variants[d], VARIANTS, s->trials));
    return make_pass(&s->pass);
}

static bench_passing passing_of(int variant) {
    const bench_kind *kind = &bench_kinds[variant / MEASURES];
    return variant % MEASURES ? kind->stream : kind->hand_over;
}

static void both(void *argument, int thread) {
    state *s = argument;
    tri_team_barrier(s->team);
    double start = tri_now_s();
    s->passing(s->pass, thread);
    tri_team_barrier(s->team);
    if (thread == 0) s->seconds = tri_now_s() - start;
}

/* Seconds of one operation: of a hand-over, which is half a round trip, or of one item of a stream. */
static double measure(state *s, int variant) {
    s->passing = passing_of(variant);
    if (!s->passing) return 0;
    s->pass->count = s->counts[variant];
    s->pass->counter = 0;
    atomic_store(&s->pass->turn, 0);
    tri_team_run(s->team, both, s);
    if (s->pass->counter && s->pass->counter != s->pass->count) atomic_store(&s->pass->wrong, 1);
    return s->seconds / (double)s->pass->count / (variant % MEASURES ? 1 : 2);
}

static tri_status trial(void *argument, int variant, double *seconds) {
    *seconds = measure(argument, variant);
    return TRI_OK;
}

/* Operations that fill the duration, by trials of twice as many each. */
static void calibrate(state *s, int variant) {
    size_t *count = &s->counts[variant];
    for (*count = 1; passing_of(variant) && *count < MOST; *count *= 2)
        if (measure(s, variant) * (double)*count >= s->duration_s) return;
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    for (int d = 0; d < DISTANCES; d++) {
        if (!s->present[d]) continue;
        TRI_TRY(tri_team_create(2, s->cpus[d], &s->team));
        for (int v = 0; v < VARIANTS; v++)
            calibrate(s, v);
        tri_status status = bench_alternate(run, s->variants[d], VARIANTS, s->trials, trial, s);
        tri_team_destroy(&s->team);
        TRI_TRY(status);
    }
    return TRI_OK;
}

static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    (void)run;
    return atomic_load(&s->pass->wrong)
               ? tri_fail(TRI_ERR_WRONG, "an item came late or twice, or two threads held one lock")
               : TRI_OK;
}

/* The median; 0: not measured. */
static double median(const state *s, int d, int variant) {
    if (!s->present[d] || !passing_of(variant)) return 0;
    double *sorted = malloc((size_t)s->trials * sizeof *sorted), found = 0;
    if (!sorted) return 0;
    memcpy(sorted, s->variants[d][variant].seconds, (size_t)s->trials * sizeof *sorted);
    found = tri_summarise(sorted, (size_t)s->trials).median;
    free(sorted);
    return found;
}

static void report_row(tri_run *run, const state *s, int kind) {
    char line[256];
    size_t used = (size_t)snprintf(line, sizeof line, "%-16s", bench_kinds[kind].name);
    for (int d = 0; d < DISTANCES; d++) {
        if (!s->present[d]) continue;
        double latency = median(s, d, MEASURES * kind), each = median(s, d, MEASURES * kind + 1);
        char rate[16] = "";
        if (each > 0) snprintf(rate, sizeof rate, "%.3f", 1e-6 / each);
        used += (size_t)snprintf(line + used, sizeof line - used, " %12.0f %12s", 1e9 * latency, rate);
    }
    tri_report_line(run, "%s", line);
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    bench_list list = {NULL, 0, 0};
    char head[256] = "                ", path[80], names[64] = "";
    for (int d = 0; d < DISTANCES; d++) {
        if (!s->present[d]) {
            tri_report_line(run, "%s: not measured: this rank has no such cpus", distance_names[d]);
            continue;
        }
        tri_report_line(run, "%s: cpus %d and %d", distance_names[d], s->cpus[d][0], s->cpus[d][1]);
        size_t used = strlen(head), named = strlen(names);
        snprintf(names + named, sizeof names - named, "%s%s", named ? " " : "", distance_names[d]);
        snprintf(head + used, sizeof head - used, " %9s ns    million/s", distance_names[d]);
        for (int v = 0; v < VARIANTS; v++) {
            if (!passing_of(v)) continue;
            snprintf(path, sizeof path, "samples/%s/%s", distance_names[d], s->names[v]);
            bench_keep(run, &list, path, s->variants[d][v].seconds, (size_t)s->trials);
        }
    }
    bench_note(run, &list);
    tri_report_text(run, "distances", names);
    tri_report_line(run, "%s", head);
    for (int kind = 0; kind < BENCH_KINDS; kind++)
        report_row(run, s, kind);
    return TRI_OK;
}

/* Two panels; in each a group of bars for each kind, a bar for each distance. */
static tri_status draw(tri_run *run, void *argument) {
    const state *s = argument;
    static const char *const labels[MEASURES] = {"latency (ns)", "throughput (million/s)"};
    const char *kinds[BENCH_KINDS];
    double values[MEASURES][DISTANCES][BENCH_KINDS];
    tri_plot_series series[MEASURES][DISTANCES];
    tri_plot panels[MEASURES];
    if (!s->plot) return TRI_OK;
    for (int m = 0; m < MEASURES; m++) {
        panels[m] = (tri_plot){.x = {.names = kinds, .count = BENCH_KINDS},
                               .y = {.label = labels[m], .log = true},
                               .series = series[m]};
        for (int d = 0; d < DISTANCES; d++) {
            if (!s->present[d]) continue;
            for (int kind = 0; kind < BENCH_KINDS; kind++) {
                double x = median(s, d, MEASURES * kind + m);
                kinds[kind] = bench_kinds[kind].name;
                values[m][d][kind] = x <= 0 ? NAN : m ? 1e-6 / x : 1e9 * x;
            }
            series[m][panels[m].count++] = (tri_plot_series){
                .title = distance_names[d], .kind = TRI_PLOT_BARS, .count = BENCH_KINDS, .y = values[m][d]};
        }
    }
    return tri_plot_file(s->plot, run->common->replace, panels, MEASURES, 1);
}

static void teardown(void *argument) {
    state *s = argument;
    for (int d = 0; d < DISTANCES; d++)
        bench_destroy(s->variants[d], VARIANTS);
    end_pass(s->pass);
}

const tri_app bench_threads = {
    .name = "bench-threads",
    .summary = "measures locks and queues between two threads, by the distance of their cpus",
    .examples = "trireme bench threads --plot threads.svg\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .outputs = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .draw = draw,
    .teardown = teardown,
};
