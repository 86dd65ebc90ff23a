#include "gpu/stream.h"

#include <stdlib.h>

/* Two pieces are in progress: while the kernel processes one, the other is copied to the device or its
 * results are absorbed. With shared memory there is no copy, and pieces only limit the size of the
 * results. */
enum { SLOTS = 2 };

/* Sizes in elements. A discrete device holds two pieces of 32 MiB, far above the size at which a bus reaches
 * full speed. On a processor, groups of 256 Ki elements are small enough to balance the load while other
 * threads use cores, and their results are below 0.1 % of the data read. The table in gpu/exact.cl relies on
 * this limit. */
enum { PIECE_SHARED = 1 << 25, PIECE_COPIED = 1 << 22, GROUP_ITEM = 1 << 18, GROUPS_PER_UNIT = 8 };

typedef struct slot {
    cl_mem input; /* owned by the slot: created per piece if memory is shared, else once */
    cl_mem output;
    void *results;
    cl_event done; /* NULL: idle */
    size_t first, count, results_count;
} slot;

typedef struct run {
    tri_gpu *gpu;
    const tri_stream *stream;
    bool shared; /* no copy: the device reads host memory or one of its buffers */
    size_t piece, results_most;
    slot slot[SLOTS];
} run;

static size_t round_up(size_t n, size_t unit) {
    return (n + unit - 1) / unit * unit;
}

static size_t groups_usual(const run *r) {
    size_t groups = (size_t)r->gpu->info.compute_units * GROUPS_PER_UNIT, most = r->stream->groups_most;
    return most && most < groups ? most : groups;
}

/* Elements per group in a piece of n. */
static size_t per_group(const run *r, size_t n) {
    size_t unit = r->stream->unit, share = round_up((n + groups_usual(r) - 1) / groups_usual(r), unit);
    return r->gpu->one_item && !r->stream->groups_most && share > GROUP_ITEM ? round_up(GROUP_ITEM, unit)
                                                                             : share;
}

static size_t results_of(const run *r, size_t n) {
    size_t each = r->stream->by_unit ? r->stream->unit : per_group(r, n);
    return (n + each - 1) / each;
}

static tri_status prepare(run *r) {
    const tri_stream *s = r->stream;
    r->shared = s->buffer || r->gpu->info.unified;
    r->piece = round_up(r->shared ? PIECE_SHARED : PIECE_COPIED, s->unit);
    if (r->piece > s->count) r->piece = s->count;
    /* Shorter pieces have smaller groups, but not more of them than groups_usual(). */
    r->results_most = results_of(r, r->piece);
    if (!s->by_unit && r->results_most < groups_usual(r)) r->results_most = groups_usual(r);
    for (slot *at = r->slot; at < r->slot + SLOTS; at++) {
        cl_int code;
        at->results = malloc(r->results_most * s->result_bytes);
        if (!at->results) return tri_fail(TRI_ERR_MEMORY, "no memory for the results of a kernel");
        at->output = clCreateBuffer(r->gpu->context, CL_MEM_READ_WRITE, r->results_most * s->result_bytes,
                                    NULL, &code);
        TRI_TRY(tri_cl(r->gpu, code, "creating a buffer for results"));
        if (r->shared) continue;
        at->input = clCreateBuffer(r->gpu->context, CL_MEM_READ_ONLY, r->piece * sizeof(double), NULL, &code);
        TRI_TRY(tri_cl(r->gpu, code, "creating a buffer for a piece"));
    }
    return TRI_OK;
}

/* Makes the piece visible to the device, at element *offset of *memory once the event *ready, if any,
 * completes. */
static tri_status bring(run *r, slot *at, cl_mem *memory, size_t *offset, cl_event *ready) {
    const tri_stream *s = r->stream;
    cl_int code = CL_SUCCESS;
    *offset = 0;
    *ready = NULL;
    if (s->buffer) {
        *memory = s->buffer->memory;
        *offset = s->offset + at->first;
        return TRI_OK;
    }
    size_t bytes = at->count * sizeof(double);
    /* OpenCL takes void * even for memory that it only reads. */
    void *from = (void *)(uintptr_t)(s->host + at->first);
    if (r->shared)
        at->input =
            clCreateBuffer(r->gpu->context, CL_MEM_READ_ONLY | CL_MEM_USE_HOST_PTR, bytes, from, &code);
    else {
        code = clEnqueueWriteBuffer(r->gpu->up, at->input, CL_FALSE, 0, bytes, from, 0, NULL, ready);
        if (code == CL_SUCCESS) code = clFlush(r->gpu->up);
    }
    *memory = at->input;
    return tri_cl(r->gpu, code, "passing a piece to the device");
}

static tri_status launch(run *r, slot *at, cl_mem memory, size_t offset, cl_event ready) {
    const tri_stream *s = r->stream;
    tri_gpu *gpu = r->gpu;
    size_t each = per_group(r, at->count);
    /* With results per unit, per_group counts units. */
    cl_ulong offset_arg = offset, count_arg = at->count, first_arg = s->first + at->first,
             each_arg = s->by_unit ? each / s->unit : each;
    tri_kernel_arg args[] = {{sizeof memory, &memory},       {sizeof offset_arg, &offset_arg},
                             {sizeof count_arg, &count_arg}, {sizeof first_arg, &first_arg},
                             {sizeof each_arg, &each_arg},   {sizeof at->output, &at->output}};
    size_t count = sizeof args / sizeof *args;
    if (!s->indexed) {
        args[3] = args[4];
        args[4] = args[5];
        count--;
    }
    TRI_TRY(tri_gpu_arguments(gpu, s->kernel, 0, args, count));
    TRI_TRY(tri_gpu_arguments(gpu, s->kernel, (cl_uint)count, s->extra, s->extras));
    size_t local = gpu->one_item ? 1 : TRI_GPU_GROUP, groups = (at->count + each - 1) / each,
           global = groups * local;
    TRI_TRY(tri_cl(gpu,
                   clEnqueueNDRangeKernel(gpu->queue, gpu->kernel[s->kernel], 1, NULL, &global, &local,
                                          ready ? 1 : 0, ready ? &ready : NULL, NULL),
                   "starting a kernel"));
    at->results_count = results_of(r, at->count);
    TRI_TRY(tri_cl(gpu,
                   clEnqueueReadBuffer(gpu->queue, at->output, CL_FALSE, 0,
                                       at->results_count * s->result_bytes, at->results, 0, NULL, &at->done),
                   "reading results"));
    return tri_cl(gpu, clFlush(gpu->queue), "starting a kernel");
}

static tri_status start(run *r, slot *at, size_t first, size_t count) {
    cl_mem memory;
    size_t offset;
    cl_event ready;
    at->first = first;
    at->count = count;
    TRI_TRY(bring(r, at, &memory, &offset, &ready));
    tri_status status = launch(r, at, memory, offset, ready);
    if (ready) clReleaseEvent(ready);
    return status;
}

/* Waits for the slot's piece, if any, and absorbs its results. */
static tri_status finish(run *r, slot *at) {
    if (!at->done) return TRI_OK;
    cl_int code = clWaitForEvents(1, &at->done);
    clReleaseEvent(at->done);
    at->done = NULL;
    if (r->shared && at->input) {
        clReleaseMemObject(at->input);
        at->input = NULL;
    }
    TRI_TRY(tri_cl(r->gpu, code, "running a kernel"));
    return r->stream->absorb(r->stream->context, at->results, at->results_count, at->first, at->count);
}

static tri_status run_pieces(run *r) {
    TRI_TRY(prepare(r));
    int turn = 0;
    for (size_t first = 0; first < r->stream->count; first += r->piece, turn = (turn + 1) % SLOTS) {
        size_t left = r->stream->count - first;
        TRI_TRY(finish(r, r->slot + turn));
        TRI_TRY(start(r, r->slot + turn, first, left < r->piece ? left : r->piece));
    }
    for (int i = 0; i < SLOTS; i++)
        TRI_TRY(finish(r, r->slot + (turn + i) % SLOTS));
    return TRI_OK;
}

tri_status tri_stream_run(tri_gpu *gpu, const tri_stream *stream) {
    if (!stream->count) return TRI_OK;
    run r = {.gpu = gpu, .stream = stream};
    tri_status status = run_pieces(&r);
    /* After a failure copies may be pending from and to memory that is released below. */
    if (status != TRI_OK) {
        clFinish(gpu->up);
        clFinish(gpu->queue);
    }
    for (slot *at = r.slot; at < r.slot + SLOTS; at++) {
        if (at->done) clReleaseEvent(at->done);
        if (at->input) clReleaseMemObject(at->input);
        if (at->output) clReleaseMemObject(at->output);
        free(at->results);
    }
    return status;
}
