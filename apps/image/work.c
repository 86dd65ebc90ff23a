/* Frames in memory, and what all ways of sharing the work need. */
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

image_type image_output_type(const image_state *s, image_type input) {
    return s->stack >= 0 ? IMAGE_F4 : s->type ? (image_type)(s->type - 1) : input;
}

tri_status image_worker_plan(const image_chain *chain, const image_form *form, image_worker *worker) {
    const image_form *have = worker->plan ? &worker->plan->form[0] : NULL;
    if (have && worker->plan->chain == chain && have->rows == form->rows && have->columns == form->columns &&
        have->channels == form->channels && have->type == form->type)
        return TRI_OK;
    image_plan_destroy(&worker->plan);
    return image_plan_create(chain, form, &worker->plan);
}

static tri_status check_memory(const image_state *s, const image_plan *plan, image_type type,
                               const char *name) {
    double bytes = image_frame_bytes(plan, type), most = (double)s->memory / s->threads;
    if (bytes <= most) return TRI_OK;
    return tri_fail(TRI_ERR_DATA,
                    "'%s' needs %.4g MiB, but --memory leaves %.4g MiB to each of %d threads; raise it, take "
                    "fewer threads, or use --blocks",
                    name, bytes / 1048576, most / 1048576, s->threads);
}

tri_status image_frame_do(image_state *s, size_t frame, image_worker *worker, image_pixels *out,
                          char **table) {
    char name[4200], text[1024];
    image_pixels in = {.bytes = NULL};
    image_job job = {.name = image_frames_name(&s->frames, frame, name, sizeof name)};
    double start = tri_now_s();
    *table = NULL;
    tri_status status = image_frames_read(&s->frames, frame, (double)s->memory / s->threads, &in);
    double read = tri_now_s();
    image_type type = image_output_type(s, in.form.type);
    if (status == TRI_OK) status = image_worker_plan(&s->chain, &in.form, worker);
    if (status == TRI_OK) status = check_memory(s, worker->plan, type, name);
    if (status == TRI_OK) {
        status = image_frame(worker->plan, &in, type, &job, &worker->scratch, out);
        worker->bytes_in += (double)image_form_bytes(&in.form);
        worker->bytes_out += (double)image_form_bytes(&out->form);
        worker->pixels += (double)in.form.rows * (double)in.form.columns;
    }
    worker->read_s += read - start;
    worker->filter_s += tri_now_s() - read;
    free(in.bytes);
    if (status != TRI_OK) {
        free(job.table);
        /* Texts of the codecs name the file. */
        snprintf(text, sizeof text, "%s", tri_error_text());
        return strstr(text, name) ? status : tri_fail(status, "'%s': %s", name, text);
    }
    *table = job.table;
    return TRI_OK;
}

void image_broken(image_state *s, tri_status status, const char *text) {
    s->worst = tri_status_worse(s->worst, status);
    if (!s->broken++) snprintf(s->broken_text, sizeof s->broken_text, "%s", text);
    fprintf(stderr, "image: %s\n", text);
}

tri_status image_count(tri_run *run, image_state *s) {
    enum { NUMBERS = 6 };
    double mine[NUMBERS] = {0}, all[NUMBERS] = {0};
    for (int t = 0; t < s->threads; t++) {
        const image_worker *w = &s->worker[t];
        const double numbers[NUMBERS] = {w->read_s,   w->filter_s,  w->write_s,
                                         w->bytes_in, w->bytes_out, w->pixels};
        for (int k = 0; k < NUMBERS; k++)
            mine[k] += numbers[k];
    }
    TRI_TRY(tri_reduce(mine, all, NUMBERS, MPI_DOUBLE, MPI_SUM, 0, run->comm));
    s->total = (image_worker){.read_s = all[0],
                              .filter_s = all[1],
                              .write_s = all[2],
                              .bytes_in = all[3],
                              .bytes_out = all[4],
                              .pixels = all[5]};
    return TRI_OK;
}

static tri_status read_field(const image_state *s, const char *path, image_pixels *pixels, float **out) {
    TRI_TRY(image_read(path, 0, (double)s->memory, pixels));
    const image_form *f = &pixels->form;
    size_t count = f->rows * f->columns;
    float *planes = malloc((count * (size_t)f->channels + 1) * sizeof *planes), *plane[IMAGE_PLANES];
    if (planes) {
        for (int p = 0; p < f->channels; p++)
            plane[p] = planes + (size_t)p * count;
        image_kernels_choose()->load(pixels->bytes, f->type, f->channels, count, plane);
    }
    free(pixels->bytes);
    *out = planes;
    return planes ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", path);
}

tri_status image_fields(image_state *s) {
    image_chain *chain = &s->chain;
    bool used = false;
    for (size_t k = 0; k < chain->count; k++)
        used |= !strcmp(chain->stage[k].filter->name, "field");
    if (!used && !s->flat && !s->dark) return TRI_OK;
    if (!used) return tri_fail(TRI_ERR_ARGUMENT, "--flat and --dark are for the filter 'field'");
    if (!s->flat) return tri_fail(TRI_ERR_ARGUMENT, "the filter 'field' needs --flat");
    image_pixels flat, dark;
    TRI_TRY(read_field(s, s->flat, &flat, &chain->flat));
    chain->field = flat.form;
    size_t count = flat.form.rows * flat.form.columns * (size_t)flat.form.channels;
    if (s->dark) {
        TRI_TRY(read_field(s, s->dark, &dark, &chain->dark));
        if (dark.form.rows != flat.form.rows || dark.form.columns != flat.form.columns ||
            dark.form.channels != flat.form.channels)
            return tri_fail(TRI_ERR_DATA, "--flat and --dark are images of different sizes");
    } else {
        chain->dark = calloc(count + 1, sizeof *chain->dark);
        if (!chain->dark) return tri_fail(TRI_ERR_MEMORY, "no memory for a dark field");
    }
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)chain->flat[i] - (double)chain->dark[i];
    chain->field_mean = count ? (float)(sum / (double)count) : 0;
    return TRI_OK;
}
