#include <math.h>
#include <stdio.h>

#include "apps/driver/plot.h"
#include "apps/p2p/p2p.h"

/* A matrix for gnuplot: a line for each sender, "NaN" on the diagonal. */
static void data(FILE *to, const p2p_state *s, const char *name, int size, bool bandwidth) {
    fprintf(to, "$%s << END\n", name);
    for (int a = 0; a < s->players; a++) {
        for (int b = 0; b < s->players; b++) {
            double seconds =
                bandwidth || a == b
                    ? p2p_one_way_s(s, size, a, b)
                    : s->best_s[(size_t)(size * P2P_KINDS + P2P_latency) * p2p_pairs(s->players) +
                                p2p_pair(s->players, a, b)];
            if (isnan(seconds))
                fprintf(to, "NaN ");
            else
                fprintf(to, "%.6g ", bandwidth ? 1e-9 * (double)s->bytes[size] / seconds : 1e6 * seconds);
        }
        fprintf(to, "\n");
    }
    fprintf(to, "END\n");
}

static void ranks(FILE *to, const p2p_state *s, const char *axis) {
    /* At most 32 labels. */
    int step = s->players / 32 + 1;
    fprintf(to, "set %stics (", axis);
    for (int p = 0; p < s->players; p += step)
        fprintf(to, "%s'%d' %d", p ? ", " : "", s->rank_of[p], p);
    fprintf(to, ")\n");
}

static tri_status draw(FILE *to, const void *argument) {
    const p2p_state *s = argument;
    char small[TRI_SIZE_TEXT], large[TRI_SIZE_TEXT];
    data(to, s, "latency", 0, false);
    data(to, s, "bandwidth", s->sizes - 1, true);
    fprintf(to, "set multiplot layout 1,2\nset size ratio 1\nunset key\nset xlabel 'to rank'\n"
                "set ylabel 'from rank'\nset yrange [*:*] reverse\nset tics out nomirror scale 0.3\n");
    ranks(to, s, "x");
    ranks(to, s, "y");
    /* Brighter is better in both maps. */
    fprintf(to, "set palette defined (0 '#fde725', 0.5 '#21918c', 1 '#440154')\n");
    fprintf(to, "set title 'latency of %s (us)'\nplot $latency matrix with image pixels\n",
            tri_size_format(s->bytes[0], small));
    fprintf(to, "set palette defined (0 '#440154', 0.5 '#21918c', 1 '#fde725')\n");
    fprintf(to,
            "set title 'bandwidth of %s (GB/s)'\nplot $bandwidth matrix with image pixels\nunset multiplot\n",
            tri_size_format(s->bytes[s->sizes - 1], large));
    return TRI_OK;
}

tri_status p2p_plot(const tri_run *run, const p2p_state *s) {
    return tri_plot(s->plot, run->common->replace, "svg size 1100,520 dynamic background 'white'", draw, s);
}
