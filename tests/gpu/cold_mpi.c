/* All ranks need the kernels at the same time with an empty cache. One compiles each, and every kernel must
 * work on every rank. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "gpu/kernel.h"
#include "trireme/collectives.h"
#include "trireme/random.h"

static const tri_kernel *const kernels[] = {
#define X(name) &tri_kernel_##name,
#include "gpu/kernels.def"
#undef X
};

/* Compares the bits of every kernel that must match its reference bit for bit. */
static void works(tri_gpu *gpu, int rank) {
    enum { COUNT = 10007 };
    static double x[COUNT], y[COUNT];
    tri_random_fill(TRI_DISTRIBUTION_normal, 1, 0, COUNT, x);
    tri_random_fill(TRI_DISTRIBUTION_normal, 2, 0, COUNT, y);
    tri_kernel_input in = {.n = COUNT, .x = x, .y = y};
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        const tri_kernel *kernel = kernels[i];
        size_t bytes = kernel->out_bytes(in.n);
        unsigned char *expected = calloc(2, bytes);
        CHECK(expected, "no memory");
        CHECK_OK(kernel->host(&in, expected));
        CHECK_OK(kernel->device(gpu, &in, expected + bytes));
        CHECK(kernel->tolerance > 0 || memcmp(expected, expected + bytes, bytes) == 0, "%s on rank %d",
              kernel->info.name, rank);
        free(expected);
    }
}

int main(int argc, char **argv) {
    int provided;
    if (MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) return 1;
    tri_comm *comm = NULL;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    int rank = tri_comm_rank(comm);
    char folder[] = "/tmp/trireme-cold-XXXXXX";
    if (!rank) CHECK(mkdtemp(folder), "no folder in /tmp");
    CHECK_OK(tri_bcast(folder, sizeof folder, MPI_CHAR, 0, comm));
    setenv("XDG_CACHE_HOME", folder, 1);
    size_t count = 0;
    CHECK_OK(tri_gpu_list(NULL, 0, &count));
    int result = 77;
    if (count) {
        tri_gpu *gpu = NULL;
        CHECK_OK(tri_agree(comm, TRI_OK));
        CHECK_OK(tri_gpu_open("auto", 0, 1, &gpu));
        if (gpu) works(gpu, rank);
        tri_gpu_close(&gpu);
        CHECK_OK(tri_agree(comm, TRI_OK));
        result = check_result("a cold start");
    }
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (!rank) CHECK(system(command) == 0, "clean up");
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return result;
}
