/* Heat maps: the palette, the cells and the bar of colours. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "apps/common/plot_parts.h"
#include "apps/common/xml.h"

/* More cells than these become pixels of an image. */
enum { MOST_RECTANGLES = 4096 };

/* Viridis by S. van der Walt and N. Smith (CC0), at equal distances; linear between. */
static const unsigned char viridis[][3] = {
    {68, 1, 84},    {71, 19, 101},  {72, 36, 117},  {70, 52, 128},  {65, 68, 135},  {59, 82, 139},
    {53, 95, 141},  {47, 108, 142}, {42, 120, 142}, {37, 132, 142}, {33, 145, 140}, {30, 156, 137},
    {34, 168, 132}, {47, 180, 124}, {68, 191, 112}, {94, 201, 98},  {122, 209, 81}, {155, 217, 60},
    {189, 223, 38}, {223, 227, 24}, {253, 231, 37}};

void tri_plot_colour(double value, unsigned char rgb[3]) {
    enum { LAST = sizeof viridis / sizeof *viridis - 1 };
    double at = LAST * fmin(fmax(value, 0), 1);
    int from = at >= LAST ? LAST - 1 : (int)at;
    for (int c = 0; c < 3; c++)
        rgb[c] =
            (unsigned char)lround(viridis[from][c] + (at - from) * (viridis[from + 1][c] - viridis[from][c]));
}

void plot_map_range(const tri_plot_map *map, double *low, double *high) {
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < map->rows * map->columns; i++)
        if (isfinite(map->values[i])) {
            *low = fmin(*low, map->values[i]);
            *high = fmax(*high, map->values[i]);
        }
    if (*low > *high) {
        *low = 0;
        *high = 1;
    }
}

/* The colour of a cell; false: it is empty. */
static bool colour_of(const tri_plot_map *map, double low, double high, size_t cell, unsigned char rgb[3]) {
    double value = map->values[cell];
    if (!isfinite(value)) return false;
    /* Halves, because the difference of large values of both signs is infinite. */
    double part = high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
    tri_plot_colour(map->low_is_brighter ? 1 - part : part, rgb);
    return true;
}

/* ---- PNG (W3C, third edition): signature, and chunks of length, type, data, checksum ---- */

static void put_number(unsigned char *at, size_t value) {
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static unsigned char *put_chunk(unsigned char *at, const char *type, const unsigned char *data,
                                size_t bytes) {
    put_number(at, bytes);
    memcpy(at + 4, type, 4);
    if (bytes) memcpy(at + 8, data, bytes);
    put_number(at + 8 + bytes, crc32(0, at + 4, (uInt)bytes + 4));
    return at + 12 + bytes;
}

/* The pixels, from the top row on, each row behind the number of its filter. */
static unsigned char *pixels_of(const tri_plot_map *map, size_t bytes) {
    unsigned char *pixels = calloc(bytes, 1), *at = pixels;
    double low, high;
    plot_map_range(map, &low, &high);
    for (size_t r = 0; pixels && r < map->rows; r++) {
        size_t row = map->down ? r : map->rows - 1 - r;
        at++;
        for (size_t c = 0; c < map->columns; c++, at += 4)
            if (colour_of(map, low, high, row * map->columns + c, at)) at[3] = 255;
    }
    return pixels;
}

/* Returns the image, to be freed, or NULL without memory. */
static unsigned char *make_png(const tri_plot_map *map, size_t *out) {
    const size_t bytes = map->rows * (1 + 4 * map->columns);
    uLongf packed = compressBound(bytes);
    unsigned char *pixels = pixels_of(map, bytes), *data = malloc(packed), *png = malloc(packed + 100),
                  *at = png;
    bool ok = pixels && data && png && compress(data, &packed, pixels, bytes) == Z_OK;
    if (ok) {
        unsigned char head[13] = {0};
        put_number(head, map->columns);
        put_number(head + 4, map->rows);
        head[8] = 8; /* bits */
        head[9] = 6; /* red, green, blue, opacity */
        memcpy(at, "\x89PNG\r\n\x1a\n", 8);
        at = put_chunk(at + 8, "IHDR", head, sizeof head);
        at = put_chunk(at, "IDAT", data, packed);
        at = put_chunk(at, "IEND", NULL, 0);
        *out = (size_t)(at - png);
    }
    free(pixels);
    free(data);
    if (ok) return png;
    free(png);
    return NULL;
}

bool tri_plot_png(FILE *to, const tri_plot_map *map) {
    size_t bytes;
    unsigned char *png = make_png(map, &bytes);
    if (png) fwrite(png, 1, bytes, to);
    free(png);
    return png;
}

static void write_base64(FILE *to, const unsigned char *data, size_t bytes) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes; i += 3) {
        size_t more = bytes - i < 3 ? bytes - i : 3;
        unsigned word = (unsigned)data[i] << 16 | (more > 1 ? (unsigned)data[i + 1] << 8 : 0) |
                        (more > 2 ? data[i + 2] : 0);
        for (size_t k = 0; k < 4; k++)
            fputc(k <= more ? digits[word >> (18 - 6 * k) & 63] : '=', to);
    }
}

/* ---- in a plot ---- */

static void write_image(FILE *to, const tri_plot_map *map, double left, double top, double width,
                        double height) {
    size_t bytes;
    unsigned char *png = make_png(map, &bytes);
    if (!png) return;
    fprintf(to,
            "<image x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" preserveAspectRatio=\"none\" "
            "style=\"image-rendering:pixelated\" href=\"data:image/png;base64,",
            left, top, width, height);
    write_base64(to, png, bytes);
    fputs("\"/>\n", to);
    free(png);
}

void plot_map_cells(FILE *to, const tri_plot_map *map, const plot_scale *x, const plot_scale *y) {
    double left = plot_at(x, map->x - map->dx / 2), one = plot_at(y, map->y - map->dy / 2);
    double right = plot_at(x, map->x + map->dx * ((double)map->columns - 0.5));
    double other = plot_at(y, map->y + map->dy * ((double)map->rows - 0.5));
    double top = fmin(one, other), height = fabs(other - one) / (double)map->rows;
    double width = (right - left) / (double)map->columns, low, high;
    if (map->rows * map->columns > MOST_RECTANGLES) {
        write_image(to, map, left, top, right - left, fabs(other - one));
        return;
    }
    plot_map_range(map, &low, &high);
    fputs("<g shape-rendering=\"crispEdges\">\n", to);
    for (size_t i = 0; i < map->rows * map->columns; i++) {
        unsigned char rgb[3];
        size_t row = i / map->columns, at = map->down ? row : map->rows - 1 - row;
        if (!colour_of(map, low, high, i, rgb)) continue;
        fprintf(
            to,
            "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"#%02x%02x%02x\"><title>%.6g"
            "</title></rect>\n",
            left + width * (double)(i % map->columns), top + height * (double)at, width, height, rgb[0],
            rgb[1], rgb[2], map->values[i]);
    }
    fputs("</g>\n", to);
}

void plot_map_bar(FILE *to, const tri_plot_map *map, double left, double top, double bottom) {
    enum { STEPS = 64, WIDTH = 14 };
    const tri_plot_axis axis = {.label = map->label};
    plot_scale scale = {.axis = &axis, .from = bottom, .to = top};
    plot_marks marks;
    plot_map_range(map, &scale.low, &scale.high);
    if (scale.low == scale.high) plot_range(&scale, scale.low, scale.high);
    fputs("<g shape-rendering=\"crispEdges\">\n", to);
    for (int i = 0; i < STEPS; i++) {
        unsigned char rgb[3];
        double part = (i + 0.5) / STEPS;
        tri_plot_colour(map->low_is_brighter ? 1 - part : part, rgb);
        fprintf(to, "<rect x=\"%.1f\" y=\"%.2f\" width=\"%d\" height=\"%.2f\" fill=\"#%02x%02x%02x\"/>\n",
                left, bottom - (bottom - top) * (i + 1) / STEPS, WIDTH, (bottom - top) / STEPS + 0.1, rgb[0],
                rgb[1], rgb[2]);
    }
    fputs("</g>\n", to);
    plot_find_marks(&scale, 6, &marks);
    size_t longest = 0;
    for (size_t i = 0; i < marks.count; i++) {
        if (strlen(marks.text[i]) > longest) longest = strlen(marks.text[i]);
        fprintf(to, "<text x=\"%.1f\" y=\"%.1f\" dominant-baseline=\"middle\">%s</text>\n", left + WIDTH + 4,
                plot_at(&scale, marks.at[i]), marks.text[i]);
    }
    double x = left + WIDTH + 18 + 6.5 * (double)longest, y = (top + bottom) / 2;
    fprintf(to, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" transform=\"rotate(-90 %.1f %.1f)\">", x,
            y, x, y);
    xml_text(to, map->label ? map->label : "");
    fputs("</text>\n", to);
}
