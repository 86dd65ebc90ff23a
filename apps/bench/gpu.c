/* Times an OpenCL device: kernels in both forms against its copy rate and peak, transfers, launches, the
 * size from which it is faster than the threads, and collectives on device buffers against host memory. */
#include "apps/bench/gpu.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/plot.h"

enum { LAUNCHES = 256, SMALLEST = 1 << 10, GROWTH = 4 };

static const tri_option options[] = {
    TRI_OPTION(bench_device, bytes, "bytes", "64Mi",
               "bytes of each of four device buffers and three host vectors"),
    TRI_OPTION(bench_device, trials, "trials", "11", "trials of each measurement"),
    TRI_OPTION(bench_device, plot, "plot", NULL, "SVG file with a roofline plot of the kernels"),
    {.name = NULL},
};

/* ---- what is measured ---- */

static void add(bench_device *b, bench_gpu_work work, const char *name) {
    bench_gpu_work *w = &b->work[b->works++];
    *w = work;
    snprintf(w->name, sizeof w->name, "%s", name);
}

/* Number of elements for kernel `index`: fewer for kernels that mostly compute. */
static size_t kernel_count(const bench_device *b, size_t index) {
    const tri_gpu_kernel_info *info = tri_gpu_kernel(index);
    return info->flops_each > 8 * info->bytes_each ? b->count / 16 + 1 : b->count;
}

static void list_kernels(bench_device *b) {
    static const char *const forms[] = {"item", "group"};
    for (size_t k = 0; tri_gpu_kernel(k) && b->works < BENCH_GPU_WORKS / 2; k++)
        for (int form = 0; form < BENCH_GPU_FORMS; form++) {
            const tri_gpu_kernel_info *info = tri_gpu_kernel(k);
            double n = (double)kernel_count(b, k);
            char name[48];
            snprintf(name, sizeof name, "%s_%s", info->name, forms[form]);
            add(b,
                (bench_gpu_work){BENCH_GPU_KERNEL, form, k, n * info->bytes_each, n * info->flops_each, ""},
                name);
        }
}

static void list_works(bench_device *b) {
    static const struct {
        bench_gpu_kind kind;
        const char *name;
    } rows[] = {{BENCH_GPU_WRITE, "write_pageable"},
                {BENCH_GPU_READ, "read_pageable"},
                {BENCH_GPU_WRITE_PINNED, "write_pinned"},
                {BENCH_GPU_READ_PINNED, "read_pinned"},
                {BENCH_GPU_MAP, "map"},
                {BENCH_GPU_LAUNCH, "launch"},
                {BENCH_GPU_TRIP, "round_trip"},
                {BENCH_GPU_OPEN, "open"},
                {BENCH_GPU_ALLREDUCE, "allreduce_device"},
                {BENCH_GPU_ALLREDUCE_HOST, "allreduce_host"}};
    list_kernels(b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool moves = rows[i].kind <= BENCH_GPU_MAP || rows[i].kind >= BENCH_GPU_ALLREDUCE;
        add(b, (bench_gpu_work){.kind = rows[i].kind, .bytes = moves ? (double)b->count * sizeof(double) : 0},
            rows[i].name);
    }
    for (size_t n = b->count < SMALLEST ? b->count : SMALLEST;
         n <= b->count && b->works < BENCH_GPU_WORKS - 1; n *= GROWTH)
        for (bench_gpu_kind kind = BENCH_GPU_THREADS; kind <= BENCH_GPU_DEVICE; kind++) {
            char name[48];
            snprintf(name, sizeof name, "sum_%s_%zu", kind == BENCH_GPU_THREADS ? "threads" : "device", n);
            add(b, (bench_gpu_work){.kind = kind, .index = n, .bytes = (double)n * sizeof(double)}, name);
        }
}

/* ---- setup ---- */

/* Opens the driver's device, or any if there is none, once for each form. The first rank of a node
 * compiles. */
static tri_status open_forms(bench_device *b) {
    const tri_gpu_variant forms[] = {TRI_GPU_VARIANT_ITEM, TRI_GPU_VARIANT_GROUP};
    const tri_shape *shape = tri_comm_shape(b->run->comm);
    char index[24] = "auto";
    if (b->run->gpu) snprintf(index, sizeof index, "%zu", tri_gpu_describe(b->run->gpu)->index);
    tri_status status = TRI_OK;
    for (int f = 0; f < BENCH_GPU_FORMS && status == TRI_OK; f++) {
        status = tri_gpu_open_variant(index, b->run->gpu ? 0 : shape->local_rank,
                                      b->run->gpu ? 1 : shape->local_size, forms[f], &b->gpu[f]);
        if (status == TRI_OK) tri_say_compiling(b->run, b->gpu[f]);
        for (size_t k = 0; status == TRI_OK && tri_gpu_kernel(k); k++)
            status = tri_gpu_prepare(b->gpu[f], tri_gpu_kernel(k)->name);
    }
    TRI_TRY(tri_agree(b->run->comm, status));
    b->form = tri_gpu_describe(b->gpu[0])->type != TRI_GPU_CPU;
    return TRI_OK;
}

static tri_status make_vectors(bench_device *b) {
    size_t bytes = b->count * sizeof(double);
    b->host = aligned_alloc(4096, (bytes | 4095) + 1);
    b->sum = aligned_alloc(4096, (bytes | 4095) + 1);
    b->part = calloc((size_t)b->run->threads + 1, sizeof *b->part);
    b->time = calloc(BENCH_GPU_WORKS, sizeof *b->time);
    if (!b->host || !b->sum || !b->part || !b->time)
        return tri_fail(TRI_ERR_MEMORY, "no memory for vectors of %zu bytes; reduce --bytes", bytes);
    /* Values with few bits, so that sums over ranks are exact in any order. */
    for (size_t i = 0; i < b->count; i++)
        b->host[i] = (double)(tri_random_bits(1, i) >> 44) * 0x1p-20;
    memset(b->sum, 0, bytes);
    TRI_TRY(tri_gpu_pinned_create(b->gpu[0], bytes, &b->pinned));
    memcpy(tri_gpu_pinned_data(b->pinned), b->host, bytes);
    for (int f = 0; f < BENCH_GPU_FORMS; f++) {
        TRI_TRY(tri_gpu_buffer_create(b->gpu[f], bytes, &b->x[f]));
        TRI_TRY(tri_gpu_buffer_create(b->gpu[f], bytes, &b->out[f]));
        TRI_TRY(tri_gpu_buffer_write(b->x[f], 0, b->host, bytes));
        TRI_TRY(tri_gpu_buffer_write(b->out[f], 0, b->host, bytes));
    }
    return TRI_OK;
}

static tri_status setup(tri_run *run, void *argument) {
    bench_device *b = argument;
    b->run = run;
    b->count = b->bytes / sizeof(double);
    if (b->trials < 1) return tri_fail(TRI_ERR_ARGUMENT, "--trials: at least 1");
    if (!b->count) return tri_fail(TRI_ERR_ARGUMENT, "--bytes: at least 8");
    if (b->plot) TRI_TRY(tri_plot_check(run, b->plot));
    TRI_TRY(open_forms(b));
    TRI_TRY(make_vectors(b));
    list_works(b);
    for (int w = 0; w < b->works; w++)
        b->variants[w] = (bench_variant){.name = b->work[w].name, .bytes = b->work[w].bytes};
    return bench_create(b->variants, b->works, b->trials);
}

/* ---- one trial of each ---- */

typedef struct share {
    const bench_device *b;
    size_t count;
} share;

static void sum_share(void *argument, int thread, size_t chunk) {
    (void)thread;
    const share *s = argument;
    size_t threads = (size_t)s->b->run->threads, from = s->count * chunk / threads,
           to = s->count * (chunk + 1) / threads;
    tri_sum_clear(&s->b->part[chunk]);
    tri_sum_add_array(&s->b->part[chunk], s->b->host + from, to - from);
}

static void sum_by_threads(bench_device *b, size_t count) {
    share s = {b, count};
    tri_team_for(b->run->team, (size_t)b->run->threads, sum_share, &s);
    for (int t = 1; t < b->run->threads; t++)
        tri_sum_merge(&b->part[0], &b->part[t]);
    b->exact[0] = tri_sum_round(&b->part[0]);
}

static tri_status sum_by_device(bench_device *b, size_t count) {
    tri_sum *sum = &b->part[b->run->threads];
    tri_sum_clear(sum);
    TRI_TRY(tri_gpu_sum(b->gpu[b->form], b->host, count, sum));
    b->exact[1] = tri_sum_round(sum);
    return TRI_OK;
}

static tri_status launch(bench_device *b, int times) {
    for (int i = 0; i < times; i++)
        TRI_TRY(tri_gpu_fill(b->out[b->form], 0, 1, 1));
    return tri_gpu_wait(b->gpu[b->form]);
}

static tri_status map(tri_gpu_buffer *buffer) {
    void *mapped;
    TRI_TRY(tri_gpu_buffer_map(buffer, 0, tri_gpu_buffer_bytes(buffer), &mapped));
    return tri_gpu_buffer_unmap(buffer, mapped);
}

/* A device that shares the host's memory needs no copy. */
static tri_status allreduce_by_host(bench_device *b) {
    size_t bytes = b->count * sizeof(double);
    bool copies = !tri_gpu_describe(b->gpu[0])->unified;
    double *send = copies ? tri_gpu_pinned_data(b->pinned) : b->host;
    if (copies) TRI_TRY(tri_gpu_buffer_read(b->x[b->form], 0, send, bytes));
    TRI_TRY(tri_allreduce(send, b->sum, b->count, MPI_DOUBLE, MPI_SUM, b->run->comm));
    return copies ? tri_gpu_buffer_write(b->out[b->form], 0, b->sum, bytes) : TRI_OK;
}

static tri_status open_again(const bench_device *b, tri_gpu **gpu) {
    char index[24];
    snprintf(index, sizeof index, "%zu", tri_gpu_describe(b->gpu[0])->index);
    TRI_TRY(tri_gpu_open(index, 0, 1, gpu));
    return tri_gpu_prepare(*gpu, "sum");
}

static tri_status once(bench_device *b, const bench_gpu_work *w, tri_gpu **opened) {
    size_t bytes = b->count * sizeof(double);
    tri_gpu_buffer *x = b->x[b->form], *out = b->out[b->form];
    switch (w->kind) {
    case BENCH_GPU_KERNEL:
        return tri_gpu_kernel_run(w->index, b->out[w->form], b->x[w->form], kernel_count(b, w->index));
    case BENCH_GPU_WRITE:
        return tri_gpu_buffer_write(out, 0, b->host, bytes);
    case BENCH_GPU_READ:
        return tri_gpu_buffer_read(x, 0, b->sum, bytes);
    case BENCH_GPU_WRITE_PINNED:
        return tri_gpu_buffer_write(out, 0, tri_gpu_pinned_data(b->pinned), bytes);
    case BENCH_GPU_READ_PINNED:
        return tri_gpu_buffer_read(x, 0, tri_gpu_pinned_data(b->pinned), bytes);
    case BENCH_GPU_MAP:
        return map(out);
    case BENCH_GPU_LAUNCH:
        return launch(b, LAUNCHES);
    case BENCH_GPU_TRIP:
        return launch(b, 1);
    case BENCH_GPU_OPEN:
        return open_again(b, opened);
    case BENCH_GPU_THREADS:
        sum_by_threads(b, w->index);
        return TRI_OK;
    case BENCH_GPU_DEVICE:
        return sum_by_device(b, w->index);
    case BENCH_GPU_ALLREDUCE:
        return tri_gpu_allreduce((tri_gpu_span){.buffer = x}, (tri_gpu_span){.buffer = out}, b->count,
                                 TRI_GPU_DOUBLE, TRI_GPU_SUM, NULL, b->run->comm);
    default:
        return allreduce_by_host(b);
    }
}

/* All ranks start together. */
static tri_status trial(void *argument, int variant, double *seconds) {
    bench_device *b = argument;
    tri_gpu *opened = NULL;
    tri_status status = TRI_OK;
    /* An untimed call first, so that each variant finds its own data in the caches. */
    if (b->work[variant].kind >= BENCH_GPU_ALLREDUCE) status = once(b, &b->work[variant], &opened);
    if (status == TRI_OK) status = tri_barrier(b->run->comm);
    double start = tri_now_s();
    if (status == TRI_OK) status = once(b, &b->work[variant], &opened);
    *seconds = tri_now_s() - start;
    if (b->work[variant].kind == BENCH_GPU_LAUNCH) *seconds /= LAUNCHES;
    tri_gpu_close(&opened);
    return status;
}

static tri_status run(tri_run *run, void *argument) {
    bench_device *b = argument;
    return bench_alternate(run, b->variants, b->works, b->trials, trial, b);
}

/* The device's allreduce has the host's bits, and its exact sum those of the threads. */
static tri_status verify(tri_run *run, void *argument) {
    bench_device *b = argument;
    tri_gpu_span x = {.buffer = b->x[b->form]}, out = {.buffer = b->out[b->form]};
    TRI_TRY(tri_gpu_allreduce(x, out, b->count, TRI_GPU_DOUBLE, TRI_GPU_SUM, NULL, run->comm));
    TRI_TRY(tri_gpu_buffer_read(out.buffer, 0, b->sum, b->count * sizeof(double)));
    double ranks = tri_comm_size(run->comm);
    for (size_t i = 0; i < b->count; i++)
        if (b->sum[i] != ranks * b->host[i])
            return tri_fail(TRI_ERR_WRONG, "element %zu of the allreduce is %.17g, not %.17g", i, b->sum[i],
                            ranks * b->host[i]);
    if (memcmp(&b->exact[0], &b->exact[1], sizeof b->exact[0]))
        return tri_fail(TRI_ERR_WRONG, "the device's exact sum is %a, that of the threads %a", b->exact[1],
                        b->exact[0]);
    return TRI_OK;
}

static void teardown(void *argument) {
    bench_device *b = argument;
    bench_destroy(b->variants, b->works);
    for (int f = 0; f < BENCH_GPU_FORMS; f++) {
        tri_gpu_buffer_destroy(&b->x[f]);
        tri_gpu_buffer_destroy(&b->out[f]);
    }
    tri_gpu_pinned_destroy(&b->pinned);
    for (int f = 0; f < BENCH_GPU_FORMS; f++)
        tri_gpu_close(&b->gpu[f]);
    free(b->host);
    free(b->sum);
    free(b->part);
    free(b->time);
}

const tri_app bench_gpu = {
    .name = "bench-gpu",
    .summary = "measures kernels, transfers, launches and collectives of an OpenCL device",
    .examples = "trireme bench gpu --plot roofline.svg\n",
    .options = options,
    .state_bytes = sizeof(bench_device),
    .outputs = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = bench_gpu_record,
    .draw = bench_gpu_draw,
    .teardown = teardown,
};
