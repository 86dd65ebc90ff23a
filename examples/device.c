/* y + a x and its exact sum, on an OpenCL device of each rank where there is one: the same bits as in C. */
#include <stdio.h>
#include <stdlib.h>
#include <trireme/trireme.h>

enum { COUNT = 100000 };

static const double a = 0.1;

/* The first rank of each node compiles the kernels, the others find them in the cache. *gpu is NULL on a
 * machine without a device. */
static tri_status open_device(tri_comm *comm, tri_gpu **gpu) {
    const tri_shape *shape = tri_comm_shape(comm);
    size_t devices = 0;
    tri_status status = tri_gpu_list(NULL, 0, &devices);
    if (status == TRI_ERR_ABSENT) status = TRI_OK; /* a build without OpenCL */
    for (int turn = 0; turn < 2; turn++) {
        if (status == TRI_OK && devices && (shape->local_rank == 0) == (turn == 0))
            status = tri_gpu_open("auto", shape->local_rank, shape->local_size, gpu);
        TRI_TRY(tri_barrier(comm));
    }
    return tri_agree(comm, status);
}

static tri_status on_device(tri_gpu *gpu, const double *x, const double *y, tri_sum *sum) {
    tri_gpu_buffer *dx = NULL, *dy = NULL;
    tri_status status = tri_gpu_buffer_create(gpu, COUNT * sizeof *x, &dx);
    if (status == TRI_OK) status = tri_gpu_buffer_create(gpu, COUNT * sizeof *y, &dy);
    if (status == TRI_OK) status = tri_gpu_buffer_write(dx, 0, x, COUNT * sizeof *x);
    if (status == TRI_OK) status = tri_gpu_buffer_write(dy, 0, y, COUNT * sizeof *y);
    if (status == TRI_OK) status = tri_gpu_axpy(a, dx, 0, dy, 0, COUNT);
    if (status == TRI_OK) status = tri_gpu_buffer_sum(dy, 0, COUNT, sum);
    tri_gpu_buffer_destroy(&dx);
    tri_gpu_buffer_destroy(&dy);
    return status;
}

static void on_host(const double *x, const double *y, tri_sum *sum) {
    for (size_t i = 0; i < COUNT; i++) {
        volatile double product = a * x[i]; /* rounded by itself, as on the device: no fused multiply-add */
        tri_sum_add(sum, y[i] + product);
    }
}

static tri_status compute(tri_comm *comm, tri_gpu *gpu, double *x, double *y, tri_sum *sum) {
    tri_sum expected;
    uint64_t first = (uint64_t)tri_comm_rank(comm) * COUNT;
    tri_random_fill(TRI_DISTRIBUTION_wide, 1, first, COUNT, x);
    tri_random_fill(TRI_DISTRIBUTION_wide, 2, first, COUNT, y);
    tri_sum_clear(&expected);
    on_host(x, y, &expected);
    *sum = expected;
    if (!gpu) return TRI_OK;
    tri_sum_clear(sum);
    TRI_TRY(on_device(gpu, x, y, sum));
    if (tri_sum_round(sum) == tri_sum_round(&expected)) return TRI_OK;
    return tri_fail(TRI_ERR_WRONG, "the device gives %a, the host %a", tri_sum_round(sum),
                    tri_sum_round(&expected));
}

static tri_status run(tri_comm *comm) {
    tri_gpu *gpu = NULL;
    tri_sum sum, total;
    double *x = malloc(2 * COUNT * sizeof *x);
    tri_status status = tri_agree(comm, x ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the vectors"));
    if (status == TRI_OK) status = open_device(comm, &gpu);
    if (status == TRI_OK) status = tri_agree(comm, compute(comm, gpu, x, x + COUNT, &sum));
    if (status == TRI_OK) status = tri_merge_sum(&sum, &total, 0, comm);
    if (status == TRI_OK && tri_comm_rank(comm) == 0)
        printf("%s: sum %a\n", gpu ? tri_gpu_describe(gpu)->name : "no device", tri_sum_round(&total));
    tri_gpu_close(&gpu);
    free(x);
    return status;
}

int main(int argc, char **argv) {
    int rank;
    tri_comm *comm = NULL;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    tri_status status = tri_comm_create(MPI_COMM_WORLD, &comm);
    if (status == TRI_OK) status = run(comm);
    int alone = status != TRI_OK && !tri_agreed(); /* a failure that the other ranks do not know of */
    if (alone || (status != TRI_OK && rank == 0)) fprintf(stderr, "device: %s\n", tri_error_text());
    if (alone) MPI_Abort(MPI_COMM_WORLD, tri_status_exit(status));
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return tri_status_exit(status);
}
