/* --verify: reads the outputs again and compares them with the plain form of the filters; --preview. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

/* Reads the output of a frame; `form` is what it must be. */
static tri_status read_output(image_state *s, size_t frame, const image_form *form, image_pixels *out) {
    if (s->out_file) {
        image_frames f = {.form = *form};
        TRI_TRY(tri_dataset_open(NULL, s->out_file, s->out_path, &f.dataset));
        size_t count = form->rows * form->columns * (size_t)form->channels;
        tri_status status = TRI_OK;
        if (tri_dataset_count(f.dataset) != count * (s->stack < 0 ? s->frames.count : 1))
            status = tri_fail(TRI_ERR_WRONG, "'%s' has %zu elements", s->out, tri_dataset_count(f.dataset));
        if (status == TRI_OK) status = image_frames_read(&f, frame, HUGE_VAL, out);
        image_frames_free(&f);
        return status;
    }
    uint64_t place = 0;
    char *path = NULL, ending[16];
    snprintf(ending, sizeof ending, ".%s", s->format ? s->format : "");
    if (!image_codec_named(s->out)) {
        TRI_TRY(image_frames_output(&s->frames, frame, s->out, s->format ? ending : NULL, &path));
    } else {
        path = strdup(s->out);
        if (s->frames.count > 1 && s->stack < 0) {
            uint64_t *places;
            size_t count;
            TRI_TRY(image_tiff.pages(s->out, &places, &count));
            place = frame < count ? places[frame] : 0;
            free(places);
        }
    }
    if (!path) return tri_fail(TRI_ERR_MEMORY, "no memory for a name");
    tri_status status =
        image_codec_named(path) == &image_jpeg
            ? tri_fail(TRI_ERR_ARGUMENT, "--verify: JPEG does not keep the bits of '%s'", path)
            : image_read(path, place, HUGE_VAL, out);
    free(path);
    return status;
}

static float cut(float x, float most) {
    return x > 0 ? x < most ? x : most : 0;
}

/* Compares an output with planes of floats. */
static tri_status compare(const image_pixels *out, const image_form *form, const float *planes,
                          const char *name) {
    const image_form *f = &out->form;
    if (f->rows != form->rows || f->columns != form->columns || f->channels != form->channels ||
        f->type != form->type)
        return tri_fail(TRI_ERR_WRONG,
                        "the output of '%s' is %zu x %zu x %d of another type; expected %zu x %zu x %d", name,
                        f->rows, f->columns, f->channels, form->rows, form->columns, form->channels);
    size_t pixels = f->rows * f->columns;
    for (size_t i = 0; i < pixels; i++)
        for (int c = 0; c < f->channels; c++) {
            size_t at = i * (size_t)f->channels + (size_t)c;
            float x = planes[(size_t)c * pixels + i], have;
            if (f->type == IMAGE_F4) {
                have = ((const float *)out->bytes)[at];
                if (!memcmp(&have, &x, sizeof x) || (isnan(have) && isnan(x))) continue;
            } else {
                have = f->type == IMAGE_U1 ? ((const uint8_t *)out->bytes)[at]
                                           : ((const uint16_t *)out->bytes)[at];
                x = rintf(cut(x, image_type_range(f->type)));
                if (have == x) continue;
            }
            return tri_fail(TRI_ERR_WRONG,
                            "row %zu, column %zu, channel %d of '%s' is %.9g; the plain form gives %.9g",
                            i / f->columns, i % f->columns, c, name, (double)have, (double)x);
        }
    return TRI_OK;
}

static tri_status verify_frame(image_state *s, size_t frame) {
    image_pixels in = {.bytes = NULL}, out = {.bytes = NULL};
    image_plan *plan = NULL;
    char name[4200];
    image_job job = {.name = image_frames_name(&s->frames, frame, name, sizeof name)};
    float *planes = NULL;
    tri_status status = image_frames_read(&s->frames, frame, HUGE_VAL, &in);
    /* A broken frame has been reported. */
    if (status != TRI_OK && s->keep_going) return TRI_OK;
    if (status == TRI_OK) status = image_plan_create(&s->chain, &in.form, &plan);
    image_form form = {0};
    if (status == TRI_OK) {
        form = image_plan_form(plan, image_output_type(s, in.form.type));
        status = image_plain(plan, &in, &job, &planes);
    }
    if (status == TRI_OK) status = read_output(s, frame, &form, &out);
    if (status == TRI_OK) status = compare(&out, &form, planes, name);
    image_plan_destroy(&plan);
    free(planes);
    free(in.bytes);
    free(out.bytes);
    return status;
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The statistic of one pixel, all of whose values are in x. */
static float statistic(int which, float *x, size_t n) {
    double mean = 0, squares = 0, low = (double)x[0], high = (double)x[0];
    for (size_t k = 0; k < n; k++) {
        double v = (double)x[k], before = mean;
        mean = before + (v - before) / (double)(k + 1);
        squares += (v - before) * (v - mean);
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    if (which == 0) return (float)mean;
    if (which == 1) return (float)high;
    if (which == 2) return (float)low;
    if (which == 3) return (float)sqrt(squares / (double)n);
    qsort(x, n, sizeof *x, ascending);
    return n % 2 ? x[n / 2] : (float)(((double)x[n / 2 - 1] + (double)x[n / 2]) / 2);
}

/* All frames on one rank. */
static tri_status verify_stack(image_state *s) {
    size_t frames = s->frames.count, valid = 0, floats = 0;
    float **all = calloc(frames + 1, sizeof *all), *column = malloc((frames + 1) * sizeof *column);
    image_form form = {0};
    image_plan *plan = NULL;
    tri_status status = all && column ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for --verify");
    for (size_t k = 0; k < frames && status == TRI_OK; k++) {
        image_pixels in = {.bytes = NULL};
        image_job job = {.name = ""};
        image_plan_destroy(&plan);
        status = image_frames_read(&s->frames, k, HUGE_VAL, &in);
        if (status == TRI_OK) status = image_plan_create(&s->chain, &in.form, &plan);
        if (status == TRI_OK) status = image_plain(plan, &in, &job, &all[valid]);
        if (status == TRI_OK && !valid++) {
            form = image_plan_form(plan, IMAGE_F4);
            floats = form.rows * form.columns * (size_t)form.channels;
        }
        if (status != TRI_OK && s->keep_going) status = TRI_OK;
        free(in.bytes);
    }
    float *image = malloc((floats + 1) * sizeof *image), *planes = NULL;
    size_t pixels = form.rows * form.columns;
    for (size_t i = 0; i < floats && status == TRI_OK && image; i++) {
        for (size_t k = 0; k < valid; k++)
            column[k] = all[k][i];
        /* From planes to pixels, as the run has it between both chains. */
        image[i % pixels * (size_t)form.channels + i / pixels] = statistic(s->stack, column, valid);
    }
    image_type input = plan ? plan->form[0].type : IMAGE_F4;
    image_plan_destroy(&plan);
    image_pixels in = {form, image}, out = {.bytes = NULL};
    image_job job = {.name = "stack"};
    form.type = input;
    if (status == TRI_OK) status = image_plan_create(&s->after, &form, &plan);
    if (status == TRI_OK) status = image_plain(plan, &in, &job, &planes);
    image_type type = s->type ? (image_type)(s->type - 1) : s->stack == 3 ? IMAGE_F4 : input;
    if (status == TRI_OK) {
        form = image_plan_form(plan, type);
        status = read_output(s, 0, &form, &out);
    }
    if (status == TRI_OK) status = compare(&out, &form, planes, "the stack");
    image_plan_destroy(&plan);
    for (size_t k = 0; all && k < frames; k++)
        free(all[k]);
    free(all);
    free(column);
    free(image);
    free(planes);
    free(out.bytes);
    return status;
}

tri_status image_verify(tri_run *run, image_state *s) {
    size_t ranks = (size_t)tri_comm_size(run->comm), rank = (size_t)tri_comm_rank(run->comm);
    tri_status status = TRI_OK;
    if (s->stack >= 0) return tri_agree(run->comm, rank ? TRI_OK : verify_stack(s));
    for (size_t k = ranks - 1 - rank; k < s->frames.count && status == TRI_OK; k += ranks)
        status = verify_frame(s, k);
    return tri_agree(run->comm, status);
}

/* ---- --preview ---- */

enum { SIDE = 640, GAP = 8 };

/* An image as 8 bits of colour, not larger than SIDE. */
static tri_status shrink(const image_pixels *in, image_pixels *out) {
    image_chain chain = {.edge = IMAGE_REFLECT};
    char text[64];
    size_t larger = in->form.rows > in->form.columns ? in->form.rows : in->form.columns;
    double factor = larger > SIDE ? (double)SIDE / (double)larger : 1;
    double rows = fmax(1, floor((double)in->form.rows * factor)),
           columns = fmax(1, floor((double)in->form.columns * factor));
    double white = (double)image_type_range(in->form.type);
    snprintf(text, sizeof text, "resize=%.0f:%.0f:area", rows, columns);
    tri_status status = image_chain_parse(text, &chain);
    image_plan *plan = NULL;
    image_job job = {.name = ""};
    image_scratch scratch = {{NULL}, {0}};
    image_pixels floats = {.bytes = NULL};
    if (status == TRI_OK) status = image_plan_create(&chain, &in->form, &plan);
    if (status == TRI_OK) status = image_frame(plan, in, IMAGE_F4, &job, &scratch, &floats);
    out->form = floats.form;
    out->form.type = IMAGE_U1;
    out->form.channels = 3;
    if (status == TRI_OK) {
        out->bytes = malloc(image_form_bytes(&out->form) + 1);
        status = out->bytes ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the preview");
    }
    size_t pixels = out->form.rows * out->form.columns, channels = (size_t)floats.form.channels;
    for (size_t i = 0; i < pixels && status == TRI_OK; i++)
        for (size_t c = 0; c < 3; c++) {
            float x = ((const float *)floats.bytes)[i * channels + (channels >= 3 ? c : 0)];
            ((uint8_t *)out->bytes)[3 * i + c] = (uint8_t)rint((double)cut(x, (float)white) / white * 255);
        }
    free(floats.bytes);
    image_plan_destroy(&plan);
    image_scratch_free(&scratch);
    image_chain_free(&chain);
    return status;
}

tri_status image_preview(tri_run *run, image_state *s) {
    image_pixels in = {.bytes = NULL}, out = {.bytes = NULL}, small[2] = {{.bytes = NULL}, {.bytes = NULL}};
    image_plan *plan = NULL;
    char *table = NULL;
    tri_status status = image_frames_read(&s->frames, 0, (double)s->memory, &in);
    if (status == TRI_OK && s->stack < 0 && s->mode != IMAGE_BLOCKS)
        status = image_frame_do(s, 0, &s->worker[0], &out, &table);
    if (status == TRI_OK && !out.bytes) {
        /* What has been written, as it is. */
        image_form form = in.form;
        if (s->out_file)
            status =
                tri_fail(TRI_ERR_ARGUMENT, "--preview of a stack or of blocks needs an image file as --out");
        else
            status = read_output(s, 0, &form, &out);
    }
    if (status == TRI_OK) status = shrink(&in, &small[0]);
    if (status == TRI_OK) status = shrink(&out, &small[1]);
    image_form form = {.channels = 3, .type = IMAGE_U1};
    for (int k = 0; k < 2; k++) {
        form.rows = small[k].form.rows > form.rows ? small[k].form.rows : form.rows;
        form.columns += small[k].form.columns + (k ? GAP : 0);
    }
    image_pixels both = {form, NULL};
    if (status == TRI_OK) {
        both.bytes = malloc(image_form_bytes(&form) + 1);
        status = both.bytes ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the preview");
    }
    if (status == TRI_OK) {
        memset(both.bytes, 255, image_form_bytes(&form));
        for (int k = 0; k < 2; k++)
            for (size_t r = 0; r < small[k].form.rows; r++)
                memcpy((uint8_t *)both.bytes + 3 * (r * form.columns + (k ? small[0].form.columns + GAP : 0)),
                       (const uint8_t *)small[k].bytes + 3 * r * small[k].form.columns,
                       3 * small[k].form.columns);
        status = image_write(s->preview, tri_replaces(run), &both, &s->how);
    }
    for (int k = 0; k < 2; k++)
        free(small[k].bytes);
    free(in.bytes);
    free(out.bytes);
    free(table);
    free(both.bytes);
    image_plan_destroy(&plan);
    return status;
}
