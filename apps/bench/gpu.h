/* The measurements of bench gpu, and their report. */
#ifndef TRIREME_APPS_BENCH_GPU_H
#define TRIREME_APPS_BENCH_GPU_H

#include "apps/bench/bench.h"

typedef enum bench_gpu_kind {
    BENCH_GPU_KERNEL, /* `index`: which; `form`: in which form */
    BENCH_GPU_WRITE,  /* host to device: from pageable memory, and from pinned memory */
    BENCH_GPU_READ,
    BENCH_GPU_WRITE_PINNED,
    BENCH_GPU_READ_PINNED,
    BENCH_GPU_MAP,     /* maps a buffer to the host and unmaps it */
    BENCH_GPU_LAUNCH,  /* one of many kernels of one element that are queued together */
    BENCH_GPU_TRIP,    /* a kernel of one element, and waiting for it */
    BENCH_GPU_OPEN,    /* the device, with the kernels in the cache */
    BENCH_GPU_THREADS, /* the exact sum of `index` elements of host memory: by the threads, by the device */
    BENCH_GPU_DEVICE,
    BENCH_GPU_ALLREDUCE,     /* of device buffers */
    BENCH_GPU_ALLREDUCE_HOST /* of host memory, with the copies from and to the device */
} bench_gpu_kind;

typedef struct bench_gpu_work {
    bench_gpu_kind kind;
    int form; /* 0: one work-item to a group; 1: many */
    size_t index;
    double bytes, flops; /* of one run; 0: no rate */
    char name[48];
} bench_gpu_work;

enum { BENCH_GPU_WORKS = 96, BENCH_GPU_FORMS = 2 };

typedef struct bench_device {
    size_t bytes;
    int trials;
    const char *plot;
    tri_run *run;
    size_t count;                  /* doubles of each buffer */
    int form;                      /* default form of the device */
    tri_gpu *gpu[BENCH_GPU_FORMS]; /* the same device, with kernels of each form */
    tri_gpu_buffer *x[BENCH_GPU_FORMS], *out[BENCH_GPU_FORMS];
    tri_gpu_pinned *pinned;
    double *host, *sum; /* `count` each */
    tri_sum *part;      /* one per thread, and a last one for the device */
    double exact[2];    /* the sums of all elements, by threads and device */
    bench_gpu_work work[BENCH_GPU_WORKS];
    bench_variant variants[BENCH_GPU_WORKS];
    int works;
    tri_summary *time; /* of each work, after the run */
} bench_device;

tri_status bench_gpu_record(tri_run *run, void *argument);
tri_status bench_gpu_draw(tri_run *run, void *argument);

#endif
