/* A chain for images of one form: the sizes between the stages, and what is computed once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

size_t image_type_bytes(image_type type) {
    return type == IMAGE_F4 ? 4 : type == IMAGE_U2 ? 2 : 1;
}

float image_type_range(image_type type) {
    return type == IMAGE_F4 ? 1 : type == IMAGE_U2 ? 65535 : 255;
}

size_t image_form_bytes(const image_form *form) {
    return form->rows * form->columns * (size_t)form->channels * image_type_bytes(form->type);
}

int image_colours(int channels) {
    return channels % 2 ? channels : channels - 1;
}

float image_gamma(double gamma, float range, float x) {
    return x <= 0 ? 0 : (float)((double)range * pow((double)x / (double)range, gamma));
}

ptrdiff_t image_edge_index(image_edge edge, ptrdiff_t at, ptrdiff_t size) {
    if (at >= 0 && at < size) return at;
    if (edge == IMAGE_CONSTANT || size <= 0) return -1;
    if (edge == IMAGE_NEAREST) return at < 0 ? 0 : size - 1;
    ptrdiff_t folded = at % (2 * size);
    if (folded < 0) folded += 2 * size;
    return folded < size ? folded : 2 * size - 1 - folded;
}

static double lanczos(double x) {
    x = fabs(x);
    if (x < 1e-12) return 1;
    if (x >= 3) return 0;
    double pi = 3.14159265358979323846;
    return 3 * sin(pi * x) * sin(pi * x / 3) / (pi * pi * x * x);
}

/* Weight of input `k` for output `i`; `scale`: inputs for an output. */
static double weight_of(int method, double scale, double i, double k) {
    double centre = (i + 0.5) * scale;
    if (method == 0) return fmax(0, fmin((i + 1) * scale, k + 1) - fmax(i * scale, k));
    if (method == 1) return fmax(0, 1 - fabs(k + 0.5 - centre));
    return lanczos((k + 0.5 - centre) / fmax(scale, 1));
}

static tri_status make_axis(int method, size_t from, size_t to, image_axis *axis) {
    double scale = (double)from / (double)(to ? to : 1);
    double half = method == 0 ? scale / 2 + 1 : method == 1 ? 2 : 3 * fmax(scale, 1) + 1;
    axis->most = (size_t)(2 * half) + 2;
    axis->first = calloc(to + 1, sizeof *axis->first);
    axis->count = calloc(to + 1, sizeof *axis->count);
    axis->weight = calloc((to + 1) * axis->most, sizeof *axis->weight);
    if (!axis->first || !axis->count || !axis->weight)
        return tri_fail(TRI_ERR_MEMORY, "no memory for the weights of %zu pixels", to);
    for (size_t i = 0; i < to; i++) {
        double centre = ((double)i + 0.5) * scale, total = 0;
        size_t low = centre - half > 0 ? (size_t)(centre - half) : 0;
        size_t high = centre + half < (double)from ? (size_t)(centre + half) : from;
        while (low + 1 < high && weight_of(method, scale, (double)i, (double)low) == 0)
            low++;
        while (high > low + 1 && weight_of(method, scale, (double)i, (double)(high - 1)) == 0)
            high--;
        for (size_t k = low; k < high; k++)
            total += weight_of(method, scale, (double)i, (double)k);
        axis->first[i] = low;
        axis->count[i] = high - low;
        for (size_t k = low; k < high; k++)
            axis->weight[i * axis->most + k - low] =
                (float)(total != 0 ? weight_of(method, scale, (double)i, (double)k) / total : 1);
    }
    return TRI_OK;
}

static tri_status make_gamma(image_plan *plan, size_t k) {
    size_t count = (size_t)plan->range + 1;
    plan->gamma[k] = malloc(count * sizeof *plan->gamma[k]);
    if (!plan->gamma[k]) return tri_fail(TRI_ERR_MEMORY, "no memory for a table of %zu values", count);
    for (size_t x = 0; x < count; x++)
        plan->gamma[k][x] = image_gamma(plan->chain->stage[k].p[0], plan->range, (float)x);
    return TRI_OK;
}

static tri_status add_stage(image_plan *plan, size_t k) {
    const image_stage *stage = &plan->chain->stage[k];
    const image_filter *f = stage->filter;
    image_form *before = &plan->form[k], *form = &plan->form[k + 1];
    *form = *before;
    if (f->shape) TRI_TRY(f->shape(stage, form));
    plan->planes[k + 1] = form->channels;
    if (stage->second || !strcmp(f->name, ".fork")) plan->planes[k + 1] = 2 * form->channels;
    if (f->kind == IMAGE_SHAPE && f->kernel == IMAGE_K_resize && before->rows && before->columns) {
        TRI_TRY(make_axis((int)stage->p[2], before->rows, form->rows, &plan->axis[k][0]));
        TRI_TRY(make_axis((int)stage->p[2], before->columns, form->columns, &plan->axis[k][1]));
    }
    if (f->kernel == IMAGE_K_gamma && plan->form[0].type != IMAGE_F4) TRI_TRY(make_gamma(plan, k));
    const image_chain *chain = plan->chain;
    if (f->kernel == IMAGE_K_field && f->kind == IMAGE_POINT &&
        (before->rows != chain->field.rows || before->columns != chain->field.columns ||
         image_colours(before->channels) > chain->field.channels))
        return tri_fail(TRI_ERR_DATA, "field: the image is %zu x %zu, but --flat and --dark are %zu x %zu",
                        before->rows, before->columns, chain->field.rows, chain->field.columns);
    return TRI_OK;
}

tri_status image_plan_create(const image_chain *chain, const image_form *form, image_plan **out) {
    image_plan *plan = calloc(1, sizeof *plan);
    if (!plan) return tri_fail(TRI_ERR_MEMORY, "no memory for a plan");
    plan->chain = chain;
    plan->form[0] = *form;
    plan->planes[0] = form->channels;
    plan->range = image_type_range(form->type);
    tri_status status = TRI_OK;
    for (size_t k = 0; k < chain->count && status == TRI_OK; k++)
        status = add_stage(plan, k);
    if (status != TRI_OK) image_plan_destroy(&plan);
    *out = plan;
    return status;
}

void image_plan_destroy(image_plan **plan) {
    if (!*plan) return;
    for (size_t k = 0; k < IMAGE_STAGES; k++) {
        for (int a = 0; a < 2; a++) {
            free((*plan)->axis[k][a].first);
            free((*plan)->axis[k][a].count);
            free((*plan)->axis[k][a].weight);
        }
        free((*plan)->gamma[k]);
    }
    free(*plan);
    *plan = NULL;
}

image_form image_plan_form(const image_plan *plan, image_type type) {
    image_form form = plan->form[plan->chain->count];
    form.type = type;
    return form;
}

image_box image_box_clip(image_box box, const image_form *form) {
    if (box.top < 0) box.top = 0;
    if (box.left < 0) box.left = 0;
    if (box.bottom > (ptrdiff_t)form->rows) box.bottom = (ptrdiff_t)form->rows;
    if (box.right > (ptrdiff_t)form->columns) box.right = (ptrdiff_t)form->columns;
    return box;
}

/* The inputs of outputs [low, high) of an axis. */
static void axis_source(const image_axis *axis, ptrdiff_t low, ptrdiff_t high, ptrdiff_t *first,
                        ptrdiff_t *end) {
    *first = PTRDIFF_MAX;
    *end = 0;
    for (ptrdiff_t i = low; i < high; i++) {
        ptrdiff_t from = (ptrdiff_t)axis->first[i], to = from + (ptrdiff_t)axis->count[i];
        if (from < *first) *first = from;
        if (to > *end) *end = to;
    }
    if (*first > *end) *first = *end;
}

image_box image_plan_source(const image_plan *plan, size_t k, image_box box) {
    const image_stage *stage = &plan->chain->stage[k];
    ptrdiff_t reach = (ptrdiff_t)stage->reach, rows = (ptrdiff_t)plan->form[k].rows,
              columns = (ptrdiff_t)plan->form[k].columns;
    if (stage->filter->kind != IMAGE_SHAPE)
        return (image_box){box.top - reach, box.bottom + reach, box.left - reach, box.right + reach};
    image_box from = box;
    if (stage->filter->kernel == IMAGE_K_resize) {
        axis_source(&plan->axis[k][0], box.top, box.bottom, &from.top, &from.bottom);
        axis_source(&plan->axis[k][1], box.left, box.right, &from.left, &from.right);
    } else if (stage->filter->kernel == IMAGE_K_copy) {
        ptrdiff_t down = (ptrdiff_t)stage->p[0], right = (ptrdiff_t)stage->p[1];
        from = (image_box){box.top + down, box.bottom + down, box.left + right, box.right + right};
    } else if (stage->p[0] == 90) {
        from = (image_box){box.left, box.right, columns - box.bottom, columns - box.top};
    } else if (stage->p[0] == 180) {
        from = (image_box){rows - box.bottom, rows - box.top, columns - box.right, columns - box.left};
    } else if (stage->p[0] == 270) {
        from = (image_box){rows - box.right, rows - box.left, box.top, box.bottom};
    }
    return from;
}

const image_form *image_job_form(const image_job *job) {
    return &job->plan->form[job->done];
}

float *image_job_plane(const image_job *job, int plane) {
    return job->planes + (size_t)plane * image_job_form(job)->rows * image_job_form(job)->columns;
}
