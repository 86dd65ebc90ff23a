/* The results of bench gpu: tables, record and picture. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bench/gpu.h"
#include "apps/common/plot.h"

static double median(const bench_device *b, const bench_gpu_work *w) {
    return b->time[w - b->work].median;
}

static const bench_gpu_work *find(const bench_device *b, bench_gpu_kind kind) {
    const bench_gpu_work *w = b->work;
    while (w->kind != kind)
        w++;
    return w;
}

static bool is_kernel(const bench_gpu_work *w, const char *name) {
    return w->kind == BENCH_GPU_KERNEL && !strcmp(tri_gpu_kernel(w->index)->name, name);
}

/* Bytes or flops per second. */
static double rate(double amount, double seconds) {
    return seconds > 0 ? amount / seconds : 0;
}

/* Limits of the device: copies and multiply-adds of the better form. */
typedef struct roofs {
    double bytes_per_s, flops_per_s;
} roofs;

static roofs find_roofs(const bench_device *b) {
    roofs r = {0, 0};
    for (const bench_gpu_work *w = b->work; w < b->work + b->works; w++) {
        double bytes = rate(w->bytes, median(b, w)), flops = rate(w->flops, median(b, w));
        if (is_kernel(w, "copy") && bytes > r.bytes_per_s) r.bytes_per_s = bytes;
        if (is_kernel(w, "peak") && flops > r.flops_per_s) r.flops_per_s = flops;
    }
    return r;
}

/* ---- tables ---- */

static void show_kernels(tri_run *run, const bench_device *b, roofs r) {
    tri_report_line(run, "%-18s %12s %9s %8s %9s %8s", "kernel_form", "time us", "GB/s", "of copy", "Gflop/s",
                    "of peak");
    for (const bench_gpu_work *w = b->work; w < b->work + b->works; w++) {
        if (w->kind != BENCH_GPU_KERNEL) continue;
        double bytes = rate(w->bytes, median(b, w)), flops = rate(w->flops, median(b, w));
        tri_report_line(run, "%-18s %12.1f %9.2f %8.2f %9.2f %8.3f%s", w->name, 1e6 * median(b, w),
                        1e-9 * bytes, rate(bytes, r.bytes_per_s), 1e-9 * flops, rate(flops, r.flops_per_s),
                        w->form == b->form ? "  in use" : "");
    }
}

static void show_others(tri_run *run, const bench_device *b, roofs r) {
    tri_report_line(run, "%-18s %12s %23s %9s %8s", "", "time us", "95 % of the median", "GB/s", "of copy");
    for (const bench_gpu_work *w = b->work; w < b->work + b->works; w++) {
        if (w->kind == BENCH_GPU_KERNEL || w->kind == BENCH_GPU_THREADS || w->kind == BENCH_GPU_DEVICE)
            continue;
        const tri_summary *t = &b->time[w - b->work];
        char speed[32] = "";
        if (w->bytes > 0)
            snprintf(speed, sizeof speed, "%9.2f %8.2f", 1e-9 * rate(w->bytes, t->median),
                     rate(rate(w->bytes, t->median), r.bytes_per_s));
        tri_report_line(run, "%-18s %12.2f [%10.2f,%10.2f] %s", w->name, 1e6 * t->median, 1e6 * t->low,
                        1e6 * t->high, speed);
    }
}

/* The smallest size from which the device is always faster; 0: none. */
static size_t show_sizes(tri_run *run, const bench_device *b) {
    size_t from = 0;
    tri_report_line(run, "%-18s %12s %12s %8s", "exact sum of", "threads us", "device us", "ratio");
    for (const bench_gpu_work *w = b->work; w < b->work + b->works; w++) {
        if (w->kind != BENCH_GPU_THREADS) continue;
        double threads = median(b, w), device = median(b, w + 1);
        tri_report_line(run, "%-18zu %12.1f %12.1f %8.2f", w->index, 1e6 * threads, 1e6 * device,
                        rate(threads, device));
        if (device >= threads)
            from = 0;
        else if (!from)
            from = w->index;
    }
    return from;
}

/* ---- the roofline plot ---- */

static tri_status draw(const tri_run *run, const bench_device *b, const char *title) {
    enum { ROOF = 49 };
    static const char *const forms[BENCH_GPU_FORMS] = {"one work-item to a group",
                                                       "many work-items to a group"};
    const double from = 0.03, to = 100;
    const roofs r = find_roofs(b);
    double roof_x[ROOF], roof_y[ROOF], x[BENCH_GPU_FORMS][BENCH_GPU_WORKS],
        y[BENCH_GPU_FORMS][BENCH_GPU_WORKS];
    const char *names[BENCH_GPU_FORMS][BENCH_GPU_WORKS];
    tri_plot_series series[1 + BENCH_GPU_FORMS] = {
        {.title = "copy speed and peak", .kind = TRI_PLOT_CURVE, .count = ROOF, .x = roof_x, .y = roof_y}};
    for (int i = 0; i < ROOF; i++) {
        roof_x[i] = from * pow(to / from, i / (ROOF - 1.0));
        roof_y[i] = 1e-9 * fmin(r.bytes_per_s * roof_x[i], r.flops_per_s);
    }
    for (int form = 0; form < BENCH_GPU_FORMS; form++) {
        size_t count = 0;
        for (const bench_gpu_work *w = b->work; w < b->work + b->works; w++) {
            if (w->kind != BENCH_GPU_KERNEL || (int)w->form != form || w->flops <= 0) continue;
            x[form][count] = w->flops / w->bytes;
            y[form][count] = 1e-9 * rate(w->flops, median(b, w));
            names[form][count++] = tri_gpu_kernel(w->index)->name;
        }
        series[1 + form] = (tri_plot_series){.title = forms[form],
                                             .kind = TRI_PLOT_POINTS,
                                             .count = count,
                                             .x = x[form],
                                             .y = y[form],
                                             .labels = form == (int)b->form ? names[form] : NULL};
    }
    tri_plot plot = {.title = title,
                     .x = {.label = "flops for each byte of the device's memory (1/B)", .log = true},
                     .y = {.label = "speed (Gflop/s)", .log = true},
                     .series = series,
                     .count = 1 + BENCH_GPU_FORMS};
    return tri_plot_file(b->plot, run->common->replace, &plot, 1, 1);
}

/* What a roofline needs, for each kernel. */
static void record_roofline(const tri_run *run, const bench_device *b) {
    char path[96];
    for (const bench_gpu_work *w = b->work; w < b->work + b->works && run->result; w++) {
        if (w->kind != BENCH_GPU_KERNEL || w->flops <= 0) continue;
        double intensity = w->flops / w->bytes, speed = rate(w->flops, median(b, w));
        snprintf(path, sizeof path, "roofline/intensity/%s", w->name);
        tri_result_reals(run->result, path, 0, NULL, &intensity, "1/B",
                         "floating-point operations for each byte of the device's memory");
        snprintf(path, sizeof path, "roofline/speed/%s", w->name);
        tri_result_reals(run->result, path, 0, NULL, &speed, "1/s", "floating-point operations in a second");
    }
}

tri_status bench_gpu_record(tri_run *run, void *argument) {
    bench_device *b = argument;
    bench_list list = {0};
    double *sorted = malloc((size_t)b->trials * sizeof *sorted);
    if (!sorted) return tri_fail(TRI_ERR_MEMORY, "no memory for %d samples", b->trials);
    for (int w = 0; w < b->works; w++) {
        char path[80];
        memcpy(sorted, b->variants[w].seconds, (size_t)b->trials * sizeof *sorted);
        b->time[w] = tri_summarise(sorted, (size_t)b->trials);
        snprintf(path, sizeof path, "samples/%s", b->work[w].name);
        bench_keep(run, &list, path, b->variants[w].seconds, (size_t)b->trials);
    }
    free(sorted);
    bench_note(run, &list);
    record_roofline(run, b);
    roofs r = find_roofs(b);
    const char *name = tri_gpu_describe(b->gpu[0])->name;
    tri_report_text(run, "measured_device", name);
    tri_report_integer(run, "bytes", (int64_t)(b->count * sizeof(double)), "B", "bytes of each buffer");
    tri_report_real(run, "copy_speed", r.bytes_per_s, "B/s",
                    "read and written by the copy kernel in a second");
    tri_report_real(run, "peak", r.flops_per_s, "1/s",
                    "floating-point operations in a second, by multiply-adds");
    tri_report_real(run, "open", median(b, find(b, BENCH_GPU_OPEN)), "s",
                    "opening the device and loading a kernel from the cache");
    tri_report_real(
        run, "allreduce_ratio",
        rate(median(b, find(b, BENCH_GPU_ALLREDUCE)), median(b, find(b, BENCH_GPU_ALLREDUCE_HOST))), "1",
        "time of an allreduce of device buffers by the time on the host with copies");
    show_kernels(run, b, r);
    show_others(run, b, r);
    tri_report_integer(
        run, "pays_from", (int64_t)show_sizes(run, b), "1",
        "elements from which the device's exact sum of host memory is faster than the threads'; 0: never");
    return TRI_OK;
}

tri_status bench_gpu_draw(tri_run *run, void *argument) {
    const bench_device *b = argument;
    if (!b->plot) return TRI_OK;
    char title[192];
    snprintf(title, sizeof title, "bench gpu: %s, %d rank(s)", tri_gpu_describe(b->gpu[0])->name,
             tri_comm_size(run->comm));
    return draw(run, b, title);
}
