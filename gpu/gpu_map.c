/* Applies the kernel of an expression to pieces of vectors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu/gpu_map_text.h"
#include "gpu/launch.h"
#include "gpu/program.h"

/* The alignment for direct I/O, so that files can be read and written without a copy. */
enum { ALIGNMENT = 4096 };

/* The memory of one input or output in one slot. */
typedef struct vector {
    cl_mem memory;
    void *host;   /* allocated here if device and host share memory */
    void *mapped; /* the host's view; NULL: the device owns the memory */
} vector;

typedef struct slot {
    vector input[TRI_GPU_MAP_INPUTS], output[TRI_GPU_MAP_OUTPUTS];
    cl_event done; /* NULL: idle */
} slot;

struct tri_gpu_map {
    tri_gpu *gpu;
    cl_kernel kernel;
    tri_gpu_input input[TRI_GPU_MAP_INPUTS]; /* without the names */
    bool used[TRI_GPU_MAP_INPUTS];
    tri_number number[TRI_GPU_MAP_OUTPUTS];
    size_t inputs, outputs, piece;
    slot slot[TRI_GPU_MAP_SLOTS];
};

/* ---- Compiling ---- */

static void options_of(const tri_gpu *gpu, char *options, size_t room) {
    cl_device_fp_config single = 0;
    clGetDeviceInfo(gpu->device, CL_DEVICE_SINGLE_FP_CONFIG, sizeof single, &single, NULL);
    snprintf(options, room, "-cl-std=CL1.2 -DTRI_ITEMS=%d%s", gpu->one_item ? 1 : TRI_GPU_GROUP,
             single & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT ? " -cl-fp32-correctly-rounded-divide-sqrt" : "");
}

static tri_status compile(tri_gpu_map *map, const tri_map_text *text) {
    char options[128], *log = NULL, *source = tri_map_text_kernel(text);
    if (!source) return tri_fail(TRI_ERR_MEMORY, "no memory for the kernel of an expression");
    options_of(map->gpu, options, sizeof options);
    tri_gpu_text kernel = {.source = {source}, .sources = 1, .options = options, .kernel = "tri_map"};
    tri_gpu_signals signals;
    tri_gpu_signals_save(&signals);
    tri_status status = tri_gpu_compile(map->gpu, &kernel, &map->kernel, &log);
    tri_gpu_signals_restore(&signals);
    if (log)
        status =
            tri_fail(TRI_ERR_DEVICE, "OpenCL device '%s' cannot compile the kernel of an expression: %.*s",
                     map->gpu->info.name, (int)strcspn(log, "\n"), log);
    free(log);
    free(source);
    return status;
}

tri_status tri_gpu_map_create(tri_gpu *gpu, const char *text, const tri_gpu_input *inputs,
                              size_t inputs_count, const char *const *outputs, size_t outputs_count,
                              tri_gpu_map **out) {
    tri_map_text read;
    TRI_TRY(tri_map_text_read(text, inputs, inputs_count, outputs, outputs_count, &read));
    tri_gpu_map *map = calloc(1, sizeof *map);
    tri_status status = map ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for an expression");
    if (map) {
        map->gpu = gpu;
        map->inputs = inputs_count;
        map->outputs = read.outputs;
        if (inputs_count) memcpy(map->input, inputs, inputs_count * sizeof *inputs);
        memcpy(map->used, read.used, sizeof map->used);
        for (size_t k = 0; k < read.outputs; k++)
            map->number[k] = read.statement[read.output[k]].value.type;
        status = compile(map, &read);
    }
    tri_map_text_free(&read);
    if (status == TRI_OK)
        *out = map;
    else
        tri_gpu_map_destroy(&map);
    return status;
}

/* ---- Memory ---- */

/* Ends the host's view: later commands in the queue may use the vector. */
static cl_int unmap(const tri_gpu_map *map, vector *v) {
    if (!v->mapped) return CL_SUCCESS;
    void *mapped = v->mapped;
    v->mapped = NULL;
    return clEnqueueUnmapMemObject(map->gpu->queue, v->memory, mapped, 0, NULL, NULL);
}

static cl_int map_vector(const tri_gpu_map *map, vector *v, cl_map_flags how, size_t bytes, cl_event *done) {
    cl_int code;
    void *mapped =
        clEnqueueMapBuffer(map->gpu->queue, v->memory, CL_FALSE, how, 0, bytes, 0, NULL, done, &code);
    if (code == CL_SUCCESS) v->mapped = mapped;
    return code;
}

static void drop_vector(tri_gpu_map *map, vector *v) {
    unmap(map, v);
    if (v->memory) {
        clFinish(map->gpu->queue);
        clReleaseMemObject(v->memory);
    }
    free(v->host);
    *v = (vector){.memory = NULL};
}

static void drop_slots(tri_gpu_map *map) {
    for (slot *s = map->slot; s < map->slot + TRI_GPU_MAP_SLOTS; s++) {
        if (s->done) clWaitForEvents(1, &s->done);
        if (s->done) clReleaseEvent(s->done);
        s->done = NULL;
        for (size_t k = 0; k < map->inputs; k++)
            drop_vector(map, &s->input[k]);
        for (size_t k = 0; k < map->outputs; k++)
            drop_vector(map, &s->output[k]);
    }
}

void tri_gpu_map_destroy(tri_gpu_map **map) {
    if (!map || !*map) return;
    drop_slots(*map);
    if ((*map)->kernel) clReleaseKernel((*map)->kernel);
    free(*map);
    *map = NULL;
}

/* With shared memory, the device uses memory allocated here; else the driver allocates memory that is fast to
 * transfer. */
static tri_status make_vector(tri_gpu_map *map, vector *v, size_t bytes, cl_mem_flags flags) {
    cl_int code;
    if (map->gpu->info.unified) {
        v->host = aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        if (!v->host) return tri_fail(TRI_ERR_MEMORY, "no memory for a piece of %zu bytes", bytes);
        flags |= CL_MEM_USE_HOST_PTR;
    } else
        flags |= CL_MEM_ALLOC_HOST_PTR;
    v->memory = clCreateBuffer(map->gpu->context, flags, bytes, v->host, &code);
    return tri_cl(map->gpu, code, "creating a buffer for a piece");
}

static tri_status make_slot(tri_gpu_map *map, slot *s) {
    for (size_t k = 0; k < map->inputs; k++) {
        if (!map->used[k]) continue;
        size_t bytes = (map->input[k].single ? 1 : map->piece) * tri_number_bytes(map->input[k].number);
        TRI_TRY(make_vector(map, &s->input[k], bytes, CL_MEM_READ_ONLY));
        TRI_TRY(
            tri_cl(map->gpu, map_vector(map, &s->input[k], CL_MAP_WRITE, bytes, NULL), "mapping a piece"));
    }
    for (size_t k = 0; k < map->outputs; k++)
        TRI_TRY(make_vector(map, &s->output[k], map->piece * tri_number_bytes(map->number[k]),
                            CL_MEM_WRITE_ONLY));
    return TRI_OK;
}

tri_status tri_gpu_map_reserve(tri_gpu_map *map, size_t piece) {
    drop_slots(map);
    map->piece = piece;
    for (slot *s = map->slot; s < map->slot + TRI_GPU_MAP_SLOTS; s++)
        TRI_TRY(make_slot(map, s));
    return tri_gpu_wait(map->gpu);
}

bool tri_gpu_map_uses(const tri_gpu_map *map, size_t input) {
    return map->used[input];
}

size_t tri_gpu_map_outputs(const tri_gpu_map *map) {
    return map->outputs;
}

tri_number tri_gpu_map_number(const tri_gpu_map *map, size_t output) {
    return map->number[output];
}

void *tri_gpu_map_input(const tri_gpu_map *map, size_t slot_number, size_t input) {
    return map->slot[slot_number].input[input].mapped;
}

const void *tri_gpu_map_output(const tri_gpu_map *map, size_t slot_number, size_t output) {
    return map->slot[slot_number].output[output].mapped;
}

/* ---- Running ---- */

static tri_status give(tri_gpu_map *map, slot *s) {
    for (size_t k = 0; k < map->inputs; k++)
        TRI_TRY(tri_cl(map->gpu, unmap(map, &s->input[k]), "passing a piece to the device"));
    for (size_t k = 0; k < map->outputs; k++)
        TRI_TRY(tri_cl(map->gpu, unmap(map, &s->output[k]), "passing a piece to the device"));
    return TRI_OK;
}

static tri_status launch(tri_gpu_map *map, slot *s, uint64_t first, size_t count) {
    size_t share = tri_gpu_share(map->gpu, count, 1), local = map->gpu->one_item ? 1 : TRI_GPU_GROUP,
           global = (count + share - 1) / share * local;
    cl_ulong count_arg = count, share_arg = share;
    cl_long first_arg = (cl_long)first;
    cl_uint at = 0;
    cl_int code = clSetKernelArg(map->kernel, at++, sizeof count_arg, &count_arg);
    if (code == CL_SUCCESS) code = clSetKernelArg(map->kernel, at++, sizeof share_arg, &share_arg);
    if (code == CL_SUCCESS) code = clSetKernelArg(map->kernel, at++, sizeof first_arg, &first_arg);
    for (size_t k = 0; k < map->inputs && code == CL_SUCCESS; k++)
        if (map->used[k]) code = clSetKernelArg(map->kernel, at++, sizeof(cl_mem), &s->input[k].memory);
    for (size_t k = 0; k < map->outputs && code == CL_SUCCESS; k++)
        code = clSetKernelArg(map->kernel, at++, sizeof(cl_mem), &s->output[k].memory);
    if (code == CL_SUCCESS)
        code = clEnqueueNDRangeKernel(map->gpu->queue, map->kernel, 1, NULL, &global, &local, 0, NULL, NULL);
    return tri_cl(map->gpu, code, "starting the kernel of an expression");
}

/* Maps inputs and outputs for the host once the kernel has finished. The last mapping carries the event. */
static tri_status take(tri_gpu_map *map, slot *s, size_t count) {
    cl_int code = CL_SUCCESS;
    for (size_t k = 0; k < map->inputs && code == CL_SUCCESS; k++)
        if (map->used[k] && !map->input[k].single)
            code = map_vector(map, &s->input[k], CL_MAP_WRITE_INVALIDATE_REGION,
                              map->piece * tri_number_bytes(map->input[k].number), NULL);
    for (size_t k = 0; k < map->outputs && code == CL_SUCCESS; k++)
        code = map_vector(map, &s->output[k], CL_MAP_READ, count * tri_number_bytes(map->number[k]),
                          k + 1 < map->outputs ? NULL : &s->done);
    if (code == CL_SUCCESS) code = clFlush(map->gpu->queue);
    return tri_cl(map->gpu, code, "taking a piece from the device");
}

tri_status tri_gpu_map_start(tri_gpu_map *map, size_t slot_number, uint64_t first, size_t count) {
    slot *s = &map->slot[slot_number];
    if (count > map->piece)
        return tri_fail(TRI_ERR_ARGUMENT, "a piece of %zu elements, but only %zu are reserved", count,
                        map->piece);
    if (!count) return TRI_OK;
    TRI_TRY(give(map, s));
    TRI_TRY(launch(map, s, first, count));
    return take(map, s, count);
}

tri_status tri_gpu_map_wait(tri_gpu_map *map, size_t slot_number) {
    slot *s = &map->slot[slot_number];
    if (!s->done) return TRI_OK;
    cl_int code = clWaitForEvents(1, &s->done);
    clReleaseEvent(s->done);
    s->done = NULL;
    return tri_cl(map->gpu, code, "running the kernel of an expression");
}
