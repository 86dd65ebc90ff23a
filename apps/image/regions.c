/* Connected regions: numbers and a table of them, and the hysteresis of canny. */
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

typedef struct region {
    uint64_t area, rows, columns; /* sums of the places */
    size_t top, bottom, left, right;
} region;

static uint32_t root_of(uint32_t *parent, uint32_t label) {
    while (parent[label] != label)
        label = parent[label] = parent[parent[label]];
    return label;
}

static void join(uint32_t *parent, uint32_t a, uint32_t b) {
    a = root_of(parent, a);
    b = root_of(parent, b);
    /* The root of a region is its first pixel in row-major order. */
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

/* The root of each pixel above 0; UINT32_MAX elsewhere. */
static void label(const float *x, size_t rows, size_t columns, bool diagonal, uint32_t *parent) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) {
            size_t at = r * columns + c;
            parent[at] = UINT32_MAX;
            if (!(x[at] > 0)) continue;
            parent[at] = (uint32_t)at;
            if (c && x[at - 1] > 0) join(parent, (uint32_t)at - 1, (uint32_t)at);
            if (!r) continue;
            size_t above = at - columns;
            if (x[above] > 0) join(parent, (uint32_t)above, (uint32_t)at);
            if (diagonal && c && x[above - 1] > 0) join(parent, (uint32_t)(above - 1), (uint32_t)at);
            if (diagonal && c + 1 < columns && x[above + 1] > 0)
                join(parent, (uint32_t)(above + 1), (uint32_t)at);
        }
}

static tri_status make_labels(const image_form *form, const float *x, bool diagonal, uint32_t **out) {
    size_t pixels = form->rows * form->columns;
    if (pixels >= UINT32_MAX)
        return tri_fail(TRI_ERR_DATA, "regions of an image of more than 2^32 pixels are not supported");
    uint32_t *parent = malloc((pixels ? pixels : 1) * sizeof *parent);
    if (!parent) return tri_fail(TRI_ERR_MEMORY, "no memory for the labels of %zu pixels", pixels);
    label(x, form->rows, form->columns, diagonal, parent);
    *out = parent;
    return TRI_OK;
}

tri_status image_hysteresis(const image_stage *stage, image_job *job) {
    const image_form *form = image_job_form(job);
    size_t pixels = form->rows * form->columns;
    float white = job->plan->range, high = (float)(stage->p[0] * (double)white);
    for (int p = 0; p < image_colours(form->channels); p++) {
        float *x = image_job_plane(job, p);
        uint32_t *parent = NULL;
        TRI_TRY(make_labels(form, x, true, &parent));
        /* The pixel of a root is marked where its region has a strong one. */
        bool *strong = calloc(pixels ? pixels : 1, 1);
        if (!strong) {
            free(parent);
            return tri_fail(TRI_ERR_MEMORY, "no memory for %zu pixels", pixels);
        }
        for (size_t i = 0; i < pixels; i++)
            if (parent[i] != UINT32_MAX && x[i] >= high) strong[root_of(parent, (uint32_t)i)] = true;
        for (size_t i = 0; i < pixels; i++)
            x[i] = parent[i] != UINT32_MAX && strong[root_of(parent, (uint32_t)i)] ? white : 0;
        free(strong);
        free(parent);
    }
    return TRI_OK;
}

static void add(region *r, size_t row, size_t column) {
    if (!r->area || row < r->top) r->top = row;
    if (!r->area || column < r->left) r->left = column;
    if (row + 1 > r->bottom) r->bottom = row + 1;
    if (column + 1 > r->right) r->right = column + 1;
    r->area++;
    r->rows += row;
    r->columns += column;
}

/* Numbers the regions from 1 on in the order of their first pixels. */
static tri_status number(image_job *job, int plane, float *x, uint32_t *parent) {
    const image_form *form = image_job_form(job);
    size_t pixels = form->rows * form->columns;
    uint64_t count = 0;
    for (size_t i = 0; i < pixels; i++)
        count += parent[i] == i;
    if (count > 1 << 24)
        return tri_fail(TRI_ERR_DATA, "%llu regions: at most 2^24 in one image", (unsigned long long)count);
    if (count > job->regions) job->regions = count;
    region *regions = calloc(count + 1, sizeof *regions);
    if (!regions) return tri_fail(TRI_ERR_MEMORY, "no memory for %llu regions", (unsigned long long)count);
    uint64_t next = 0;
    for (size_t i = 0; i < pixels; i++) {
        if (parent[i] == UINT32_MAX) {
            x[i] = 0;
            continue;
        }
        /* A root comes before all other pixels of its region. */
        x[i] = parent[i] == i ? (float)++next : x[root_of(parent, (uint32_t)i)];
        add(&regions[(size_t)x[i]], i / form->columns, i % form->columns);
    }
    tri_status status = TRI_OK;
    for (uint64_t k = 1; k <= count && status == TRI_OK; k++) {
        const region *r = &regions[k];
        double area = (double)r->area;
        status = image_table_add(job, "region,%s,%d,%llu,%llu,%.9g,%.9g,%zu,%zu,%zu,%zu\n", job->name, plane,
                                 (unsigned long long)k, (unsigned long long)r->area, (double)r->rows / area,
                                 (double)r->columns / area, r->top, r->left, r->bottom, r->right);
    }
    free(regions);
    return status;
}

tri_status image_components(const image_stage *stage, image_job *job) {
    const image_form *form = image_job_form(job);
    if (stage->p[0] != 4 && stage->p[0] != 8)
        return tri_fail(TRI_ERR_ARGUMENT, "components: 4 or 8 neighbours, not %g", stage->p[0]);
    for (int p = 0; p < image_colours(form->channels); p++) {
        float *x = image_job_plane(job, p);
        uint32_t *parent = NULL;
        TRI_TRY(make_labels(form, x, stage->p[0] == 8, &parent));
        tri_status status = number(job, p, x, parent);
        free(parent);
        TRI_TRY(status);
    }
    return TRI_OK;
}
