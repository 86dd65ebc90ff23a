#include "gpu/combine.h"

#include "gpu/kernel.h"

size_t tri_gpu_element_bytes(tri_gpu_element element) {
    static const size_t bytes[] = {
#define ROW(NAME, value, type) [TRI_GPU_##NAME] = sizeof(type),
        TRI_GPU_ELEMENT_LIST(ROW)
#undef ROW
    };
    return (unsigned)element < TRI_GPU_ELEMENT_COUNT ? bytes[element] : 0;
}

tri_status tri_gpu_combine_on(tri_gpu *gpu, cl_command_queue queue, const tri_gpu_combination *combination,
                              size_t count) {
    cl_int element = (cl_int)combination->element, op = (cl_int)combination->op;
    cl_ulong into_offset = combination->into_offset, from_offset = combination->from_offset,
             sources = combination->sources, stride = combination->stride;
    tri_kernel_arg args[] = {{sizeof element, &element},
                             {sizeof op, &op},
                             {sizeof combination->into, &combination->into},
                             {sizeof into_offset, &into_offset},
                             {sizeof combination->from, &combination->from},
                             {sizeof from_offset, &from_offset},
                             {sizeof sources, &sources},
                             {sizeof stride, &stride}};
    return tri_gpu_launch_on(gpu, queue, TRI_KERNEL_combine, count, 1, args, sizeof args / sizeof *args);
}

tri_status tri_gpu_combine(tri_gpu_element element, tri_gpu_op op, tri_gpu_buffer *into, size_t into_offset,
                           const tri_gpu_buffer *from, size_t from_offset, size_t count) {
    size_t each = tri_gpu_element_bytes(element);
    bool real = element == TRI_GPU_DOUBLE || element == TRI_GPU_FLOAT;
    if (!each || (unsigned)op >= TRI_GPU_OP_COUNT || (real && op >= TRI_GPU_AND))
        return tri_fail(TRI_ERR_ARGUMENT, "operation %d does not apply to elements of type %d", (int)op,
                        (int)element);
    TRI_TRY(tri_gpu_buffer_check(into, into_offset, count, each));
    TRI_TRY(tri_gpu_buffer_check(from, from_offset, count, each));
    tri_gpu_combination combination = {.element = element,
                                       .op = op,
                                       .into = into->memory,
                                       .into_offset = into_offset,
                                       .from = from->memory,
                                       .from_offset = from_offset,
                                       .sources = 1};
    return tri_gpu_combine_on(into->gpu, into->gpu->queue, &combination, count);
}

/* Sums only; tests/gpu/calls.c covers every type and operation. */
static tri_status call(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                       size_t n) {
    return tri_gpu_combine(TRI_GPU_DOUBLE, TRI_GPU_SUM, out, out_offset, x, x_offset, n);
}

static tri_status device(tri_gpu *gpu, const tri_kernel_input *in, void *out) {
    return tri_kernel_on_buffers(gpu, in, out, call);
}

static tri_status host(const tri_kernel_input *in, void *out) {
    for (size_t i = 0; i < in->n; i++)
        ((double *)out)[i] = in->x[i] + in->y[i];
    return TRI_OK;
}

const tri_kernel tri_kernel_combine = {
    .info.name = "combine",
    .info.text = "element by element: sum, product, min, max, and, or, xor",
    .info.flops_each = 1,
    .info.bytes_each = 24,
    .doubles = true,
    .out_bytes = tri_kernel_out_doubles,
    .queue = call,
    .device = device,
    .host = host,
};
