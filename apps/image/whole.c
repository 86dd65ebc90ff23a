/* Filters that need the whole image: Otsu's threshold, stripes, histograms. All planes in place. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

tri_status image_table_add(image_job *job, const char *format, ...) {
    char line[512];
    va_list list;
    va_start(list, format);
    int length = vsnprintf(line, sizeof line, format, list);
    va_end(list);
    size_t count = length < 0 ? 0 : (size_t)length < sizeof line ? (size_t)length : sizeof line - 1;
    if (job->table_count + count + 1 > job->table_room) {
        size_t room = 2 * job->table_room + 4096;
        char *more = realloc(job->table, room);
        if (!more) return tri_fail(TRI_ERR_MEMORY, "no memory for a table of %zu bytes", room);
        job->table = more;
        job->table_room = room;
    }
    memcpy(job->table + job->table_count, line, count + 1);
    job->table_count += count;
    return TRI_OK;
}

static bool whole_values(const image_job *job) {
    return job->plan->form[0].type != IMAGE_F4;
}

/* Whole values of 8 and 16 bits have a bin each, floats 256 between the smallest and the largest. */
static size_t bin_of(float x, float low, float high, size_t bins, bool whole) {
    if (whole) return x > 0 ? x < (float)(bins - 1) ? (size_t)rintf(x) : bins - 1 : 0;
    double at = ((double)x - (double)low) / ((double)high - (double)low) * (double)bins;
    return at > 0 ? at < (double)bins ? (size_t)at : bins - 1 : 0;
}

/* The bin after which the variance between both sides is largest. */
static size_t divide(const uint64_t *count, size_t bins) {
    double total = 0, sum = 0, below = 0, below_sum = 0, best = -1;
    size_t place = 0;
    for (size_t b = 0; b < bins; b++) {
        total += (double)count[b];
        sum += (double)count[b] * (double)b;
    }
    for (size_t b = 0; b + 1 < bins; b++) {
        below += (double)count[b];
        below_sum += (double)count[b] * (double)b;
        double above = total - below;
        if (below <= 0 || above <= 0) continue;
        double difference = below_sum / below - (sum - below_sum) / above,
               variance = below * above * difference * difference;
        if (variance > best) {
            best = variance;
            place = b;
        }
    }
    return place;
}

tri_status image_otsu(const image_stage *stage, image_job *job) {
    const image_form *form = image_job_form(job);
    bool whole = whole_values(job);
    size_t pixels = form->rows * form->columns, bins = whole ? (size_t)job->plan->range + 1 : 256;
    (void)stage;
    uint64_t *count = malloc(bins * sizeof *count);
    if (!count) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu bins", bins);
    for (int p = 0; p < image_colours(form->channels); p++) {
        float *x = image_job_plane(job, p), low = INFINITY, high = -INFINITY;
        memset(count, 0, bins * sizeof *count);
        for (size_t i = 0; i < pixels && !whole; i++) {
            low = x[i] < low ? x[i] : low;
            high = x[i] > high ? x[i] : high;
        }
        for (size_t i = 0; i < pixels; i++)
            count[bin_of(x[i], low, high, bins, whole)]++;
        double place = (double)divide(count, bins);
        float limit =
            whole ? (float)place : (float)((double)low + (place + 0.5) * ((double)high - (double)low) / 256);
        for (size_t i = 0; i < pixels; i++)
            x[i] = (whole ? rintf(x[i]) : x[i]) > limit ? job->plan->range : 0;
    }
    free(count);
    return TRI_OK;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

tri_status image_stripes(const image_stage *stage, image_job *job) {
    const image_form *form = image_job_form(job);
    size_t columns = form->columns, rows = form->rows, reach = (size_t)stage->p[0], size = 2 * reach + 1;
    double *mean = malloc((columns + size) * sizeof *mean), *window = mean ? mean + columns : NULL;
    if (!mean) return tri_fail(TRI_ERR_MEMORY, "no memory for the means of %zu columns", columns);
    for (int p = 0; p < image_colours(form->channels) && rows; p++) {
        float *x = image_job_plane(job, p);
        for (size_t c = 0; c < columns; c++)
            mean[c] = 0;
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++)
                mean[c] += (double)x[r * columns + c];
        for (size_t c = 0; c < columns; c++)
            mean[c] /= (double)rows;
        for (size_t c = 0; c < columns; c++) {
            for (size_t k = 0; k < size; k++)
                window[k] = mean[image_edge_index(IMAGE_REFLECT, (ptrdiff_t)(c + k) - (ptrdiff_t)reach,
                                                  (ptrdiff_t)columns)];
            qsort(window, size, sizeof *window, ascending);
            float stripe = (float)(mean[c] - window[reach]);
            for (size_t r = 0; r < rows; r++)
                x[r * columns + c] -= stripe;
        }
    }
    free(mean);
    return TRI_OK;
}

tri_status image_histogram(const image_stage *stage, image_job *job) {
    const image_form *form = image_job_form(job);
    size_t pixels = form->rows * form->columns, bins = (size_t)stage->p[0];
    float white = job->plan->range;
    uint64_t *count = malloc(bins * sizeof *count);
    if (!count) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu bins", bins);
    tri_status status = TRI_OK;
    for (int p = 0; p < image_colours(form->channels) && status == TRI_OK; p++) {
        const float *x = image_job_plane(job, p);
        /* Whole values: [0, white + 1), so that 256 bins have one value of 8 bits each. */
        float end = whole_values(job) ? white + 1 : white;
        memset(count, 0, bins * sizeof *count);
        for (size_t i = 0; i < pixels; i++)
            count[bin_of(x[i], 0, end, bins, false)]++;
        for (size_t b = 0; b < bins && status == TRI_OK; b++)
            status = image_table_add(job, "histogram,%s,%d,%zu,%.9g,%llu\n", job->name, p, b,
                                     (double)end * (double)b / (double)bins, (unsigned long long)count[b]);
    }
    free(count);
    return status;
}
