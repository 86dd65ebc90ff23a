/* Reductions on devices: each rank gets its share of a piece from everybody, combines the shares on its device, and
 * hands the result out.
 *
 *     copy from the device | all to all | copy to the device, combine, copy back | gather, or allgather | copy to the device
 *
 * The shares are combined in the order of the ranks, so every rank's device works on p - 1 vectors in one kernel and the
 * host on none. Three pieces are under way: one comes from the device and one is combined while a third is in the
 * network. */
#include <string.h>

#include "gpu/collective.h"
#include "gpu/launch.h"

enum { FLIGHTS = 3 };

typedef struct flight {
    tri_staging *out, *in;
    cl_mem scratch; /* what `in` holds, on the device */
    cl_event fetched, folded, stored;
    size_t first, count, share; /* elements: of the vector, and of one rank's part of the piece */
} flight;

typedef struct fold {
    const tri_collective *c;
    tri_gpu *gpu;
    size_t each, size, piece; /* bytes of an element, ranks, elements of a piece */
    flight flight[FLIGHTS];
} fold;

static tri_status wait_for(const fold *f, cl_event *event) {
    if (!*event) return TRI_OK;
    cl_int code = clWaitForEvents(1, event);
    clReleaseEvent(*event);
    *event = NULL;
    return tri_cl(f->gpu, code, "combining on a device");
}

static tri_status create(fold *f) {
    size_t bytes = f->piece * f->each;
    for (flight *at = f->flight; at < f->flight + FLIGHTS; at++) {
        cl_int code;
        TRI_TRY(tri_staging_take(f->gpu, bytes, &at->out));
        TRI_TRY(tri_staging_take(f->gpu, bytes, &at->in));
        at->scratch = clCreateBuffer(f->gpu->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
        TRI_TRY(tri_cl(f->gpu, code, "making a buffer to combine in"));
    }
    return TRI_OK;
}

static void destroy(fold *f, tri_status status) {
    /* After a failure copies may be on their way from and to memory that is about to go. */
    if (status != TRI_OK) {
        clFinish(f->gpu->down);
        clFinish(f->gpu->up);
    }
    for (flight *at = f->flight; at < f->flight + FLIGHTS; at++) {
        if (at->fetched) clReleaseEvent(at->fetched);
        if (at->folded) clReleaseEvent(at->folded);
        if (at->scratch) clReleaseMemObject(at->scratch);
        if (at->out) tri_staging_give(at->out, NULL);
        if (at->in)
            tri_staging_give(at->in, at->stored);
        else if (at->stored)
            clReleaseEvent(at->stored);
    }
}

/* From the device. The shares of a piece are equal, so the last one may have some zeros at its end. */
static tri_status fetch(fold *f, flight *at, size_t first) {
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

/* Everybody's share to this rank, and combined. */
static tri_status combine(fold *f, flight *at) {
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
    tri_fold shares = {.element = f->c->element,
                       .op = f->c->op,
                       .into = at->scratch,
                       .from = at->scratch,
                       .from_offset = at->share,
                       .sources = f->size - 1,
                       .stride = at->share};
    TRI_TRY(tri_gpu_fold(f->gpu, f->gpu->up, &shares, at->share));
    cl_int code = clEnqueueReadBuffer(f->gpu->up, at->scratch, CL_FALSE, 0, bytes, at->out->pinned->data, 0,
                                      NULL, &at->folded);
    if (code == CL_SUCCESS) code = clFlush(f->gpu->up);
    return tri_cl(f->gpu, code, "copying from the device");
}

/* The combined shares to whom they are for. */
static tri_status hand_out(fold *f, flight *at) {
    const tri_collective *c = f->c;
    MPI_Datatype type = tri_gpu_mpi_type(c->element);
    TRI_TRY(wait_for(f, &at->folded));
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

static tri_status run(fold *f) {
    size_t pieces = (f->c->count - 1) / f->piece + 1;
    TRI_TRY(create(f));
    TRI_TRY(fetch(f, &f->flight[0], 0));
    for (size_t i = 0; i < pieces; i++) {
        if (i + 1 < pieces) TRI_TRY(fetch(f, &f->flight[(i + 1) % FLIGHTS], (i + 1) * f->piece));
        TRI_TRY(combine(f, &f->flight[i % FLIGHTS]));
        if (i) TRI_TRY(hand_out(f, &f->flight[(i - 1) % FLIGHTS]));
    }
    return hand_out(f, &f->flight[(pieces - 1) % FLIGHTS]);
}

tri_status tri_collective_fold(const tri_collective *c) {
    size_t size = (size_t)tri_comm_size(c->comm), each = tri_gpu_element_bytes(c->element);
    fold f = {.c = c, .gpu = c->send.buffer->gpu, .each = each, .size = size};
    f.piece = (TRI_PIECE_BYTES / each / size + 1) * size;
    tri_status status = run(&f);
    destroy(&f, status);
    return status;
}
