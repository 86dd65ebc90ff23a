/* The results: a table, and all samples in the result file. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/p2p/p2p.h"

enum { MOST_IN_MATRIX = 16 };

static const char *const kind_names[] = {
#define P2P_KIND_NAME(name, text) #name,
    P2P_KIND_LIST(P2P_KIND_NAME)
#undef P2P_KIND_NAME
};
static const char *const kind_texts[] = {
#define P2P_KIND_TEXT(name, text) text,
    P2P_KIND_LIST(P2P_KIND_TEXT)
#undef P2P_KIND_TEXT
};

static const double *best_of(const p2p_state *s, int size, int kind) {
    return s->best_s + (size_t)(size * P2P_KINDS + kind) * p2p_pairs(s->players);
}

double p2p_one_way_s(const p2p_state *s, int size, int a, int b) {
    if (a == b) return NAN;
    bool forward = s->rank_of[a] < s->rank_of[b];
    return best_of(s, size, forward ? P2P_forward : P2P_backward)[p2p_pair(s->players, a, b)];
}

/* Sorted times of the pairs of one size, kind and class; returns their number. */
static size_t sorted_of(const tri_run *run, const p2p_state *s, int size, int kind, int class,
                        double *sorted) {
    size_t count = 0;
    for (int a = 0; a < s->players; a++)
        for (int b = a + 1; b < s->players; b++)
            if (p2p_class(run, s, a, b) == class)
                sorted[count++] = best_of(s, size, kind)[p2p_pair(s->players, a, b)];
    tri_summarise(sorted, count);
    return count;
}

/* A time, or the rate of a stream (both directions together). */
static void quantity(const p2p_state *s, int size, int kind, double seconds, char text[32]) {
    double bytes = (double)s->bytes[size] * (kind == P2P_both ? 2 : 1);
    if (kind == P2P_latency)
        snprintf(text, 32, "%.2f us", 1e6 * seconds);
    else
        snprintf(text, 32, "%.3f GB/s", seconds > 0 ? 1e-9 * bytes / seconds : 0);
}

static void report_summary(tri_run *run, const p2p_state *s, double *sorted) {
    tri_report_line(run, "%-8s %-9s %-8s %6s %14s %14s %14s", "bytes", "", "", "pairs", "best", "median",
                    "worst");
    for (int size = 0; size < s->sizes; size++)
        for (int kind = 0; kind < P2P_KINDS; kind++)
            for (int class = 0; class < 2; class ++) {
                size_t count = sorted_of(run, s, size, kind, class, sorted);
                char bytes[TRI_SIZE_TEXT], best[32], median[32], worst[32];
                if (!count) continue;
                quantity(s, size, kind, sorted[0], best);
                quantity(s, size, kind, tri_quantile(sorted, count, 0.5), median);
                quantity(s, size, kind, sorted[count - 1], worst);
                tri_report_line(run, "%-8s %-9s %-8s %6zu %14s %14s %14s",
                                tri_size_format(s->bytes[size], bytes), kind_names[kind],
                                class ? "between" : "inside", count, best, median, worst);
            }
}

/* bandwidth: of the largest messages, from the rank of the row to the rank of the column; else latency of
 * the smallest. */
static void report_matrix(tri_run *run, const p2p_state *s, bool bandwidth) {
    char line[16 + 9 * MOST_IN_MATRIX], bytes[TRI_SIZE_TEXT];
    int size = bandwidth ? s->sizes - 1 : 0;
    tri_report_line(
        run,
        bandwidth ? "bandwidth in GB/s of messages of %s, from the rank of the row to the rank of the column"
                  : "latency in us of messages of %s",
        tri_size_format(s->bytes[size], bytes));
    for (int a = -1; a < s->players; a++) {
        int at = a < 0 ? snprintf(line, sizeof line, "%6s", "")
                       : snprintf(line, sizeof line, "%6d", s->rank_of[a]);
        for (int b = 0; b < s->players; b++) {
            double seconds = a < 0 ? 0 : p2p_one_way_s(s, size, a, b);
            if (a < 0)
                at += snprintf(line + at, sizeof line - (size_t)at, " %8d", s->rank_of[b]);
            else if (a == b)
                at += snprintf(line + at, sizeof line - (size_t)at, " %8s", "-");
            else if (bandwidth)
                at += snprintf(line + at, sizeof line - (size_t)at, " %8.3f",
                               1e-9 * (double)s->bytes[size] / seconds);
            else
                at += snprintf(line + at, sizeof line - (size_t)at, " %8.2f",
                               1e6 * best_of(s, size, P2P_latency)[p2p_pair(s->players, a, b)]);
        }
        tri_report_line(run, "%s", line);
    }
}

static void report(tri_run *run, const p2p_state *s, double *sorted) {
    size_t pairs = p2p_pairs(s->players);
    int last = s->sizes - 1;
    tri_report_integer(run, "players", s->players, "1", "ranks that take part");
    tri_report_integer(run, "pairs", (int64_t)pairs, "1", "pairs of these ranks");
    if (!pairs) {
        tri_report_text(run, "slow", "unknown: a single rank has no pairs");
        return;
    }
    report_summary(run, s, sorted);
    for (int matrix = 0; matrix < 2 && s->players <= MOST_IN_MATRIX; matrix++)
        report_matrix(run, s, matrix);
    for (size_t i = 0; i < pairs; i++)
        sorted[i] = best_of(s, 0, P2P_latency)[i];
    tri_report_real(run, "latency", tri_summarise(sorted, pairs).median, "s",
                    "half a round trip of the smallest message, median of all pairs");
    for (size_t i = 0; i < pairs; i++)
        sorted[i] = (double)s->bytes[last] / best_of(s, last, P2P_forward)[i];
    tri_report_real(run, "bandwidth", tri_summarise(sorted, pairs).median, "B/s",
                    "stream of the largest messages in one direction, median of all pairs");
    for (int i = 0; i < s->samples; i++)
        sorted[i] = s->bisection_per_s[i];
    tri_report_real(run, "bisection", tri_summarise(sorted, (size_t)s->samples).median, "B/s",
                    "between the lower and upper half of the ranks, both directions concurrently");
    tri_report_text(run, "slow",
                    s->slow_found    ? s->slow_text
                    : s->players < 3 ? "unknown: fewer than three ranks cannot be compared"
                                     : "none");
}

/* Records the pairs, their classes and the sizes. */
static tri_status record_pairs(tri_run *run, const p2p_state *s) {
    size_t pairs = p2p_pairs(s->players), sizes = (size_t)s->sizes;
    int64_t *table = malloc((3 * pairs + sizes) * sizeof *table), *between = table + 2 * pairs;
    int64_t *bytes = between + pairs;
    if (!table) return tri_fail(TRI_ERR_MEMORY, "no memory for a list of %zu pairs", pairs);
    for (int a = 0; a < s->players; a++)
        for (int b = a + 1; b < s->players; b++) {
            size_t pair = p2p_pair(s->players, a, b);
            bool forward = s->rank_of[a] < s->rank_of[b];
            table[2 * pair] = s->rank_of[forward ? a : b];
            table[2 * pair + 1] = s->rank_of[forward ? b : a];
            between[pair] = p2p_class(run, s, a, b);
        }
    for (size_t i = 0; i < sizes; i++)
        bytes[i] = (int64_t)s->bytes[i];
    tri_result_integers(run->result, "pairs", 2, (size_t[]){pairs, 2}, table, "1",
                        "lower and higher rank of each pair");
    tri_result_integers(run->result, "between", 1, &pairs, between, "1",
                        "1: the pair is on two nodes, 0: on one");
    tri_result_integers(run->result, "sizes", 1, &sizes, bytes, "B", "bytes of a message");
    free(table);
    return TRI_OK;
}

static tri_status record_samples(tri_run *run, p2p_state *s) {
    size_t pairs = p2p_pairs(s->players), samples = (size_t)s->samples;
    int root = tri_comm_rank(run->comm) == 0;
    double *all = malloc(((root ? pairs * samples : 0) + 1) * sizeof *all);
    tri_status status = tri_agree(
        run->comm, all ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the samples of %zu pairs", pairs));
    for (int i = 0; i < s->sizes * P2P_KINDS && status == TRI_OK; i++) {
        int size = i / P2P_KINDS, kind = i % P2P_KINDS;
        char path[96], long_name[128], bytes[TRI_SIZE_TEXT];
        snprintf(path, sizeof path, "samples/%s/%s", tri_size_format(s->bytes[size], bytes),
                 kind_names[kind]);
        snprintf(long_name, sizeof long_name, "seconds per message of each sample of each pair: %s",
                 kind_texts[kind]);
        status = p2p_collect(run, s, size, kind, all);
        if (status == TRI_OK)
            tri_result_reals(run->result, path, 2, (size_t[]){pairs, samples}, all, "s", long_name);
    }
    free(all);
    if (status != TRI_OK) return status;
    tri_result_reals(run->result, "samples/bisection", 1, &samples, s->bisection_per_s, "B/s",
                     "bytes per second between the halves of the ranks, both directions together");
    return root ? record_pairs(run, s) : TRI_OK;
}

static tri_status record_exchange(tri_run *run, const p2p_state *s) {
    size_t samples = (size_t)s->samples;
    double *sorted = malloc(samples * sizeof *sorted);
    if (!sorted) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu samples", samples);
    for (int size = 0; size < s->sizes; size++) {
        char bytes[TRI_SIZE_TEXT], path[64];
        double *ring_s = s->ring_s + (size_t)size * samples;
        for (size_t k = 0; k < samples; k++)
            sorted[k] = ring_s[k];
        tri_size_format(s->bytes[size], bytes);
        tri_report_line(run, "%-14s %.2f us, every byte right", bytes,
                        1e6 * tri_summarise(sorted, samples).median);
        snprintf(path, sizeof path, "samples/%s/ring", bytes);
        if (run->result)
            tri_result_reals(run->result, path, 1, &samples, ring_s, "s",
                             "time of one exchange around the ring on the slowest rank");
    }
    free(sorted);
    return TRI_OK;
}

tri_status p2p_record(tri_run *run, p2p_state *s) {
    if (s->order) return record_exchange(run, s);
    bool record = run->result && p2p_pairs(s->players);
    if (record) TRI_TRY(record_samples(run, s));
    if (tri_comm_rank(run->comm)) return TRI_OK;
    double *sorted = malloc((p2p_pairs(s->players) + (size_t)s->samples) * sizeof *sorted);
    if (!sorted) return tri_fail(TRI_ERR_MEMORY, "no memory to sort the pairs");
    report(run, s, sorted);
    free(sorted);
    return TRI_OK;
}
