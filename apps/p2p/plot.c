#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/common/plot.h"
#include "apps/p2p/p2p.h"

/* A row for each sender, NaN on the diagonal: microseconds or GB/s. */
static void fill(const p2p_state *s, int size, bool bandwidth, double *out) {
    for (int a = 0; a < s->players; a++)
        for (int b = 0; b < s->players; b++) {
            double seconds =
                bandwidth || a == b
                    ? p2p_one_way_s(s, size, a, b)
                    : s->best_s[(size_t)(size * P2P_KINDS + P2P_latency) * p2p_pairs(s->players) +
                                p2p_pair(s->players, a, b)];
            *out++ = bandwidth ? 1e-9 * (double)s->bytes[size] / seconds : 1e6 * seconds;
        }
}

static tri_status draw(const tri_run *run, const p2p_state *s, double *values, const char *const *ranks) {
    const size_t n = (size_t)s->players;
    char titles[2][64], size[TRI_SIZE_TEXT];
    tri_plot_map map[2];
    tri_plot panel[2];
    for (int k = 0; k < 2; k++) {
        const int at = k ? s->sizes - 1 : 0;
        fill(s, at, k, values + (size_t)k * n * n);
        snprintf(titles[k], sizeof titles[k],
                 k ? "Bandwidth with messages of %sB" : "Latency of messages of %sB",
                 tri_size_format(s->bytes[at], size));
        map[k] = (tri_plot_map){.rows = n,
                                .columns = n,
                                .values = values + (size_t)k * n * n,
                                .dx = 1,
                                .dy = 1,
                                .down = true,
                                .low_is_brighter = !k, /* brighter is better in both maps */
                                .label = k ? "bandwidth (GB/s)" : "latency (us)"};
        panel[k] = (tri_plot){.title = titles[k],
                              .x = {.label = "to rank", .names = ranks, .count = n},
                              .y = {.label = "from rank", .names = ranks, .count = n},
                              .map = &map[k],
                              .same_scale = true};
    }
    return tri_plot_file(s->plot, run->common->replace, panel, 2, 2);
}

tri_status p2p_plot(const tri_run *run, const p2p_state *s) {
    const size_t n = (size_t)s->players;
    double *values = malloc(2 * n * n * sizeof *values);
    char(*text)[16] = malloc(n * sizeof *text);
    const char **ranks = malloc(n * sizeof *ranks);
    tri_status status = TRI_OK;
    if (!values || !text || !ranks) status = tri_fail(TRI_ERR_MEMORY, "no memory for a plot of %zu ranks", n);
    for (size_t p = 0; p < n && status == TRI_OK; p++) {
        snprintf(text[p], sizeof text[p], "%d", s->rank_of[p]);
        ranks[p] = text[p];
    }
    if (status == TRI_OK) status = draw(run, s, values, ranks);
    free(ranks);
    free(text);
    free(values);
    return status;
}
