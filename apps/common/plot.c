#include "apps/common/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "apps/common/plot_parts.h"
#include "apps/common/xml.h"

/* Pixels: a panel and the largest area of its data, a line of text, and a letter on average. */
enum { WIDTH = 560, AREA_HEIGHT = 300, LINE = 18 };
static const double letter = 6.6;

/* A panel while it is drawn. */
typedef struct panel {
    const tri_plot *plot;
    plot_scale x, y;
    plot_marks x_marks, y_marks;
    double left, right, top, bottom; /* of the area */
    double height;                   /* of the whole panel */
    bool turned;                     /* the names of x */
} panel;

/* ---- ranges ---- */

static double x_of(const tri_plot_series *s, size_t i) {
    return s->x ? s->x[i] : (double)i;
}

static bool is_shown(const tri_plot *p, double x, double y) {
    return isfinite(x) && isfinite(y) && (!p->x.log || x > 0) && (!p->y.log || y > 0);
}

static void widen(double value, double range[2]) {
    if (!isfinite(value)) return;
    range[0] = fmin(range[0], value);
    range[1] = fmax(range[1], value);
}

static void find_ranges(panel *n) {
    const tri_plot *p = n->plot;
    double x[2] = {INFINITY, -INFINITY}, y[2] = {INFINITY, -INFINITY};
    bool bars = false;
    for (const tri_plot_series *s = p->series; s < p->series + p->count; s++)
        for (size_t i = 0; i < s->count; i++) {
            if (!is_shown(p, x_of(s, i), s->y[i])) continue;
            widen(x_of(s, i), x);
            widen(s->y[i], y);
            if (s->low && (!p->y.log || s->low[i] > 0)) widen(s->low[i], y);
            if (s->high) widen(s->high[i], y);
            bars = bars || s->kind == TRI_PLOT_BARS;
        }
    if (bars && !p->y.log) widen(0, y);
    plot_range(&n->x, x[0], x[1]);
    plot_range(&n->y, y[0], y[1]);
    if (bars && !p->y.log && p->y.low == p->y.high) {
        if (y[0] == 0) n->y.low = 0;
        if (y[1] == 0) n->y.high = 0;
    }
    const tri_plot_map *map = p->map;
    if (map) {
        n->x.low = map->x - map->dx / 2;
        n->x.high = n->x.low + map->dx * (double)map->columns;
        n->y.low = map->y - map->dy / 2;
        n->y.high = n->y.low + map->dy * (double)map->rows;
    } else if (p->x.names) {
        n->x.low = -0.6;
        n->x.high = (double)p->x.count - 0.4;
    }
}

/* ---- layout ---- */

static size_t longest_of(const plot_marks *m) {
    size_t longest = 0;
    for (size_t i = 0; i < m->count; i++)
        if (strlen(m->text[i]) > longest) longest = strlen(m->text[i]);
    return longest;
}

static size_t keys_of(const tri_plot *p) {
    size_t keys = 0;
    for (size_t i = 0; i < p->count; i++)
        keys += p->series[i].title != NULL;
    return keys;
}

/* The key has two columns. */
static size_t key_rows(const tri_plot *p) {
    return (keys_of(p) + 1) / 2;
}

static void find_layout(panel *n) {
    const tri_plot *p = n->plot;
    double width, height = AREA_HEIGHT;
    plot_find_marks(&n->x, p->x.names ? 32 : 7, &n->x_marks);
    plot_find_marks(&n->y, p->y.names ? 24 : 8, &n->y_marks);
    n->top = p->title ? 2.2 * LINE : LINE;
    n->left = 2.0 * LINE + letter * (double)longest_of(&n->y_marks);
    width = WIDTH - n->left - (p->map ? 110 : LINE);
    if (p->map && p->same_scale) {
        double wide = n->x.high - n->x.low, high = n->y.high - n->y.low;
        if (high / wide * width > 1.4 * AREA_HEIGHT) width = 1.4 * AREA_HEIGHT * wide / high;
        height = fmax(width * high / wide, 4);
    }
    n->right = n->left + width;
    n->bottom = n->top + height;
    size_t longest = longest_of(&n->x_marks);
    n->turned = p->x.names && letter * (double)longest * (double)n->x_marks.count > width - 10;
    double below = LINE + (n->turned ? 0.6 * letter * (double)longest : 0) + (p->x.label ? 1.3 * LINE : 0);
    n->height = n->bottom + below + LINE * (double)key_rows(p) + 16;
    n->x.from = n->left;
    n->x.to = n->right;
    n->y.from = p->map && p->map->down ? n->top : n->bottom;
    n->y.to = p->map && p->map->down ? n->bottom : n->top;
}

/* ---- axes ---- */

static void write_text(FILE *to, double x, double y, const char *more, const char *text) {
    fprintf(to, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, more);
    xml_text(to, text);
    fputs("</text>\n", to);
}

static void write_axes(FILE *to, const panel *n) {
    const tri_plot *p = n->plot;
    char more[96];
    fputs("<g stroke=\"currentColor\" stroke-opacity=\"0.15\">\n", to);
    for (size_t i = 0; i < n->x_marks.count && !p->map && !p->x.names; i++)
        fprintf(to, "<path d=\"M%.1f %.1fV%.1f\"/>\n", plot_at(&n->x, n->x_marks.at[i]), n->top, n->bottom);
    for (size_t i = 0; i < n->y_marks.count && !p->map; i++)
        fprintf(to, "<path d=\"M%.1f %.1fH%.1f\"/>\n", n->left, plot_at(&n->y, n->y_marks.at[i]), n->right);
    fputs("</g>\n", to);
    for (size_t i = 0; i < n->x_marks.count; i++) {
        double x = plot_at(&n->x, n->x_marks.at[i]), y = n->bottom + 0.9 * LINE;
        if (n->turned)
            snprintf(more, sizeof more, "text-anchor=\"end\" transform=\"rotate(-35 %.1f %.1f)\"", x + 4, y);
        write_text(to, x + (n->turned ? 4 : 0), y, n->turned ? more : "text-anchor=\"middle\"",
                   n->x_marks.text[i]);
    }
    for (size_t i = 0; i < n->y_marks.count; i++)
        write_text(to, n->left - 6, plot_at(&n->y, n->y_marks.at[i]),
                   "text-anchor=\"end\" dominant-baseline=\"middle\"", n->y_marks.text[i]);
    double below = n->bottom + 2.1 * LINE + (n->turned ? 0.6 * letter * (double)longest_of(&n->x_marks) : 0);
    if (p->x.label) write_text(to, (n->left + n->right) / 2, below, "text-anchor=\"middle\"", p->x.label);
    double y = (n->top + n->bottom) / 2;
    snprintf(more, sizeof more, "text-anchor=\"middle\" transform=\"rotate(-90 %d %.1f)\"", LINE - 4, y);
    if (p->y.label) write_text(to, LINE - 4, y, more, p->y.label);
    if (p->title)
        write_text(to, (n->left + n->right) / 2, 1.1 * LINE, "text-anchor=\"middle\" font-weight=\"bold\"",
                   p->title);
}

static void write_frame(FILE *to, const panel *n) {
    fprintf(
        to,
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" stroke=\"currentColor\" "
        "stroke-opacity=\"0.5\"/>\n",
        n->left, n->top, n->right - n->left, n->bottom - n->top);
}

/* ---- series ---- */

/* The ends of the palette have little contrast with a white or a black page. */
static void series_colour(const tri_plot *p, size_t index, char text[8]) {
    unsigned char rgb[3];
    tri_plot_colour(p->count < 2 ? 0.45 : 0.3 + 0.5 * (double)index / (double)(p->count - 1), rgb);
    snprintf(text, 8, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
}

/* A shape for each series, so that colours are not all that tells them apart. */
static void write_point(FILE *to, size_t shape, double x, double y, const char *colour) {
    static const char *const paths[] = {"m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z", "m-3 -3h6v6h-6z",
                                        "m0 -4l4 7h-8z", "m0 -4.5l4.5 4.5l-4.5 4.5l-4.5 -4.5z"};
    fprintf(to, "<path d=\"M%.2f %.2f%s\" fill=\"%s\"/>\n", x, y, paths[shape % 4], colour);
}

static void write_error_bar(FILE *to, const panel *n, const tri_plot_series *s, size_t i, double x) {
    if (!s->low || !s->high || s->low[i] == s->high[i] || !is_shown(n->plot, 1, s->low[i]) ||
        !is_shown(n->plot, 1, s->high[i]))
        return;
    double low = plot_at(&n->y, s->low[i]), high = plot_at(&n->y, s->high[i]);
    fprintf(to,
            "<path d=\"M%.2f %.2fV%.2fm-4 0h8m-4 0M%.2f %.2fh8\" stroke=\"currentColor\" fill=\"none\"/>\n",
            x, low, high, x - 4, low);
}

static void write_bars(FILE *to, const panel *n, const tri_plot_series *s, const char *colour) {
    size_t groups = 0, place = 0;
    for (const tri_plot_series *other = n->plot->series; other < n->plot->series + n->plot->count; other++) {
        if (other == s) place = groups;
        groups += other->kind == TRI_PLOT_BARS;
    }
    double unit = fabs(plot_at(&n->x, 1) - plot_at(&n->x, 0)), width = 0.8 * unit / (double)groups;
    double base = n->plot->y.log ? n->bottom : plot_at(&n->y, fmin(fmax(0, n->y.low), n->y.high));
    for (size_t i = 0; i < s->count; i++) {
        if (!is_shown(n->plot, 1, s->y[i])) continue;
        double x = plot_at(&n->x, x_of(s, i)) - 0.4 * unit + width * (double)place,
               y = plot_at(&n->y, s->y[i]);
        fprintf(to,
                "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\"><title>%.6g</title>"
                "</rect>\n",
                x, fmin(y, base), width, fabs(y - base), colour, s->y[i]);
        write_error_bar(to, n, s, i, x + width / 2);
    }
}

static void write_line(FILE *to, const panel *n, const tri_plot_series *s, const char *colour) {
    bool pen = false;
    fprintf(to, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s d=\"", colour,
            s->kind == TRI_PLOT_DASHED ? " stroke-dasharray=\"6 4\"" : "");
    for (size_t i = 0; i < s->count; i++) {
        double x = x_of(s, i);
        if (is_shown(n->plot, x, s->y[i]))
            fprintf(to, "%c%.2f %.2f", pen ? 'L' : 'M', plot_at(&n->x, x), plot_at(&n->y, s->y[i]));
        pen = is_shown(n->plot, x, s->y[i]);
    }
    fputs("\"/>\n", to);
}

static void write_series(FILE *to, const panel *n, size_t index) {
    const tri_plot_series *s = &n->plot->series[index];
    char colour[8];
    series_colour(n->plot, index, colour);
    if (s->kind == TRI_PLOT_BARS) {
        write_bars(to, n, s, colour);
        return;
    }
    if (s->kind != TRI_PLOT_POINTS) write_line(to, n, s, s->kind == TRI_PLOT_DASHED ? "gray" : colour);
    if (s->kind == TRI_PLOT_CURVE || s->kind == TRI_PLOT_DASHED) return;
    for (size_t i = 0; i < s->count; i++) {
        if (!is_shown(n->plot, x_of(s, i), s->y[i])) continue;
        double x = plot_at(&n->x, x_of(s, i)), y = plot_at(&n->y, s->y[i]);
        write_error_bar(to, n, s, i, x);
        write_point(to, index, x, y, colour);
    }
}

/* Texts beside the points, inside the area. */
static void write_labels(FILE *to, const panel *n, const tri_plot_series *s) {
    for (size_t i = 0; s->labels && i < s->count; i++) {
        if (!is_shown(n->plot, x_of(s, i), s->y[i])) continue;
        double x = plot_at(&n->x, x_of(s, i)), y = plot_at(&n->y, s->y[i]);
        bool late = x > n->left + 0.7 * (n->right - n->left);
        write_text(to, x + (late ? -7 : 7), y - 5, late ? "text-anchor=\"end\"" : "", s->labels[i]);
    }
}

/* Two columns under the axes. */
static void write_key(FILE *to, const panel *n) {
    const tri_plot *p = n->plot;
    double first = n->height - LINE * (double)key_rows(p) + 4;
    size_t at = 0;
    for (size_t i = 0; i < p->count; i++) {
        const tri_plot_series *s = &p->series[i];
        if (!s->title) continue;
        size_t row = at / 2;
        double x = n->left + (double)(at % 2) * (WIDTH - n->left) / 2, y = first + LINE * (double)row;
        char colour[8];
        at++;
        series_colour(p, i, colour);
        if (s->kind == TRI_PLOT_CURVE || s->kind == TRI_PLOT_DASHED)
            fprintf(to, "<path d=\"M%.1f %.1fh16\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", x - 8, y - 4,
                    s->kind == TRI_PLOT_DASHED ? "gray" : colour,
                    s->kind == TRI_PLOT_DASHED ? " stroke-dasharray=\"6 4\"" : "");
        else
            write_point(to, s->kind == TRI_PLOT_BARS ? 1 : i, x, y - 4, colour);
        write_text(to, x + 14, y, "", s->title);
    }
}

static void write_panel(FILE *to, const panel *n) {
    fprintf(to,
            "<svg x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" viewBox=\"%.1f %.1f %.1f %.1f\">\n",
            n->left, n->top, n->right - n->left, n->bottom - n->top, n->left, n->top, n->right - n->left,
            n->bottom - n->top);
    if (n->plot->map) plot_map_cells(to, n->plot->map, &n->x, &n->y);
    for (size_t i = 0; i < n->plot->count; i++)
        write_series(to, n, i);
    fputs("</svg>\n", to);
    for (size_t i = 0; i < n->plot->count; i++)
        write_labels(to, n, &n->plot->series[i]);
    write_axes(to, n);
    write_frame(to, n);
    if (n->plot->map) plot_map_bar(to, n->plot->map, n->right + 12, n->top, n->bottom);
    write_key(to, n);
}

void tri_plot_write(FILE *to, const tri_plot panels[], size_t count, size_t columns, bool inside) {
    double height = 0, y = 0;
    panel n = {0};
    if (columns > count) columns = count;
    for (int pass = 0; pass < 2; pass++) {
        double tallest = 0;
        if (pass) {
            double width = WIDTH * (double)columns;
            fprintf(to,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
                    "height=\"%.0f\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\" "
                    "fill=\"currentColor\"%s>\n",
                    width, ceil(height), width, ceil(height), inside ? "" : " color=\"#222\"");
            if (!inside) fputs("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n", to);
        }
        for (size_t i = 0; i < count; i++) {
            n = (panel){.plot = &panels[i], .x.axis = &panels[i].x, .y.axis = &panels[i].y};
            find_ranges(&n);
            find_layout(&n);
            if (pass) {
                fprintf(to, "<g transform=\"translate(%.0f %.1f)\">\n", WIDTH * (double)(i % columns), y);
                write_panel(to, &n);
                fputs("</g>\n", to);
            }
            tallest = fmax(tallest, n.height);
            if ((i + 1) % columns && i + 1 < count) continue;
            y += tallest;
            tallest = 0;
        }
        height = y;
        y = 0;
    }
    fputs("</svg>\n", to);
}

tri_status tri_plot_file(const char *path, int replace, const tri_plot panels[], size_t count,
                         size_t columns) {
    tri_output *output = NULL;
    TRI_TRY(tri_output_create(path, replace, &output));
    FILE *to = tri_output_stream(output);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", to);
    tri_plot_write(to, panels, count, columns, false);
    tri_status status = tri_output_finish(output, NULL);
    tri_output_destroy(&output);
    return status;
}

tri_status tri_plot_check(const tri_run *run, const char *path) {
    size_t length = strlen(path);
    if (length < 4 || strcasecmp(path + length - 4, ".svg") != 0)
        return tri_fail(TRI_ERR_ARGUMENT, "--plot: the picture is SVG; '%s' does not end in .svg", path);
    return tri_comm_rank(run->comm) ? TRI_OK : tri_output_check(path, run->common->replace);
}
