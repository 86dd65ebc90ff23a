/* Reductions on devices. Each piece of the vector is divided into one block per rank. A rank receives its
 * block from all ranks, combines them on its device, and sends the result.
 *
 *     copy from device | alltoall | copy to device, combine, copy back | gather or allgather | copy to device
 *
 * The blocks are combined in rank order by one kernel per piece; the host combines nothing. Three pieces are
 * in progress: one is copied from the device and one is combined while a third is in the network. */
#include "gpu/collective_on_device.h"

#include <string.h>

#include "gpu/combine.h"
#include "gpu/staging.h"

enum { SLOTS = 3 };

typedef struct slot {
    tri_staging *out, *in;
    cl_mem scratch; /* the contents of `in` on the device */
    cl_event fetched, combined, stored;
    size_t first, count, share; /* elements; share: of one rank's block of the piece */
} slot;

typedef struct reduction {
    const tri_gpu_collective *c;
    tri_gpu *gpu;
    size_t each, size, piece; /* bytes of an element, ranks, elements of a piece */
    slot slot[SLOTS];
} reduction;

static tri_status wait_for(const reduction *f, cl_event *event) {
    if (!*event) return TRI_OK;
    cl_int code = clWaitForEvents(1, event);
    clReleaseEvent(*event);
    *event = NULL;
    return tri_cl(f->gpu, code, "combining on a device");
}

static tri_status create(reduction *f) {
    size_t bytes = f->piece * f->each;
    for (slot *at = f->slot; at < f->slot + SLOTS; at++) {
        cl_int code;
        TRI_TRY(tri_staging_take(f->gpu, bytes, &at->out));
        TRI_TRY(tri_staging_take(f->gpu, bytes, &at->in));
        at->scratch = clCreateBuffer(f->gpu->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
        TRI_TRY(tri_cl(f->gpu, code, "creating a buffer to combine in"));
    }
    return TRI_OK;
}

static void destroy(reduction *f, tri_status status) {
    /* After a failure copies may be pending from and to memory that is released below. */
    if (status != TRI_OK) {
        clFinish(f->gpu->down);
        clFinish(f->gpu->up);
    }
    for (slot *at = f->slot; at < f->slot + SLOTS; at++) {
        if (at->fetched) clReleaseEvent(at->fetched);
        if (at->combined) clReleaseEvent(at->combined);
        if (at->scratch) clReleaseMemObject(at->scratch);
        if (at->out) tri_staging_give(at->out, NULL);
        if (at->in)
            tri_staging_give(at->in, at->stored);
        else if (at->stored)
            clReleaseEvent(at->stored);
    }
}

/* Copies a piece from the device. The blocks of a piece have equal size; zeros pad the last one. */
static tri_status fetch(reduction *f, slot *at, size_t first) {
    size_t left = f->c->count - first;
    at->first = first;
    at->count = left < f->piece ? left : f->piece;
    at->share = (at->count + f->size - 1) / f->size;
    memset((char *)at->out->pinned->data + at->count * f->each, 0,
           (at->share * f->size - at->count) * f->each);
    cl_int code = clEnqueueReadBuffer(f->gpu->down, f->c->send.buffer->memory, CL_FALSE,
                                      (f->c->send.offset + first) * f->each, at->count * f->each,
                                      at->out->pinned->data, 0, NULL, &at->fetched);
    if (code == CL_SUCCESS) code = clFlush(f->gpu->down);
    return tri_cl(f->gpu, code, "copying from the device");
}

/* Receives this rank's block from all ranks and combines. */
static tri_status combine(reduction *f, slot *at) {
    MPI_Datatype type = tri_gpu_mpi_type(f->c->element);
    TRI_TRY(wait_for(f, &at->fetched));
    TRI_TRY(wait_for(f, &at->stored));
    TRI_TRY(tri_alltoall(at->out->pinned->data, at->share, type, at->in->pinned->data, at->share, type,
                         f->c->comm));
    size_t bytes = at->share * f->each;
    TRI_TRY(tri_cl(f->gpu,
                   clEnqueueWriteBuffer(f->gpu->up, at->scratch, CL_FALSE, 0, f->size * bytes,
                                        at->in->pinned->data, 0, NULL, NULL),
                   "copying to the device"));
    tri_gpu_combination shares = {.element = f->c->element,
                                  .op = f->c->op,
                                  .into = at->scratch,
                                  .from = at->scratch,
                                  .from_offset = at->share,
                                  .sources = f->size - 1,
                                  .stride = at->share};
    TRI_TRY(tri_gpu_combine_on(f->gpu, f->gpu->up, &shares, at->share));
    cl_int code = clEnqueueReadBuffer(f->gpu->up, at->scratch, CL_FALSE, 0, bytes, at->out->pinned->data, 0,
                                      NULL, &at->combined);
    if (code == CL_SUCCESS) code = clFlush(f->gpu->up);
    return tri_cl(f->gpu, code, "copying from the device");
}

/* Sends the combined blocks to the root, or to all. */
static tri_status hand_out(reduction *f, slot *at) {
    const tri_gpu_collective *c = f->c;
    MPI_Datatype type = tri_gpu_mpi_type(c->element);
    TRI_TRY(wait_for(f, &at->combined));
    if (c->operation == TRI_REDUCE)
        TRI_TRY(tri_gather(at->out->pinned->data, at->share, type, at->in->pinned->data, at->share, type,
                           c->root, c->comm));
    else
        TRI_TRY(tri_allgather(at->out->pinned->data, at->share, type, at->in->pinned->data, at->share, type,
                              c->comm));
    if (!c->recv_blocks) return TRI_OK;
    cl_int code = clEnqueueWriteBuffer(f->gpu->up, c->recv.buffer->memory, CL_FALSE,
                                       (c->recv.offset + at->first) * f->each, at->count * f->each,
                                       at->in->pinned->data, 0, NULL, &at->stored);
    if (code == CL_SUCCESS) code = clFlush(f->gpu->up);
    return tri_cl(f->gpu, code, "copying to the device");
}

static tri_status run(reduction *f) {
    size_t pieces = (f->c->count - 1) / f->piece + 1;
    TRI_TRY(create(f));
    TRI_TRY(fetch(f, &f->slot[0], 0));
    for (size_t i = 0; i < pieces; i++) {
        if (i + 1 < pieces) TRI_TRY(fetch(f, &f->slot[(i + 1) % SLOTS], (i + 1) * f->piece));
        TRI_TRY(combine(f, &f->slot[i % SLOTS]));
        if (i) TRI_TRY(hand_out(f, &f->slot[(i - 1) % SLOTS]));
    }
    return hand_out(f, &f->slot[(pieces - 1) % SLOTS]);
}

tri_status tri_gpu_collective_on_device(const tri_gpu_collective *c) {
    size_t size = (size_t)tri_comm_size(c->comm), each = tri_gpu_element_bytes(c->element);
    reduction f = {.c = c, .gpu = c->send.buffer->gpu, .each = each, .size = size};
    f.piece = (TRI_GPU_PIECE_BYTES / each / size + 1) * size;
    tri_status status = run(&f);
    destroy(&f, status);
    return status;
}
