/* Selects, opens and closes devices. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gpu/staging.h"

static bool contains(const char *text, const char *part) {
    for (size_t n = strlen(part); *text; text++)
        if (strncasecmp(text, part, n) == 0) return true;
    return false;
}

static bool is_number(const char *text) {
    return *text && text[strspn(text, "0123456789")] == 0;
}

static bool lets_through(const char *filter, const tri_gpu_info *info) {
    if (is_number(filter)) return strtoull(filter, NULL, 10) == info->index;
    for (tri_gpu_type type = TRI_GPU_CPU; type <= TRI_GPU_ACCELERATOR; type++)
        if (strcasecmp(filter, tri_gpu_type_name(type)) == 0) return info->type == type;
    return contains(info->name, filter) || contains(info->vendor, filter) || contains(info->platform, filter);
}

/* Moves the devices that match the filter to the front; returns their number. */
static size_t select_devices(const char *filter, tri_gpu_found *found, size_t count) {
    bool all = !filter || strcasecmp(filter, "auto") == 0, any_gpu = false;
    for (size_t i = 0; i < count; i++)
        any_gpu |= found[i].info.type != TRI_GPU_CPU && found[i].info.fp64;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (all ? found[i].info.fp64 && (found[i].info.type != TRI_GPU_CPU || !any_gpu)
                : lets_through(filter, &found[i].info))
            found[kept++] = found[i];
    return kept;
}

tri_status tri_gpu_select(const char *filter, tri_gpu_info *list, size_t capacity, size_t *count) {
    tri_gpu_found *found;
    size_t found_count;
    TRI_TRY(tri_gpu_find(&found, &found_count));
    *count = select_devices(filter, found, found_count);
    for (size_t i = 0; i < *count && i < capacity; i++)
        list[i] = found[i].info;
    free(found);
    return TRI_OK;
}

static tri_status no_such_device(const char *filter, const tri_gpu_found *found, size_t count) {
    if (!count)
        return tri_fail(TRI_ERR_DEVICE,
                        "this machine has no OpenCL driver or device (the loader returns "
                        "CL_PLATFORM_NOT_FOUND_KHR, -1001, if no driver is installed): install "
                        "pocl-opencl-icd or the vendor's driver, or run with --device none");
    char list[640] = "";
    for (size_t i = 0, at = 0; i < count && at < sizeof list; i++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%zu '%s' (%s%s)", i ? ", " : "",
                               found[i].info.index, found[i].info.name, tri_gpu_type_name(found[i].info.type),
                               found[i].info.fp64 ? "" : ", no double precision");
    return tri_fail(TRI_ERR_DEVICE, "no OpenCL device matches '%s'; choose one of: %s",
                    filter ? filter : "auto", list);
}

static tri_status make(tri_gpu *gpu) {
    cl_int code;
    gpu->context = clCreateContext(NULL, 1, &gpu->device, NULL, NULL, &code);
    TRI_TRY(tri_cl(gpu, code, "creating a context"));
    gpu->queue = clCreateCommandQueue(gpu->context, gpu->device, 0, &code);
    TRI_TRY(tri_cl(gpu, code, "making a queue"));
    gpu->up = clCreateCommandQueue(gpu->context, gpu->device, 0, &code);
    TRI_TRY(tri_cl(gpu, code, "making a queue"));
    gpu->down = clCreateCommandQueue(gpu->context, gpu->device, 0, &code);
    return tri_cl(gpu, code, "making a queue");
}

tri_status tri_gpu_open_variant(const char *filter, int local_rank, int local_size, tri_gpu_variant variant,
                                tri_gpu **out) {
    if (local_rank < 0 || local_rank >= local_size)
        return tri_fail(TRI_ERR_ARGUMENT, "local rank %d is not in 0 ... %d - 1", local_rank, local_size);
    tri_gpu_found *found;
    size_t count;
    TRI_TRY(tri_gpu_find(&found, &count));
    size_t kept = select_devices(filter, found, count);
    if (!kept) {
        tri_status status = no_such_device(filter, found, count);
        free(found);
        return status;
    }
    tri_gpu_found chosen = found[(size_t)local_rank * kept / (size_t)local_size];
    free(found);
    if (!chosen.info.fp64)
        return tri_fail(TRI_ERR_DEVICE,
                        "OpenCL device '%s' has no double precision: choose another with --device",
                        chosen.info.name);
    tri_gpu *gpu = calloc(1, sizeof *gpu);
    if (!gpu) return tri_fail(TRI_ERR_MEMORY, "no memory for the record of a device");
    gpu->info = chosen.info;
    gpu->device = chosen.device;
    gpu->one_item =
        variant == TRI_GPU_VARIANT_AUTO ? gpu->info.type == TRI_GPU_CPU : variant == TRI_GPU_VARIANT_ITEM;
    tri_gpu_signals signals;
    tri_gpu_signals_save(&signals);
    tri_status status = make(gpu);
    tri_gpu_signals_restore(&signals);
    if (status != TRI_OK) {
        tri_gpu_close(&gpu);
        return status;
    }
    *out = gpu;
    return TRI_OK;
}

tri_status tri_gpu_open(const char *filter, int local_rank, int local_size, tri_gpu **out) {
    return tri_gpu_open_variant(filter, local_rank, local_size, TRI_GPU_VARIANT_AUTO, out);
}

void tri_gpu_close(tri_gpu **gpu) {
    if (!gpu || !*gpu) return;
    tri_gpu *g = *gpu;
    if (g->queue) clFinish(g->queue);
    if (g->down) clFinish(g->down);
    if (g->up) {
        clFinish(g->up);
        tri_staging_free_all(g);
    }
    for (int i = 0; i < TRI_KERNEL_COUNT; i++)
        if (g->kernel[i]) clReleaseKernel(g->kernel[i]);
    if (g->down) clReleaseCommandQueue(g->down);
    if (g->up) clReleaseCommandQueue(g->up);
    if (g->queue) clReleaseCommandQueue(g->queue);
    if (g->context) clReleaseContext(g->context);
    free(g);
    *gpu = NULL;
}

void tri_gpu_set_notice(tri_gpu *gpu, tri_gpu_notice *notice, void *context) {
    gpu->notice = notice;
    gpu->notice_context = context;
}

const tri_gpu_info *tri_gpu_describe(const tri_gpu *gpu) {
    return &gpu->info;
}
