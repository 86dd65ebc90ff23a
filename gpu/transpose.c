#include <string.h>

#include "gpu/kernel.h"
#include "gpu/launch.h"

enum { TILE = 32 }; /* as in transpose.cl */

tri_status tri_gpu_transpose(tri_gpu_buffer *to, size_t to_offset, const tri_gpu_buffer *from,
                             size_t from_offset, size_t rows, size_t columns) {
    size_t count;
    if (__builtin_mul_overflow(rows, columns, &count))
        return tri_fail(TRI_ERR_ARGUMENT, "a matrix of %zu x %zu exceeds any buffer", rows, columns);
    TRI_TRY(tri_gpu_buffer_check(to, to_offset, count, sizeof(double)));
    TRI_TRY(tri_gpu_buffer_check(from, from_offset, count, sizeof(double)));
    cl_ulong to_arg = to_offset, from_arg = from_offset, rows_arg = rows, columns_arg = columns;
    tri_kernel_arg args[] = {{sizeof to->memory, &to->memory},     {sizeof to_arg, &to_arg},
                             {sizeof from->memory, &from->memory}, {sizeof from_arg, &from_arg},
                             {sizeof rows_arg, &rows_arg},         {sizeof columns_arg, &columns_arg}};
    return tri_gpu_launch_groups(to->gpu, TRI_KERNEL_transpose,
                                 ((rows + TILE - 1) / TILE) * ((columns + TILE - 1) / TILE), args, 6);
}

/* Rows of a test matrix of at most n elements, with about twice as many columns as rows. */
static size_t rows_of(size_t n) {
    size_t rows = 0;
    while (2 * (rows + 1) * (rows + 1) <= n)
        rows++;
    return rows;
}

static tri_status call(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                       size_t n) {
    size_t rows = rows_of(n);
    return tri_gpu_transpose(out, out_offset, x, x_offset, rows, rows ? n / rows : 0);
}

static tri_status device(tri_gpu *gpu, const tri_kernel_input *in, void *out) {
    return tri_kernel_on_buffers(gpu, in, out, call);
}

static tri_status host(const tri_kernel_input *in, void *out) {
    double *to = out;
    size_t rows = rows_of(in->n), columns = rows ? in->n / rows : 0;
    memcpy(to, in->y, in->n * sizeof *to);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            to[c * rows + r] = in->x[r * columns + c];
    return TRI_OK;
}

const tri_kernel tri_kernel_transpose = {
    .info.name = "transpose",
    .info.text = "rows become columns",
    .info.bytes_each = 16,
    .doubles = true,
    .out_bytes = tri_kernel_out_doubles,
    .queue = call,
    .device = device,
    .host = host,
};
