#include <string.h>

#include "gpu/kernel.h"
#include "gpu/launch.h"

/* Points of an array with its halo; 0 on overflow. */
static size_t points_of(size_t planes, size_t rows, size_t columns) {
    size_t points = planes > 1 ? planes + 2 : 1;
    if (planes > SIZE_MAX - 2 || rows > SIZE_MAX - 2 || columns > SIZE_MAX - 2) return 0;
    if (__builtin_mul_overflow(points, rows + 2, &points)) return 0;
    return __builtin_mul_overflow(points, columns + 2, &points) ? 0 : points;
}

tri_status tri_gpu_heat(tri_gpu_buffer *to, size_t to_offset, const tri_gpu_buffer *from, size_t from_offset,
                        size_t planes, size_t rows, size_t columns, double k) {
    size_t points = points_of(planes, rows, columns);
    if (!points)
        return tri_fail(TRI_ERR_ARGUMENT, "a grid of %zu x %zu x %zu exceeds any buffer", planes, rows,
                        columns);
    TRI_TRY(tri_gpu_buffer_check(to, to_offset, points, sizeof k));
    TRI_TRY(tri_gpu_buffer_check(from, from_offset, points, sizeof k));
    cl_ulong to_arg = to_offset, from_arg = from_offset, planes_arg = planes, rows_arg = rows,
             columns_arg = columns;
    tri_kernel_arg args[] = {{sizeof to->memory, &to->memory},     {sizeof to_arg, &to_arg},
                             {sizeof from->memory, &from->memory}, {sizeof from_arg, &from_arg},
                             {sizeof planes_arg, &planes_arg},     {sizeof rows_arg, &rows_arg},
                             {sizeof columns_arg, &columns_arg},   {sizeof k, &k}};
    bool by_row = to->gpu->one_item;
    return tri_gpu_launch_on(to->gpu, to->gpu->queue, TRI_KERNEL_heat, planes * rows * (by_row ? 1 : columns),
                             by_row && columns ? columns : 1, args, sizeof args / sizeof *args);
}

/* A cube for odd n, a square for even n, of about n points with the halo. */
typedef struct grid {
    size_t planes, rows, columns;
} grid;

static grid grid_of(size_t n) {
    bool solid = n % 2;
    size_t side = 0;
    while ((side + 1) * (side + 1) * (solid ? side + 1 : 1) <= n)
        side++;
    if (side < (solid ? 4 : 3)) return (grid){0, 0, 0};
    return (grid){solid ? side - 2 : 1, side - 2, n / side / (solid ? side : 1) - 2};
}

static const double factor = 0.1;

static tri_status call(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                       size_t n) {
    grid g = grid_of(n);
    return g.planes ? tri_gpu_heat(out, out_offset, x, x_offset, g.planes, g.rows, g.columns, factor)
                    : TRI_OK;
}

static tri_status device(tri_gpu *gpu, const tri_kernel_input *in, void *out) {
    return tri_kernel_on_buffers(gpu, in, out, call);
}

static tri_status host(const tri_kernel_input *in, void *out) {
    memcpy(out, in->y, in->n * sizeof(double));
    grid g = grid_of(in->n);
    size_t line = g.columns + 2, plane = (g.rows + 2) * line, start = (g.planes > 1 ? plane : 0) + line + 1;
    for (size_t p = 0; p < g.planes; p++)
        for (size_t r = 0; r < g.rows; r++)
            for (size_t i = 0; i < g.columns; i++) {
                const double *u = in->x + start + p * plane + r * line + i;
                double sum = (u[-1] + u[1]) + (*(u - line) + u[line]);
                if (g.planes > 1) sum += *(u - plane) + u[plane];
                ((double *)out)[u - in->x] = *u + factor * (sum - (g.planes > 1 ? 6 : 4) * *u);
            }
    return TRI_OK;
}

const tri_kernel tri_kernel_heat = {
    .info.name = "heat",
    .info.text = "one explicit step of the heat equation in two or three dimensions",
    .info.flops_each = 7,
    .info.bytes_each = 16,
    .doubles = true,
    .out_bytes = tri_kernel_out_doubles,
    .queue = call,
    .device = device,
    .host = host,
};
