#include "gpu/stream.h"

#include <stdlib.h>

/* Two pieces are on their way at any time: while the kernel works on one, the other is copied to the device,
 * or its results are taken in. Where memory is shared there is no copy, and pieces only bound the results. */
enum { SLOTS = 2 };

/* In elements. Of a piece on a discrete device there are two copies; 32 MiB is far above the size where a bus
 * is at its full speed. Groups of 256 Ki elements on a processor: many enough to be shared out evenly while
 * other threads take cores away, and their results are below 0.1 % of what they read. The table of gpu/exact.cl
 * relies on that limit. */
enum { PIECE_SHARED = 1 << 25, PIECE_COPIED = 1 << 22, GROUP_ITEM = 1 << 18, GROUPS_PER_UNIT = 8 };

typedef struct slot {
    cl_mem input; /* the slot's own: of this piece where memory is shared, of all where it is copied */
    cl_mem output;
    void *results;
    cl_event done; /* NULL: nothing on its way */
    size_t first, count, results_count;
} slot;

typedef struct run {
    tri_gpu *gpu;
    const tri_stream *stream;
    bool shared; /* the device reads the host's memory, or a buffer of its own */
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

/* Elements for each group of a piece of n. */
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
    /* Shorter pieces have smaller groups, but never more of them than the largest has. */
    r->results_most = results_of(r, r->piece);
    if (!s->by_unit && r->results_most < groups_usual(r)) r->results_most = groups_usual(r);
    for (slot *at = r->slot; at < r->slot + SLOTS; at++) {
        cl_int code;
        at->results = malloc(r->results_most * s->result_bytes);
        if (!at->results) return tri_fail(TRI_ERR_MEMORY, "no memory for the results of a kernel");
        at->output = clCreateBuffer(r->gpu->context, CL_MEM_READ_WRITE, r->results_most * s->result_bytes,
                                    NULL, &code);
        TRI_TRY(tri_cl(r->gpu, code, "making a buffer for results"));
        if (r->shared) continue;
        at->input = clCreateBuffer(r->gpu->context, CL_MEM_READ_ONLY, r->piece * sizeof(double), NULL, &code);
        TRI_TRY(tri_cl(r->gpu, code, "making a buffer for a piece"));
    }
    return TRI_OK;
}

/* The device's view of the piece: *offset in elements of *memory, and the event to wait for, if any. */
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
    /* OpenCL takes memory that it will only read as void *, too. */
    void *from = (void *)(uintptr_t)(s->host + at->first);
    if (r->shared)
        at->input =
            clCreateBuffer(r->gpu->context, CL_MEM_READ_ONLY | CL_MEM_USE_HOST_PTR, bytes, from, &code);
    else {
        code = clEnqueueWriteBuffer(r->gpu->up, at->input, CL_FALSE, 0, bytes, from, 0, NULL, ready);
        if (code == CL_SUCCESS) code = clFlush(r->gpu->up);
    }
    *memory = at->input;
    return tri_cl(r->gpu, code, "giving a piece to the device");
}

static tri_status launch(run *r, slot *at, cl_mem memory, size_t offset, cl_event ready) {
    const tri_stream *s = r->stream;
    tri_gpu *gpu = r->gpu;
    size_t each = per_group(r, at->count);
    /* Results by unit: the kernel counts blocks. */
    cl_ulong offset_arg = offset, count_arg = at->count, first_arg = s->first + at->first,
             each_arg = s->by_unit ? each / s->unit : each;
    tri_arg args[] = {{sizeof memory, &memory},       {sizeof offset_arg, &offset_arg},
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

/* Waits for the slot's piece, if it has one, and takes its results in. */
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
    /* After a failure pieces may still be on their way, from and to memory that is about to go. */
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
