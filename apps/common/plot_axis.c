/* Ranges, places and marks of the axes of a plot. */
#include <math.h>
#include <string.h>

#include "apps/common/plot_parts.h"

void plot_range(plot_scale *s, double least, double most) {
    const tri_plot_axis *axis = s->axis;
    if (axis->low < axis->high) {
        s->low = axis->low;
        s->high = axis->high;
        return;
    }
    if (!(least <= most)) {
        least = axis->log ? 1 : 0;
        most = axis->log ? 10 : 1;
    }
    if (axis->log) {
        double room = fmax(0.04 * log10(most / least), 0.02);
        s->low = least / pow(10, room);
        s->high = most * pow(10, room);
        return;
    }
    double room = 0.04 * (most - least);
    if (room <= 0) room = least == 0 ? 0.5 : 0.1 * fabs(least);
    s->low = least - room;
    s->high = most + room;
}

double plot_at(const plot_scale *s, double value) {
    double part =
        s->axis->log ? log(value / s->low) / log(s->high / s->low) : (value - s->low) / (s->high - s->low);
    return s->from + part * (s->to - s->from);
}

static void add(plot_marks *m, const plot_scale *s, double value, const char *text) {
    const double slack = 1e-9 * fabs(s->high - s->low);
    if (m->count == PLOT_MARKS || value < s->low - slack || value > s->high + slack) return;
    m->at[m->count] = value;
    if (text)
        snprintf(m->text[m->count], PLOT_MARK, "%s", text);
    else
        snprintf(m->text[m->count], PLOT_MARK, "%.6g", value);
    m->count++;
}

/* Powers of two, in steps that leave at most `most`. */
static void mark_bytes(const plot_scale *s, size_t most, plot_marks *m) {
    double first = ceil(log2(fmax(s->low, 1))), last = floor(log2(s->high));
    double step = fmax(1, ceil((last - first + 1) / (double)most));
    for (double k = first; k <= last && k < 63; k += step) {
        char text[TRI_SIZE_TEXT];
        add(m, s, exp2(k), tri_size_format((size_t)1 << (int)k, text));
    }
}

/* Decades, and within few of them also 2 and 5. */
static void mark_log(const plot_scale *s, size_t most, plot_marks *m) {
    double first = floor(log10(s->low)), last = ceil(log10(s->high));
    double step = fmax(1, ceil((last - first) / (double)most));
    bool between = 3 * (last - first) <= (double)most + 4;
    for (double k = first; k <= last; k += step) {
        add(m, s, pow(10, k), NULL);
        if (!between) continue;
        add(m, s, 2 * pow(10, k), NULL);
        add(m, s, 5 * pow(10, k), NULL);
    }
}

static void mark_linear(const plot_scale *s, size_t most, plot_marks *m) {
    double raw = (s->high - s->low) / (double)most, unit = pow(10, floor(log10(raw)));
    double step = unit * (raw <= unit ? 1 : raw <= 2 * unit ? 2 : raw <= 5 * unit ? 5 : 10);
    if (s->axis->whole) step = fmax(step, 1);
    for (double k = ceil(s->low / step); k * step <= s->high + 1e-9 * step && m->count < PLOT_MARKS; k++)
        /* -0 and the error of a product would be shown. */
        add(m, s, fabs(k) < 0.5 ? 0 : k * step, NULL);
}

void plot_find_marks(const plot_scale *s, size_t most, plot_marks *m) {
    const tri_plot_axis *axis = s->axis;
    memset(m, 0, sizeof *m);
    if (axis->names) {
        size_t step = axis->count / most + 1;
        for (size_t i = 0; i < axis->count; i += step)
            add(m, s, (double)i, axis->names[i]);
    } else if (axis->log && axis->bytes)
        mark_bytes(s, most, m);
    else if (axis->log)
        mark_log(s, most, m);
    else
        mark_linear(s, most, m);
}
