/* Collective operations on device buffers against values worked out without communication: ranks with a device,
 * ranks without, and both mixed; devices that share the host's memory, and the same one treated as if it did not, so
 * that the copying path runs on any machine. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "gpu/device.h"
#include "trireme/gpu_collectives.h"

enum { OFFSET = 3, AFTER = 2 };
static const int64_t untouched = -77;

/* Which ranks have a device in a trial, and of which kind. */
typedef enum memory { NO_DEVICE, SHARED, COPIED, MIXED, MEMORIES } memory;
static const char *const memory_names[] = {"host", "shared", "copied", "mixed"};

typedef struct trial {
    tri_gpu *gpu; /* of this rank now; NULL: host memory */
    tri_comm *comm;
    int rank, size;
    const char *name;
} trial;

/* count elements in the rank's memory, with something around them. */
typedef struct box {
    tri_gpu_span span;
    size_t count;
    int64_t *host;
} box;

static int64_t value(int from, int to, size_t i) {
    return (int64_t)from * 1000003 + (int64_t)to * 10007 + (int64_t)(i * 31 % 9973);
}

static box box_new(const trial *t, size_t count) {
    box b = {.count = count, .host = malloc((OFFSET + count + AFTER) * sizeof(int64_t))};
    CHECK(b.host, "no memory");
    for (size_t i = 0; i < OFFSET + count + AFTER; i++)
        b.host[i] = untouched;
    b.span.offset = OFFSET;
    if (t->gpu)
        CHECK_OK(tri_gpu_buffer_create(t->gpu, (OFFSET + count + AFTER) * sizeof(int64_t), &b.span.buffer));
    else
        b.span.host = b.host;
    return b;
}

/* What stands in b->host goes to the device. */
static void box_put(box *b) {
    if (b->span.buffer)
        CHECK_OK(
            tri_gpu_buffer_write(b->span.buffer, 0, b->host, (OFFSET + b->count + AFTER) * sizeof *b->host));
}

static void box_get(box *b) {
    if (b->span.buffer)
        CHECK_OK(
            tri_gpu_buffer_read(b->span.buffer, 0, b->host, (OFFSET + b->count + AFTER) * sizeof *b->host));
}

/* Whether the box has block `block` of `count` from `from`, and nothing beside it has changed. */
static void box_check(const trial *t, box *b, const char *what, int64_t (*expected)(const trial *, size_t)) {
    box_get(b);
    size_t wrong = 0;
    for (size_t i = 0; i < OFFSET + b->count + AFTER; i++)
        wrong += b->host[i] != (i < OFFSET || i >= OFFSET + b->count ? untouched : expected(t, i - OFFSET));
    CHECK(!wrong, "%s of %zu, %s, rank %d of %d: %zu elements wrong", what, b->count, t->name, t->rank,
          t->size, wrong);
}

static void box_free(box *b) {
    tri_gpu_buffer_destroy(&b->span.buffer);
    free(b->host);
}

/* Of the trial at hand; the callbacks below read them. */
static size_t block;
static int root;

static int64_t from_root(const trial *t, size_t i) {
    (void)t;
    return value(root, 0, i);
}
static int64_t scattered(const trial *t, size_t i) {
    return value(root, t->rank, i);
}
static int64_t gathered(const trial *t, size_t i) {
    (void)t;
    return value((int)(i / block), 0, i % block);
}
static int64_t all_to_all(const trial *t, size_t i) {
    return value((int)(i / block), t->rank, i % block);
}
static int64_t summed(const trial *t, size_t i) {
    int64_t sum = 0;
    for (int r = 0; r < t->size; r++)
        sum += value(r, 0, i);
    return sum;
}
static int64_t from_left(const trial *t, size_t i) {
    return value((t->rank + t->size - 1) % t->size, t->rank, i);
}
static int64_t nothing(const trial *t, size_t i) {
    (void)t, (void)i;
    return untouched;
}

static void fill(const trial *t, box *b, int to) {
    for (size_t i = 0; i < b->count; i++)
        b->host[OFFSET + i] = value(t->rank, to >= 0 ? to : (int)(i / block), to >= 0 ? i : i % block);
    box_put(b);
}

static void rooted(const trial *t, size_t count) {
    bool is_root = t->rank == root;
    size_t all = (size_t)t->size * count;
    box data = box_new(t, count), whole = box_new(t, is_root ? all : 0), mine = box_new(t, count);
    if (is_root) fill(t, &data, 0);
    box_put(&data);
    CHECK_OK(tri_gpu_bcast(data.span, count, TRI_GPU_INT64, root, t->comm));
    box_check(t, &data, "bcast", from_root);

    fill(t, &whole, -1);
    box_put(&mine);
    CHECK_OK(tri_gpu_scatter(whole.span, mine.span, count, TRI_GPU_INT64, root, t->comm));
    box_check(t, &mine, "scatter", scattered);

    fill(t, &mine, 0);
    CHECK_OK(tri_gpu_gather(mine.span, whole.span, count, TRI_GPU_INT64, root, t->comm));
    box_check(t, &whole, "gather", gathered);

    CHECK_OK(tri_gpu_reduce(mine.span, data.span, count, TRI_GPU_INT64, TRI_GPU_SUM, root, t->comm));
    box_check(t, &data, "reduce", is_root ? summed : from_root);
    tri_gpu_span into = is_root ? mine.span : data.span;
    CHECK_OK(tri_gpu_reduce(mine.span, into, count, TRI_GPU_INT64, TRI_GPU_SUM, root, t->comm));
    if (is_root) box_check(t, &mine, "reduce in place", summed);
    box_free(&data);
    box_free(&whole);
    box_free(&mine);
}

static void unrooted(const trial *t, size_t count) {
    size_t all = (size_t)t->size * count;
    box send = box_new(t, all), recv = box_new(t, all), mine = box_new(t, count), sum = box_new(t, count);
    fill(t, &mine, 0);
    box_put(&recv);
    CHECK_OK(tri_gpu_allgather(mine.span, recv.span, count, TRI_GPU_INT64, t->comm));
    box_check(t, &recv, "allgather", gathered);

    fill(t, &send, -1);
    CHECK_OK(tri_gpu_alltoall(send.span, recv.span, count, TRI_GPU_INT64, t->comm));
    box_check(t, &recv, "alltoall", all_to_all);

    box_put(&sum);
    CHECK_OK(tri_gpu_allreduce(mine.span, sum.span, count, TRI_GPU_INT64, TRI_GPU_SUM, t->comm));
    box_check(t, &sum, "allreduce", summed);
    CHECK_OK(tri_gpu_allreduce(mine.span, mine.span, count, TRI_GPU_INT64, TRI_GPU_SUM, t->comm));
    box_check(t, &mine, "allreduce in place", summed);

    int right = (t->rank + 1) % t->size, left = (t->rank + t->size - 1) % t->size;
    fill(t, &mine, right);
    CHECK_OK(tri_gpu_exchange(mine.span, count, right, sum.span, count, left, TRI_GPU_INT64, 5, t->comm));
    box_check(t, &sum, "exchange", from_left);
    for (size_t i = 0; i < count; i++)
        sum.host[OFFSET + i] = untouched;
    box_put(&sum);
    CHECK_OK(tri_gpu_exchange(mine.span, count, MPI_PROC_NULL, sum.span, count, MPI_PROC_NULL, TRI_GPU_INT64,
                              5, t->comm));
    box_check(t, &sum, "exchange with nobody", nothing);
    box_free(&send);
    box_free(&recv);
    box_free(&mine);
    box_free(&sum);
}

/* Vectors of more than one piece, by the calls that cut them. */
static void long_vectors(const trial *t) {
    root = t->size - 1;
    size_t count = 2 * (1 << 21) + 12345;
    box data = box_new(t, count), sum = box_new(t, count);
    fill(t, &data, 0);
    box_put(&sum);
    CHECK_OK(tri_gpu_allreduce(data.span, sum.span, count, TRI_GPU_INT64, TRI_GPU_SUM, t->comm));
    box_check(t, &sum, "allreduce", summed);
    CHECK_OK(tri_gpu_bcast(data.span, count, TRI_GPU_INT64, root, t->comm));
    box_check(t, &data, "bcast", from_root);
    box_free(&data);
    box_free(&sum);
}

static void refused(const trial *t) {
    tri_gpu_span none = {0};
    CHECK_STATUS(tri_gpu_bcast(none, 1, TRI_GPU_INT64, t->size, t->comm), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_gpu_bcast(none, 1, TRI_GPU_ELEMENT_COUNT, 0, t->comm), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_gpu_allreduce(none, none, 1, TRI_GPU_DOUBLE, TRI_GPU_XOR, t->comm), TRI_ERR_ARGUMENT);
    if (!t->gpu) return;
    box b = box_new(t, 10);
    b.span.offset = 6 + AFTER + OFFSET;
    CHECK_STATUS(tri_gpu_allreduce(b.span, b.span, 10, TRI_GPU_INT64, TRI_GPU_SUM, t->comm),
                 TRI_ERR_ARGUMENT);
    box_free(&b);
}

static void run(trial *t, tri_gpu *gpu) {
    static const size_t counts[] = {0, 1, 3, 1000, 70000};
    for (memory m = NO_DEVICE; m < MEMORIES; m++) {
        memory mine = m == MIXED ? (memory)(t->rank % 3) : m;
        t->gpu = mine == NO_DEVICE ? NULL : gpu;
        t->name = memory_names[m];
        gpu->info.unified = mine == SHARED;
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            block = counts[c];
            for (root = 0; root < t->size; root++)
                rooted(t, block);
            unrooted(t, block);
        }
        refused(t);
        if (t->size <= 3) long_vectors(t);
    }
}

int main(int argc, char **argv) {
    int provided;
    if (MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) return 1;
    trial t = {0};
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &t.comm));
    t.rank = tri_comm_rank(t.comm);
    t.size = tri_comm_size(t.comm);
    size_t count = 0;
    CHECK_OK(tri_gpu_list(NULL, 0, &count));
    int result = 77;
    if (count) {
        /* As programs do it: one rank compiles, the others find the binary. */
        tri_gpu *gpu = NULL;
        if (!t.rank) CHECK_OK(tri_gpu_open("auto", t.rank, t.size, &gpu));
        CHECK_OK(tri_agree(t.comm, TRI_OK));
        if (t.rank) CHECK_OK(tri_gpu_open("auto", t.rank, t.size, &gpu));
        if (gpu) {
            bool unified = gpu->info.unified;
            run(&t, gpu);
            gpu->info.unified = unified;
        }
        tri_gpu_close(&gpu);
        result = check_result("device collectives");
    }
    tri_comm_destroy(&t.comm);
    MPI_Finalize();
    return result;
}
