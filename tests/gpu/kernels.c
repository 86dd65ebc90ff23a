/* Compares every kernel of gpu/kernels.def, on every device and in both variants, with its reference in C.
 *
 * kernels [LARGEST]: skips sizes above LARGEST (for oclgrind, which is slow). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "gpu/kernel.h"
#include "trireme/random.h"

static const tri_kernel *const kernels[] = {
#define X(name) &tri_kernel_##name,
#include "gpu/kernels.def"
#undef X
};

static const size_t sizes[] = {0,    1,    7,     8,     129,           513,
                               4096, 4097, 65537, 99991, (1 << 18) + 5, (1 << 20) + 4097};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* The last kinds contain values that the vector code declines. */
typedef enum kind { UNIFORM, NORMAL, WIDE, CANCEL, TINY, HUGE_AND_TINY, ZEROS, SPECIAL, KINDS } kind;

static const char *const kind_names[] = {"uniform",       "normal",          "wide",   "cancel", "tiny",
                                         "huge and tiny", "zeros of a sign", "special"};

static void fill(kind k, size_t n, double *x) {
    tri_distribution d = k < TINY ? (tri_distribution)k : TRI_DISTRIBUTION_normal;
    tri_random_fill(d, 42, 7, n, x);
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = tri_random_bits(43, i);
        if (k == TINY) x[i] *= 0x1p-1060;
        if (k == HUGE_AND_TINY) x[i] *= bits % 5 ? 0x1p1020 : 0x1p-1040;
        if (k == ZEROS) x[i] = bits % 3 && i != 100 ? -0.0 : 0.0;
        /* NaN and Inf in some chunks, subnormals and zeros in all. */
        if (k == SPECIAL && bits % 17 == 0)
            x[i] = (bits >> 32) % 64 == 0   ? NAN
                   : (bits >> 32) % 64 == 1 ? INFINITY
                   : (bits >> 32) % 64 == 2 ? -INFINITY
                   : bits >> 63             ? -0.0
                                            : 0x1p-1074 * (double)(bits >> 50);
    }
}

/* Whether all doubles of two outputs differ by at most tolerance * sum |x|; for 0, whether all bits are
 * equal. */
static int same(const tri_kernel *kernel, const tri_kernel_input *in, const void *a, const void *b,
                size_t bytes) {
    if (kernel->tolerance == 0) {
        if (memcmp(a, b, bytes) == 0) return 1;
        for (size_t i = 0; i < bytes / sizeof(double); i++) {
            double x = ((const double *)a)[i], y = ((const double *)b)[i];
            if (memcmp(&x, &y, sizeof x) != 0 && !(kernel->doubles && isnan(x) && isnan(y))) return 0;
        }
        return 1;
    }
    double scale = 0;
    for (size_t i = 0; i < in->n; i++)
        scale += fabs(in->x[i]);
    for (size_t i = 0; i < bytes / sizeof(double); i++) {
        double x = ((const double *)a)[i], y = ((const double *)b)[i];
        /* If partial sums overflow, the order of the terms decides between Inf and NaN. */
        if (!isfinite(scale)) continue;
        if (!(fabs(x - y) <= kernel->tolerance * scale)) return 0;
    }
    return 1;
}

static void run(tri_gpu *gpu, const tri_kernel *kernel, const tri_kernel_input *in, const char *what) {
    enum { GUARD = 64 };
    size_t bytes = kernel->out_bytes(in->n);
    unsigned char *expected = malloc(bytes + GUARD), *got = malloc(bytes + GUARD);
    CHECK(expected && got, "no memory");
    /* Different fill values, to detect bytes that neither writes. */
    memset(expected, 0x5a, bytes + GUARD);
    memset(got, 0xa5, bytes + GUARD);
    CHECK_OK(kernel->host(in, expected));
    CHECK_OK(kernel->device(gpu, in, got));
    CHECK(same(kernel, in, expected, got, bytes), "%s of %zu %s elements on '%s' (%s variant)",
          kernel->info.name, in->n, what, tri_gpu_describe(gpu)->name, gpu->one_item ? "vector" : "group");
    for (size_t i = 0; i < GUARD; i++)
        CHECK(got[bytes + i] == 0xa5, "%s wrote beyond its output", kernel->info.name);
    free(expected);
    free(got);
}

static void run_all(tri_gpu *gpu, size_t largest) {
    size_t most = sizes[SIZES - 1] + 1;
    double *x = malloc(most * sizeof *x), *y = malloc(most * sizeof *y);
    CHECK(x && y, "no memory");
    tri_random_fill(TRI_DISTRIBUTION_normal, 44, 0, most, y);
    for (kind k = 0; k < KINDS; k++) {
        fill(k, most, x);
        for (size_t s = 0; s < SIZES && sizes[s] <= largest; s++) {
            /* Above a million elements, one kind per path suffices. */
            if (sizes[s] > 300000 && k != NORMAL && k != WIDE) continue;
            for (size_t offset = 0; offset < 2; offset++)
                for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
                    run(gpu, kernels[i], &(tri_kernel_input){.n = sizes[s], .x = x + offset, .y = y + offset},
                        kind_names[k]);
        }
    }
    free(x);
    free(y);
}

int main(int argc, char **argv) {
    size_t largest = argc > 1 ? strtoull(argv[1], NULL, 10) : SIZE_MAX, count = 0;
    CHECK_OK(tri_gpu_list(NULL, 0, &count));
    for (size_t d = 0; d < count; d++)
        for (tri_gpu_variant variant = TRI_GPU_VARIANT_ITEM; variant <= TRI_GPU_VARIANT_GROUP; variant++) {
            char index[24];
            snprintf(index, sizeof index, "%zu", d);
            tri_gpu *gpu = NULL;
            CHECK_OK(tri_gpu_open_variant(index, 0, 1, variant, &gpu));
            if (gpu) run_all(gpu, largest);
            tri_gpu_close(&gpu);
        }
    if (!count) {
        puts("no OpenCL device on this machine");
        return 77;
    }
    return check_result("kernels");
}
