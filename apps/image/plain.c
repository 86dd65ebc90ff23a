/* The filters once more, in their plain form: stage by stage over the whole image, pixel by pixel, with an
 * index for each neighbour. No tiles, halos, vectors or runs; the same order of operations, so the same bits.
 * Filters over the whole image are those of the run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

/* One plane before a stage, and the stage. */
typedef struct view {
    const image_plan *plan;
    const image_stage *stage;
    const float *x;
    ptrdiff_t rows, columns;
    size_t number;
} view;

static float pixel(const view *v, ptrdiff_t row, ptrdiff_t column) {
    const image_chain *chain = v->plan->chain;
    ptrdiff_t r = image_edge_index(chain->edge, row, v->rows),
              c = image_edge_index(chain->edge, column, v->columns);
    return r < 0 || c < 0 ? chain->constant : v->x[r * v->columns + c];
}

static int32_t key_of(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ ((bits >> 31) & 0x7fffffff);
}

static int ascending(const void *a, const void *b) {
    int32_t x = key_of(*(const float *)a), y = key_of(*(const float *)b);
    return (x > y) - (x < y);
}

static float down(const view *v, ptrdiff_t row, ptrdiff_t column) {
    const float *k = v->stage->weights;
    float sum = k[0] * pixel(v, row, column);
    for (ptrdiff_t j = 1; j <= (ptrdiff_t)v->stage->reach; j++)
        sum += k[j] * (pixel(v, row - j, column) + pixel(v, row + j, column));
    return sum;
}

static float gauss(const view *v, ptrdiff_t row, ptrdiff_t column) {
    const float *k = v->stage->weights;
    float sum = k[0] * down(v, row, column);
    for (ptrdiff_t j = 1; j <= (ptrdiff_t)v->stage->reach; j++)
        sum += k[j] * (down(v, row, column - j) + down(v, row, column + j));
    return sum;
}

/* The sum of 2^n values, as a tree. */
static float tree(const float *x, size_t count) {
    return count == 1 ? x[0] : tree(x, count / 2) + tree(x + count / 2, count / 2);
}

/* The trees of the binary digits of `count`, the smallest first. */
static float sum_of(const float *x, size_t count) {
    float sum = 0;
    size_t have = 0;
    for (size_t power = 1; power <= count; power *= 2)
        if (count & power) {
            sum = have ? sum + tree(x + have, power) : tree(x, power);
            have += power;
        }
    return sum;
}

/* Calls of order, box: the square of pixels in `square`, column by column. */
static float of_square(const view *v, ptrdiff_t row, ptrdiff_t column, float *square, float *line) {
    ptrdiff_t reach = (ptrdiff_t)v->stage->reach;
    size_t size = 2 * v->stage->reach + 1, count = 0;
    for (ptrdiff_t c = -reach; c <= reach; c++)
        for (ptrdiff_t r = -reach; r <= reach; r++)
            square[count++] = pixel(v, row + r, column + c);
    int kernel = v->stage->filter->kernel;
    if (kernel == IMAGE_K_box) {
        for (size_t c = 0; c < size; c++)
            line[c] = sum_of(square + c * size, size);
        return sum_of(line, size) * (float)(1.0 / ((double)size * (double)size));
    }
    qsort(square, count, sizeof *square, ascending);
    return kernel == IMAGE_K_erode    ? square[0]
           : kernel == IMAGE_K_dilate ? square[count - 1]
                                      : square[count / 2];
}

static float resize(const view *v, size_t row, size_t column) {
    const image_axis *a = &v->plan->axis[v->number][0], *b = &v->plan->axis[v->number][1];
    float sum = 0;
    for (size_t n = 0; n < b->count[column]; n++) {
        float part = 0;
        for (size_t m = 0; m < a->count[row]; m++) {
            float x = v->x[(ptrdiff_t)(a->first[row] + m) * v->columns + (ptrdiff_t)(b->first[column] + n)];
            float term = a->weight[row * a->most + m] * x;
            part = m ? part + term : term;
        }
        float term = b->weight[column * b->most + n] * part;
        sum = n ? sum + term : term;
    }
    return sum;
}

static void sobel(const view *v, ptrdiff_t r, ptrdiff_t c, float *i, float *j) {
    float nw = pixel(v, r - 1, c - 1), n = pixel(v, r - 1, c), ne = pixel(v, r - 1, c + 1),
          w = pixel(v, r, c - 1), e = pixel(v, r, c + 1), sw = pixel(v, r + 1, c - 1), s = pixel(v, r + 1, c),
          se = pixel(v, r + 1, c + 1);
    *i = ((sw + se) + 2 * s) - ((nw + ne) + 2 * n);
    *j = ((ne + se) + 2 * e) - ((nw + sw) + 2 * w);
}

static float size_at(const view *v, ptrdiff_t r, ptrdiff_t c) {
    float i, j;
    sobel(v, r, c, &i, &j);
    return sqrtf(i * i + j * j);
}

static float crest(const view *v, ptrdiff_t r, ptrdiff_t c) {
    float i, j, m = size_at(v, r, c), low = (float)(v->stage->p[0] * (double)v->plan->range);
    sobel(v, r, c, &i, &j);
    if (m < low || m <= 0) return 0;
    float ai = fabsf(i), aj = fabsf(j);
    bool steep = ai > aj, same = (i >= 0) == (j >= 0) || i == 0 || j == 0;
    float k = steep ? aj / ai : ai / aj;
    ptrdiff_t sr = steep, sc = !steep, dr = 1, dc = same ? 1 : -1;
    if (!same && !steep) {
        dr = -1;
        dc = 1;
    }
    bool one = size_at(v, r + dr, c + dc) * k + size_at(v, r + sr, c + sc) * (1 - k) <= m,
         two = size_at(v, r - dr, c - dc) * k + size_at(v, r - sr, c - sc) * (1 - k) <= m;
    return one && two ? m : 0;
}

/* One pixel of one plane. */
static float of_plane(const view *v, int plane, ptrdiff_t r, ptrdiff_t c, float *square, float *line) {
    const double *p = v->stage->p;
    const image_chain *chain = v->plan->chain;
    float white = v->plan->range, i, j, x;
    switch (v->stage->filter->kernel) {
    case IMAGE_K_gauss:
        return gauss(v, r, c);
    case IMAGE_K_box:
    case IMAGE_K_median:
    case IMAGE_K_erode:
    case IMAGE_K_dilate:
        return of_square(v, r, c, square, line);
    case IMAGE_K_resize:
        return resize(v, (size_t)r, (size_t)c);
    case IMAGE_K_rotate:
        return p[0] == 90    ? v->x[c * v->columns + v->columns - 1 - r]
               : p[0] == 180 ? v->x[(v->rows - 1 - r) * v->columns + v->columns - 1 - c]
               : p[0] == 270 ? v->x[(v->rows - 1 - c) * v->columns + r]
                             : v->x[r * v->columns + c];
    case IMAGE_K_copy: /* crop */
        return v->x[(r + (ptrdiff_t)p[0]) * v->columns + c + (ptrdiff_t)p[1]];
    case IMAGE_K_sobel:
        sobel(v, r, c, &i, &j);
        return sqrtf((i * i + j * j) * 0.03125F);
    case IMAGE_K_laplace:
        return ((pixel(v, r - 1, c) + pixel(v, r + 1, c)) + (pixel(v, r, c - 1) + pixel(v, r, c + 1))) -
               4 * pixel(v, r, c);
    case IMAGE_K_crest:
        return crest(v, r, c);
    default:
        break;
    }
    x = v->x[r * v->columns + c];
    switch (v->stage->filter->kernel) {
    case IMAGE_K_invert:
        return white - x;
    case IMAGE_K_gamma:
        return image_gamma(p[0], white, x);
    case IMAGE_K_threshold:
        return x > (float)p[0] ? white : 0;
    case IMAGE_K_levels:
        x = (x - (float)p[0]) * (float)((double)white / (p[1] - p[0]));
        return x < 0 ? 0 : x > white ? white : x;
    case IMAGE_K_field: {
        size_t at = chain->field.rows * chain->field.columns * (size_t)plane + (size_t)(r * v->columns + c);
        float light = chain->flat[at] - chain->dark[at];
        return light > 0 ? (x - chain->dark[at]) / light * chain->field_mean : 0;
    }
    default:
        return x;
    }
}

/* One pixel of several planes: x[plane * size]. */
static float of_planes(const view *v, int planes, int plane, size_t size) {
    const float *x = v->x;
    float a = x[(size_t)plane * size], b = planes > 1 ? x[(size_t)(plane + planes / 2) * size] : 0;
    switch (v->stage->filter->kernel) {
    case IMAGE_K_gray:
        return planes < 3 ? x[0] : 0.2125F * x[0] + 0.7154F * x[size] + 0.0721F * x[2 * size];
    case IMAGE_K_sharpen:
        return a + (float)v->stage->p[0] * (a - b);
    case IMAGE_K_minus:
        return a - b;
    default:
        return a > b - (float)v->stage->p[0] ? v->plan->range : 0;
    }
}

static void run_stage(const view *of, const image_form *to, int planes_from, int planes_to, const float *from,
                      float *out, float *square, float *line) {
    view v = *of;
    const image_filter *f = v.stage->filter;
    size_t before = (size_t)(v.rows * v.columns), after = to->rows * to->columns;
    int channels = v.plan->form[v.number].channels, colours = image_colours(channels);
    for (int p = 0; p < planes_to; p++)
        for (size_t i = 0; i < after; i++) {
            ptrdiff_t r = (ptrdiff_t)(i / to->columns), c = (ptrdiff_t)(i % to->columns);
            float *result = out + (size_t)p * after + i;
            bool fork = planes_to > planes_from, mix = f->kind == IMAGE_MIX && !fork,
                 shape = f->kind == IMAGE_SHAPE;
            bool keeps = !shape && !(mix && f->kernel == IMAGE_K_gray) &&
                         (p % channels >= colours || (v.stage->second && p < channels));
            if (mix && !keeps) {
                v.x = from + i;
                *result = of_planes(&v, planes_from, p, before);
            } else if (fork || keeps) {
                *result = from[(size_t)(fork ? p % channels : p) * before + i];
            } else {
                v.x = from + (size_t)p * before;
                *result = of_plane(&v, p % channels, r, c, square, line);
            }
        }
}

tri_status image_plain(const image_plan *plan, const image_pixels *in, image_job *job, float **planes) {
    const image_chain *chain = plan->chain;
    size_t count = in->form.rows * in->form.columns, reach = 0;
    float *now = malloc((count * (size_t)in->form.channels + 1) * sizeof *now);
    if (!now) return tri_fail(TRI_ERR_MEMORY, "no memory for --verify");
    for (size_t i = 0; i < count; i++)
        for (int c = 0; c < in->form.channels; c++) {
            size_t at = i * (size_t)in->form.channels + (size_t)c;
            now[(size_t)c * count + i] = in->form.type == IMAGE_U1 ? (float)((const uint8_t *)in->bytes)[at]
                                         : in->form.type == IMAGE_U2
                                             ? (float)((const uint16_t *)in->bytes)[at]
                                             : ((const float *)in->bytes)[at];
        }
    for (size_t k = 0; k < chain->count; k++)
        if (chain->stage[k].reach > reach) reach = chain->stage[k].reach;
    size_t side = 2 * reach + 1;
    float *square = malloc((side * side + side) * sizeof *square);
    tri_status status = square ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for --verify");
    *job = (image_job){.plan = plan, .in = in, .name = job->name};
    for (size_t k = 0; k < chain->count && status == TRI_OK; k++) {
        const image_form *form = &plan->form[k + 1];
        view v = {
            plan, &chain->stage[k], now, (ptrdiff_t)plan->form[k].rows, (ptrdiff_t)plan->form[k].columns, k};
        if (chain->stage[k].filter->kind == IMAGE_WHOLE) {
            job->planes = now;
            job->done = k;
            status = chain->stage[k].filter->whole(&chain->stage[k], job);
            continue;
        }
        float *next = malloc((form->rows * form->columns * (size_t)plan->planes[k + 1] + 1) * sizeof *next);
        if (!next)
            status = tri_fail(TRI_ERR_MEMORY, "no memory for --verify");
        else
            run_stage(&v, form, plan->planes[k], plan->planes[k + 1], now, next, square,
                      square + side * side);
        free(now);
        now = next;
    }
    free(square);
    free(job->table);
    job->table = NULL;
    if (status != TRI_OK) {
        free(now);
        now = NULL;
    }
    *planes = now;
    return status;
}
