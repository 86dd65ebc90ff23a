/* Plots as SVG, with one palette (viridis), axes with labels and units, and a key. Texts are escaped, so that
 * no name becomes markup. */
#ifndef TRIREME_APPS_PLOT_H
#define TRIREME_APPS_PLOT_H

#include <stdio.h>

#include "apps/driver/app.h"

typedef enum tri_plot_kind {
    TRI_PLOT_POINTS,
    TRI_PLOT_LINE,   /* with points */
    TRI_PLOT_CURVE,  /* without points */
    TRI_PLOT_DASHED, /* a curve to compare with */
    TRI_PLOT_BARS
} tri_plot_kind;

/* The program keeps all arrays and texts. */
typedef struct tri_plot_series {
    const char *title; /* in the key; NULL: not there */
    tri_plot_kind kind;
    size_t count;
    const double *x;           /* NULL: 0, 1, 2 ... */
    const double *y;           /* NaN: none */
    const double *low, *high;  /* error bars; NULL: none */
    const char *const *labels; /* beside the points; NULL: none */
} tri_plot_series;

typedef struct tri_plot_axis {
    const char *label;        /* with its unit: "time (s)" */
    bool log;                 /* values at or below 0 are left out */
    bool bytes;               /* marks are sizes such as 64Ki */
    bool whole;               /* no marks between whole numbers */
    double low, high;         /* low == high: from the data */
    const char *const *names; /* of the values 0, 1, 2 ...; NULL: numbers */
    size_t count;             /* of names */
} tri_plot_axis;

/* A heat map: `rows` x `columns` cells of equal size, row-major; cells that are not finite stay empty. */
typedef struct tri_plot_map {
    size_t rows, columns;
    const double *values;
    double x, y, dx, dy;  /* centre of the first cell, and width and height of a cell, on the axes */
    const char *label;    /* of the values, with their unit */
    bool down;            /* the first row is on top */
    bool low_is_brighter; /* for times: brighter is better */
} tri_plot_map;

typedef struct tri_plot {
    const char *title;
    tri_plot_axis x, y;
    const tri_plot_series *series;
    size_t count;            /* of series */
    const tri_plot_map *map; /* NULL: none */
    bool same_scale;         /* a unit has the same length on both axes */
} tri_plot;

/* Writes panels side by side, `columns` in a row, as one <svg> element. inside: part of an HTML page, with
 * its colour of text and without a background. */
void tri_plot_write(FILE *to, const tri_plot panels[], size_t count, size_t columns, bool inside);

/* The same as an SVG file, which appears under its name when it is complete. replace: it may replace an
 * existing one. Local; one rank calls it. TRI_ERR_FILE, TRI_ERR_MEMORY. */
TRI_MUST_CHECK tri_status tri_plot_file(const char *path, int replace, const tri_plot panels[], size_t count,
                                        size_t columns);

/* Whether tri_plot_file() may write `path`, the value of --plot, to be asked before the work. Local; the
 * ranks but 0 succeed. TRI_ERR_ARGUMENT: the name says that it is no SVG file. */
TRI_MUST_CHECK tri_status tri_plot_check(const tri_run *run, const char *path);

/* The colour of `value` from 0 to 1 in the palette. */
void tri_plot_colour(double value, unsigned char rgb[3]);

/* Writes the cells of a map as a PNG file, a pixel for each cell, without axes. False: no memory. */
bool tri_plot_png(FILE *to, const tri_plot_map *map);

#endif
