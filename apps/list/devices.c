/* OpenCL devices: their properties, which rank uses which one, and their copy rate. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/driver/machine.h"
#include "apps/list/list.h"

static void list_all(tri_run *run, const tri_gpu_info *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char memory[TRI_SIZE_TEXT], local[TRI_SIZE_TEXT];
        tri_report_line(run, "%zu  %s (%s, %s), %s, %s%s%s, %u compute units, memory %s, local %s, driver %s",
                        list[i].index, list[i].name, list[i].vendor, list[i].platform,
                        tri_gpu_type_name(list[i].type), list[i].fp64 ? "fp64" : "no fp64",
                        *list[i].pci ? ", PCI " : "", list[i].pci, list[i].compute_units,
                        tri_size_format(list[i].memory_bytes, memory),
                        tri_size_format(list[i].local_bytes, local), list[i].driver);
    }
    if (!count) tri_report_line(run, "no OpenCL device; run apps/doctor to find the cause");
}

/* Bytes read and written per second by a copy between buffers: the best of several. */
static tri_status measure_copies(const tri_gpu_buffer *from, tri_gpu_buffer *to, tri_gpu *gpu, double *rate) {
    enum { TRIALS = 6 };
    size_t bytes = tri_gpu_buffer_bytes(from);
    double best_s = INFINITY;
    for (int trial = 0; trial < TRIALS; trial++) {
        double start = tri_now_s();
        TRI_TRY(tri_gpu_copy(to, 0, from, 0, bytes / sizeof(double)));
        TRI_TRY(tri_gpu_wait(gpu));
        best_s = fmin(best_s, tri_now_s() - start);
    }
    *rate = 2 * (double)bytes / best_s;
    return TRI_OK;
}

/* Copies 128 MiB: more than CPU caches, little for the memory of any device. */
static tri_status measure(tri_gpu *gpu, double *rate) {
    const tri_gpu_info *info = tri_gpu_describe(gpu);
    size_t bytes = (size_t)128 << 20;
    if (bytes > info->allocation_bytes / 4)
        bytes = info->allocation_bytes / 4 / sizeof(double) * sizeof(double);
    tri_gpu_buffer *from = NULL, *to = NULL;
    tri_status status = tri_gpu_buffer_create(gpu, bytes, &from);
    if (status == TRI_OK) status = tri_gpu_buffer_create(gpu, bytes, &to);
    if (status == TRI_OK) status = tri_gpu_prepare(gpu, "copy");
    if (status == TRI_OK) status = tri_gpu_fill(from, 0, bytes / sizeof(double), 1);
    if (status == TRI_OK) status = tri_gpu_fill(to, 0, bytes / sizeof(double), 2);
    if (status == TRI_OK) status = tri_gpu_wait(gpu);
    if (status == TRI_OK) status = measure_copies(from, to, gpu, rate);
    tri_gpu_buffer_destroy(&from);
    tri_gpu_buffer_destroy(&to);
    return status;
}

/* A rank's device. */
typedef struct used {
    int node;
    int64_t index; /* of its node's devices; -1: none */
    double rate;   /* bytes/s; 0: another rank of the node measures that device */
    char name[128], pci[16], near[TRI_PLACE_TEXT], host[64];
} used;

static void show(tri_run *run, const used *all, int ranks) {
    for (int r = 0; r < ranks; r++) {
        const used *u = &all[r];
        char copies[64] = "";
        for (int k = 0; k < ranks && !*copies; k++)
            if (all[k].node == u->node && all[k].index == u->index && all[k].rate > 0)
                snprintf(copies, sizeof copies, ", copies %.1f GB/s%s", all[k].rate * 1e-9,
                         k == r ? "" : " (shared)");
        if (u->index < 0)
            tri_report_line(run, "rank %d on %s: no device", r, u->host);
        else
            tri_report_line(run, "rank %d on %s: %lld  %s%s%s%s%s%s", r, u->host, (long long)u->index,
                            u->name, *u->pci ? ", PCI " : "", u->pci, *u->near ? ", " : "", u->near, copies);
    }
}

/* The lowest rank that uses a device measures it, while the others wait. */
static tri_status list_used(tri_run *run) {
    int ranks = tri_comm_size(run->comm), rank = tri_comm_rank(run->comm);
    used mine = {.node = tri_comm_shape(run->comm)->node, .index = -1},
         *all = calloc((size_t)ranks, sizeof *all);
    TRI_TRY(tri_agree(run->comm, all ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %d ranks", ranks)));
    snprintf(mine.host, sizeof mine.host, "%s", tri_comm_host(run->comm));
    if (run->gpu) {
        const tri_gpu_info *info = tri_gpu_describe(run->gpu);
        mine.index = (int64_t)info->index;
        memcpy(mine.name, info->name, sizeof mine.name);
        memcpy(mine.pci, info->pci, sizeof mine.pci);
        tri_machine_near(run->machine, info, mine.near);
    }
    tri_status status = tri_allgather(&mine, sizeof mine, MPI_BYTE, all, sizeof mine, MPI_BYTE, run->comm);
    bool measures = run->gpu && status == TRI_OK;
    for (int r = 0; r < rank; r++)
        measures &= all[r].node != mine.node || all[r].index != mine.index;
    if (measures) status = measure(run->gpu, &mine.rate);
    status = tri_agree(run->comm, status);
    if (status == TRI_OK)
        status = tri_gather(&mine, sizeof mine, MPI_BYTE, all, sizeof mine, MPI_BYTE, 0, run->comm);
    if (status == TRI_OK && rank == 0) show(run, all, ranks);
    free(all);
    return status;
}

tri_status list_devices(tri_run *run) {
    size_t count;
    TRI_TRY(tri_agree(run->comm, tri_gpu_list(NULL, 0, &count)));
    tri_gpu_info *list = calloc(count + 1, sizeof *list);
    tri_status status =
        list ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the list of %zu devices", count);
    if (status == TRI_OK) status = tri_gpu_list(list, count, &count);
    if (status == TRI_OK) list_all(run, list, count);
    free(list);
    TRI_TRY(tri_agree(run->comm, status));
    /* Nodes may have different devices; all ranks take part. */
    return list_used(run);
}
