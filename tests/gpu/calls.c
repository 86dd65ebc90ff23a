/* Calls on devices and buffers that tests/gpu/kernels.c does not cover: every type and operation of
 * tri_gpu_combine(), sums over buffers, mapping, invalid arguments. Loops in C give the expected values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "gpu/combine.h"
#include "trireme/random.h"

enum { N = 10007, INTO = 3, FROM = 5 };

/* a op b in the type itself; unsigned arithmetic wraps. */
#define EXPECT(NAME, type, wide)                                                                             \
    static type expect_##NAME(tri_gpu_op op, type a, type b) {                                               \
        switch (op) {                                                                                        \
        case TRI_GPU_SUM:                                                                                    \
            return (type)((wide)a + (wide)b);                                                                \
        case TRI_GPU_PRODUCT:                                                                                \
            return (type)((wide)a * (wide)b);                                                                \
        case TRI_GPU_MIN:                                                                                    \
            return b < a ? b : a;                                                                            \
        default:                                                                                             \
            return b > a ? b : a;                                                                            \
        }                                                                                                    \
    }
EXPECT(DOUBLE, double, double)
EXPECT(FLOAT, float, float)
EXPECT(INT32, int32_t, uint32_t)
EXPECT(INT64, int64_t, uint64_t)
EXPECT(UINT32, uint32_t, uint32_t)
EXPECT(UINT64, uint64_t, uint64_t)

static uint64_t bits_of(tri_gpu_op op, uint64_t a, uint64_t b) {
    return op == TRI_GPU_AND ? a & b : op == TRI_GPU_OR ? a | b : a ^ b;
}

#define CASE(NAME, value, type)                                                                              \
    case TRI_GPU_##NAME: {                                                                                   \
        type x, y, z;                                                                                        \
        memcpy(&x, a, sizeof x);                                                                             \
        memcpy(&y, b, sizeof y);                                                                             \
        z = op < TRI_GPU_AND ? expect_##NAME(op, x, y) : (type)bits_of(op, (uint64_t)x, (uint64_t)y);        \
        memcpy(out, &z, sizeof z);                                                                           \
        break;                                                                                               \
    }

static void expect(tri_gpu_element element, tri_gpu_op op, const void *a, const void *b, void *out) {
    switch (element) {
        TRI_GPU_ELEMENT_LIST(CASE)
    default:
        break;
    }
}

/* Random bits; for real types a number of moderate size. */
static void fill(tri_gpu_element element, uint64_t seed, size_t n, unsigned char *out) {
    size_t each = tri_gpu_element_bytes(element);
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = tri_random_bits(seed, i);
        double real = (double)(int64_t)bits * 0x1p-60;
        float narrow = (float)real;
        const void *from = element == TRI_GPU_DOUBLE  ? (const void *)&real
                           : element == TRI_GPU_FLOAT ? (const void *)&narrow
                                                      : (const void *)&bits;
        memcpy(out + i * each, from, each);
    }
}

static void combine(tri_gpu *gpu, tri_gpu_element element, tri_gpu_op op) {
    static unsigned char a[(N + FROM) * 8], b[(N + INTO) * 8], got[(N + INTO) * 8];
    size_t each = tri_gpu_element_bytes(element);
    tri_gpu_buffer *from = NULL, *into = NULL;
    fill(element, 1, N + FROM, a);
    fill(element, 2, N + INTO, b);
    CHECK_OK(tri_gpu_buffer_create(gpu, (N + FROM) * each, &from));
    CHECK_OK(tri_gpu_buffer_create(gpu, (N + INTO) * each, &into));
    CHECK_OK(tri_gpu_buffer_write(from, 0, a, (N + FROM) * each));
    CHECK_OK(tri_gpu_buffer_write(into, 0, b, (N + INTO) * each));
    CHECK_OK(tri_gpu_combine(element, op, into, INTO, from, FROM, N));
    CHECK_OK(tri_gpu_buffer_read(into, 0, got, (N + INTO) * each));
    for (size_t i = 0; i < N; i++)
        expect(element, op, a + (FROM + i) * each, b + (INTO + i) * each, b + (INTO + i) * each);
    CHECK(memcmp(got, b, (N + INTO) * each) == 0, "type %d operation %d", (int)element, (int)op);
    tri_gpu_buffer_destroy(&from);
    tri_gpu_buffer_destroy(&into);
}

/* Combines several vectors into one, as collectives do; that of rank 0 is the first. */
static void fold(tri_gpu *gpu) {
    enum { VECTORS = 4, STRIDE = N + 3 };
    double *x = malloc(VECTORS * STRIDE * sizeof *x), *got = malloc(VECTORS * STRIDE * sizeof *got);
    CHECK(x && got, "no memory");
    tri_random_fill(TRI_DISTRIBUTION_normal, 5, 0, VECTORS * STRIDE, x);
    tri_gpu_buffer *buffer = NULL;
    CHECK_OK(tri_gpu_buffer_create(gpu, VECTORS * STRIDE * sizeof *x, &buffer));
    CHECK_OK(tri_gpu_buffer_write(buffer, 0, x, VECTORS * STRIDE * sizeof *x));
    tri_gpu_combination what = {.element = TRI_GPU_DOUBLE,
                                .op = TRI_GPU_SUM,
                                .into = buffer->memory,
                                .from = buffer->memory,
                                .into_offset = 1,
                                .from_offset = 1 + STRIDE,
                                .sources = VECTORS - 1,
                                .stride = STRIDE};
    CHECK_OK(tri_gpu_combine_on(gpu, gpu->queue, &what, N));
    CHECK_OK(tri_gpu_buffer_read(buffer, 0, got, VECTORS * STRIDE * sizeof *x));
    for (size_t i = 1; i <= N; i++)
        x[i] = x[i + 3 * STRIDE] + (x[i + 2 * STRIDE] + (x[i + STRIDE] + x[i]));
    CHECK(memcmp(x, got, VECTORS * STRIDE * sizeof *x) == 0, "several vectors");
    tri_gpu_buffer_destroy(&buffer);
    free(x);
    free(got);
}

/* Pinned memory. */
static void pinned(tri_gpu *gpu) {
    enum { COUNT = 1001 };
    tri_gpu_pinned *memory = NULL;
    tri_gpu_buffer *buffer = NULL;
    double got[COUNT] = {0};
    CHECK_OK(tri_gpu_pinned_create(gpu, sizeof got, &memory));
    CHECK_OK(tri_gpu_buffer_create(gpu, sizeof got, &buffer));
    double *x = tri_gpu_pinned_data(memory);
    for (int i = 0; i < COUNT; i++)
        x[i] = i;
    CHECK_OK(tri_gpu_buffer_write(buffer, 0, x, sizeof got));
    CHECK_OK(tri_gpu_buffer_read(buffer, 0, got, sizeof got));
    CHECK(memcmp(x, got, sizeof got) == 0, "by pinned memory");
    tri_gpu_pinned_destroy(&memory);
    CHECK(!memory, "destroyed memory is NULL");
    CHECK_OK(tri_gpu_pinned_create(gpu, 0, &memory));
    CHECK(!tri_gpu_pinned_data(memory), "no bytes");
    tri_gpu_pinned_destroy(&memory);
    CHECK_STATUS(tri_gpu_pinned_create(gpu, (size_t)1 << 60, &memory), TRI_ERR_MEMORY);
    tri_gpu_buffer_destroy(&buffer);
}

static void sums_of_buffers(tri_gpu *gpu) {
    enum { COUNT = 100000, OFFSET = 7 };
    double *x = malloc(COUNT * sizeof *x), plain = 0;
    CHECK(x, "no memory");
    tri_random_fill(TRI_DISTRIBUTION_normal, 3, 0, COUNT, x);
    tri_gpu_buffer *buffer = NULL;
    CHECK_OK(tri_gpu_buffer_create(gpu, COUNT * sizeof *x, &buffer));
    CHECK_OK(tri_gpu_buffer_write(buffer, 0, x, COUNT * sizeof *x));
    size_t n = COUNT - OFFSET;

    tri_moments moments, host_moments;
    tri_moments_clear(&moments);
    tri_moments_clear(&host_moments);
    CHECK_OK(tri_gpu_buffer_moments(buffer, OFFSET, 50, n, &moments));
    tri_moments_add(&host_moments, 50, x + OFFSET, n);
    tri_moments_normalise(&moments);
    tri_moments_normalise(&host_moments);
    CHECK(memcmp(&moments, &host_moments, sizeof moments) == 0, "moments of a buffer");

    tri_sum sum;
    tri_sum_clear(&sum);
    CHECK_OK(tri_gpu_buffer_sum(buffer, OFFSET, n, &sum));
    CHECK(tri_sum_round(&sum) == tri_sum_round(&host_moments.totals.sum), "sum of a buffer");

    tri_ordered ordered = {0}, host_ordered = {0};
    CHECK_OK(tri_gpu_buffer_ordered(buffer, OFFSET, 2, n, &ordered));
    CHECK_OK(tri_ordered_add(&host_ordered, 2, x + OFFSET, n));
    CHECK(tri_ordered_result(&ordered) == tri_ordered_result(&host_ordered), "ordered sum of a buffer");

    CHECK_OK(tri_gpu_buffer_sum_plain(buffer, OFFSET, n, &plain));
    CHECK(fabs(plain - tri_sum_round(&sum)) < 1e-9, "plain sum of a buffer: %a", plain);
    CHECK_STATUS(tri_gpu_buffer_sum(buffer, OFFSET, n + 1, &sum), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_gpu_buffer_sum(buffer, SIZE_MAX, 2, &sum), TRI_ERR_ARGUMENT);
    tri_gpu_buffer_destroy(&buffer);
    free(x);
}

static void mapping(tri_gpu *gpu) {
    enum { COUNT = 5000 };
    tri_gpu_buffer *buffer = NULL;
    CHECK_OK(tri_gpu_buffer_create(gpu, COUNT * sizeof(double), &buffer));
    CHECK(tri_gpu_buffer_bytes(buffer) == COUNT * sizeof(double), "size");
    CHECK_OK(tri_gpu_fill(buffer, 0, COUNT, 2));
    void *mapped = NULL;
    CHECK_OK(tri_gpu_buffer_map(buffer, 80, 800, &mapped));
    double *x = mapped;
    for (int i = 0; i < 100; i++) {
        CHECK(x[i] == 2, "%g", x[i]);
        x[i] = i;
    }
    CHECK_OK(tri_gpu_buffer_unmap(buffer, mapped));
    CHECK_OK(tri_gpu_axpy(10, buffer, 10, buffer, 2000, 100));
    double got[100];
    CHECK_OK(tri_gpu_buffer_read(buffer, 2000 * sizeof(double), got, sizeof got));
    for (int i = 0; i < 100; i++)
        CHECK(got[i] == 2 + 10 * i, "%g", got[i]);
    CHECK_STATUS(tri_gpu_buffer_map(buffer, COUNT * sizeof(double), 1, &mapped), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_gpu_buffer_write(buffer, SIZE_MAX, got, 8), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_gpu_fill(buffer, 1, COUNT, 0), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_gpu_transpose(buffer, 0, buffer, 2500, SIZE_MAX / 2, 4), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_gpu_heat(buffer, 0, buffer, 2500, SIZE_MAX, SIZE_MAX, 4, 0.1), TRI_ERR_ARGUMENT);
    tri_gpu_buffer_destroy(&buffer);
    CHECK(!buffer, "a destroyed buffer is NULL");

    CHECK_OK(tri_gpu_buffer_create(gpu, 0, &buffer));
    CHECK_OK(tri_gpu_buffer_map(buffer, 0, 0, &mapped));
    CHECK_OK(tri_gpu_buffer_unmap(buffer, mapped));
    CHECK_OK(tri_gpu_fill(buffer, 0, 0, 1));
    tri_gpu_buffer_destroy(&buffer);
    CHECK_STATUS(tri_gpu_buffer_create(gpu, (size_t)1 << 60, &buffer), TRI_ERR_MEMORY);
}

static void histogram(tri_gpu *gpu) {
    int64_t counts[4] = {0}, below = 0, above = 0, nan = 0;
    double x[] = {0, 0.25, 0.5, 1, -1, 2, NAN, -0.0, 0.999, INFINITY};
    CHECK_OK(tri_gpu_histogram(gpu, x, 10, 0, 1, 4, counts, &below, &above, &nan));
    CHECK(counts[0] == 2 && counts[1] == 1 && counts[2] == 1 && counts[3] == 2, "%lld %lld %lld %lld",
          (long long)counts[0], (long long)counts[1], (long long)counts[2], (long long)counts[3]);
    CHECK(below == 1 && above == 2 && nan == 1, "%lld %lld %lld", (long long)below, (long long)above,
          (long long)nan);
    /* Beside edges, over wide ranges, and with more bins than doubles. */
    const double ranges[][2] = {{0.1, 0.7}, {-1e300, 1e300}, {1e16, 1e16 + 4}};
    for (size_t r = 0; r < 3; r++) {
        enum { BINS = 70 };
        double low = ranges[r][0], high = ranges[r][1], y[3 * BINS];
        int64_t device[BINS + 3] = {0}, host[BINS + 3] = {0};
        for (size_t k = 0; k < BINS; k++) {
            y[3 * k] = tri_histogram_edge(low, high, BINS, k);
            y[3 * k + 1] = nextafter(y[3 * k], INFINITY);
            y[3 * k + 2] = nextafter(y[3 * k], -INFINITY);
        }
        CHECK_OK(tri_gpu_histogram(gpu, y, 3 * BINS, low, high, BINS, device, device + BINS,
                                   device + BINS + 1, device + BINS + 2));
        CHECK_OK(tri_histogram_add(y, 3 * BINS, low, high, BINS, host, host + BINS, host + BINS + 1,
                                   host + BINS + 2));
        CHECK(!memcmp(device, host, sizeof host), "bins over [%g, %g]", low, high);
    }
    CHECK_STATUS(tri_gpu_histogram(gpu, x, 10, 1, 0, 4, counts, &below, &above, &nan), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_gpu_histogram(gpu, x, 10, 0, 1, 0, counts, &below, &above, &nan), TRI_ERR_ARGUMENT);
}

int main(void) {
    size_t count = 0;
    CHECK_OK(tri_gpu_list(NULL, 0, &count));
    if (!count) {
        puts("no OpenCL device on this machine");
        return 77;
    }
    for (tri_gpu_variant variant = TRI_GPU_VARIANT_ITEM; variant <= TRI_GPU_VARIANT_GROUP; variant++) {
        tri_gpu *gpu = NULL;
        CHECK_OK(tri_gpu_open_variant("auto", 0, 1, variant, &gpu));
        if (!gpu) break;
        for (tri_gpu_element element = 0; element < TRI_GPU_ELEMENT_COUNT; element++)
            for (tri_gpu_op op = 0; op < TRI_GPU_OP_COUNT; op++)
                if (op < TRI_GPU_AND || element > TRI_GPU_FLOAT)
                    combine(gpu, element, op);
                else
                    CHECK_STATUS(tri_gpu_combine(element, op, NULL, 0, NULL, 0, 0), TRI_ERR_ARGUMENT);
        fold(gpu);
        pinned(gpu);
        sums_of_buffers(gpu);
        mapping(gpu);
        histogram(gpu);
        CHECK_OK(tri_gpu_wait(gpu));
        tri_gpu_close(&gpu);
    }
    return check_result("calls");
}
