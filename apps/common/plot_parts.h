/* Parts of plot.c. */
#ifndef TRIREME_APPS_PLOT_PARTS_H
#define TRIREME_APPS_PLOT_PARTS_H

#include "apps/common/plot.h"

/* An axis with its range and its place in the picture. */
typedef struct plot_scale {
    const tri_plot_axis *axis;
    double low, high; /* values */
    double from, to;  /* pixels */
} plot_scale;

enum { PLOT_MARKS = 64, PLOT_MARK = 40 };

typedef struct plot_marks {
    size_t count;
    double at[PLOT_MARKS];
    char text[PLOT_MARKS][PLOT_MARK];
} plot_marks;

/* Sets low and high from the axis, or from the smallest and largest value that the axis shows. */
void plot_range(plot_scale *scale, double least, double most);
/* The place of a value. */
double plot_at(const plot_scale *scale, double value);
/* Marks with their texts, at most about `most`. */
void plot_find_marks(const plot_scale *scale, size_t most, plot_marks *marks);

/* The range of the values of a map. */
void plot_map_range(const tri_plot_map *map, double *low, double *high);
/* Draws the cells. */
void plot_map_cells(FILE *to, const tri_plot_map *map, const plot_scale *x, const plot_scale *y);
/* Draws the bar of colours with its marks, from `top` to `bottom`. */
void plot_map_bar(FILE *to, const tri_plot_map *map, double left, double top, double bottom);

#endif
