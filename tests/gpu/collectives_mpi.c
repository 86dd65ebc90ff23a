/* Compares collective operations on device buffers with values computed without communication: ranks with a
 * device, ranks without, and both mixed; a device that shares the host's memory, also treated as discrete, so
 * that the copying path runs on any machine. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "gpu/collective_on_device.h"
#include "gpu/collective_pieces.h"
#include "gpu/device.h"
#include "trireme/random.h"

enum { OFFSET = 3, AFTER = 2 };
static const int64_t untouched = -77;

/* The memory of the ranks in a trial. */
typedef enum memory { NO_DEVICE, SHARED, COPIED, MIXED, MEMORIES } memory;
static const char *const memory_names[] = {"host", "shared", "copied", "mixed"};

typedef struct trial {
    tri_gpu *gpu; /* of this rank in this trial; NULL: host memory */
    tri_comm *comm;
    int rank, size;
    const char *name;
} trial;

/* `count` elements in the rank's memory, with guard elements around them. */
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

/* Copies b->host to the device. */
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

/* Checks that the box has block `block` of `count` from `from`, and that the guard elements are unchanged. */
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

/* Of the current trial, for the callbacks below. */
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
    CHECK_OK(tri_gpu_bcast(data.span, count, TRI_GPU_INT64, root, NULL, t->comm));
    box_check(t, &data, "bcast", from_root);

    fill(t, &whole, -1);
    box_put(&mine);
    CHECK_OK(tri_gpu_scatter(whole.span, mine.span, count, TRI_GPU_INT64, root, NULL, t->comm));
    box_check(t, &mine, "scatter", scattered);

    fill(t, &mine, 0);
    CHECK_OK(tri_gpu_gather(mine.span, whole.span, count, TRI_GPU_INT64, root, NULL, t->comm));
    box_check(t, &whole, "gather", gathered);

    CHECK_OK(tri_gpu_reduce(mine.span, data.span, count, TRI_GPU_INT64, TRI_GPU_SUM, root, NULL, t->comm));
    box_check(t, &data, "reduce", is_root ? summed : from_root);
    tri_gpu_span into = is_root ? mine.span : data.span;
    CHECK_OK(tri_gpu_reduce(mine.span, into, count, TRI_GPU_INT64, TRI_GPU_SUM, root, NULL, t->comm));
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
    CHECK_OK(tri_gpu_allgather(mine.span, recv.span, count, TRI_GPU_INT64, NULL, t->comm));
    box_check(t, &recv, "allgather", gathered);

    fill(t, &send, -1);
    CHECK_OK(tri_gpu_alltoall(send.span, recv.span, count, TRI_GPU_INT64, NULL, t->comm));
    box_check(t, &recv, "alltoall", all_to_all);

    box_put(&sum);
    CHECK_OK(tri_gpu_allreduce(mine.span, sum.span, count, TRI_GPU_INT64, TRI_GPU_SUM, NULL, t->comm));
    box_check(t, &sum, "allreduce", summed);
    CHECK_OK(tri_gpu_allreduce(mine.span, mine.span, count, TRI_GPU_INT64, TRI_GPU_SUM, NULL, t->comm));
    box_check(t, &mine, "allreduce in place", summed);

    int right = (t->rank + 1) % t->size, left = (t->rank + t->size - 1) % t->size;
    fill(t, &mine, right);
    CHECK_OK(
        tri_gpu_exchange(mine.span, count, right, sum.span, count, left, TRI_GPU_INT64, 5, NULL, t->comm));
    box_check(t, &sum, "exchange", from_left);
    for (size_t i = 0; i < count; i++)
        sum.host[OFFSET + i] = untouched;
    box_put(&sum);
    CHECK_OK(tri_gpu_exchange(mine.span, count, MPI_PROC_NULL, sum.span, count, MPI_PROC_NULL, TRI_GPU_INT64,
                              5, NULL, t->comm));
    box_check(t, &sum, "exchange with nobody", nothing);
    box_free(&send);
    box_free(&recv);
    box_free(&mine);
    box_free(&sum);
}

/* Vectors and blocks of several pieces. */
static void long_ones(const trial *t) {
    size_t count = 2 * (TRI_GPU_PIECE_BYTES / sizeof(int64_t)) + 12345;
    root = t->size - 1;
    box data = box_new(t, count), sum = box_new(t, count);
    fill(t, &data, 0);
    box_put(&sum);
    CHECK_OK(tri_gpu_allreduce(data.span, sum.span, count, TRI_GPU_INT64, TRI_GPU_SUM, NULL, t->comm));
    box_check(t, &sum, "allreduce", summed);
    CHECK_OK(tri_gpu_reduce(data.span, data.span, count, TRI_GPU_INT64, TRI_GPU_SUM, root, NULL, t->comm));
    if (t->rank == root) box_check(t, &data, "reduce in place", summed);
    fill(t, &data, 0);
    CHECK_OK(tri_gpu_bcast(data.span, count, TRI_GPU_INT64, root, NULL, t->comm));
    box_check(t, &data, "bcast", from_root);
    box_free(&data);
    box_free(&sum);
    block = count / (size_t)t->size + 7;
    rooted(t, block);
    unrooted(t, block);
}

/* Devices combine in rank order, which the bits of the result show. */
static void in_order(const trial *t) {
    size_t count = TRI_GPU_PIECE_BYTES / sizeof(double) + 1001;
    double *x = malloc(count * sizeof *x);
    tri_gpu_buffer *buffer = NULL;
    CHECK(x, "no memory");
    CHECK_OK(tri_gpu_buffer_create(t->gpu, count * sizeof *x, &buffer));
    tri_random_fill(TRI_DISTRIBUTION_normal, 1 + (uint64_t)t->rank, 0, count, x);
    CHECK_OK(tri_gpu_buffer_write(buffer, 0, x, count * sizeof *x));
    tri_gpu_span span = {.buffer = buffer};
    CHECK_OK(tri_gpu_allreduce(span, span, count, TRI_GPU_DOUBLE, TRI_GPU_SUM, NULL, t->comm));
    CHECK_OK(tri_gpu_buffer_read(buffer, 0, x, count * sizeof *x));
    double *sum = calloc(count, sizeof *sum), *term = malloc(count * sizeof *term);
    CHECK(sum && term, "no memory");
    for (int r = 0; r < t->size; r++) {
        tri_random_fill(TRI_DISTRIBUTION_normal, 1 + (uint64_t)r, 0, count, term);
        for (size_t i = 0; i < count; i++)
            sum[i] = r ? term[i] + sum[i] : term[i];
    }
    CHECK(memcmp(sum, x, count * sizeof *x) == 0, "the order of the devices' sums on rank %d of %d", t->rank,
          t->size);
    tri_gpu_buffer_destroy(&buffer);
    free(x);
    free(sum);
    free(term);
}

/* A call that starts after an event, and a command queued after it without a wait. */
static void events(const trial *t, size_t count) {
    tri_gpu_event *filled = NULL, *done = NULL;
    double *host = malloc(2 * count * sizeof *host);
    tri_gpu_buffer *buffer = NULL;
    CHECK(host, "no memory");
    tri_gpu_span data = {.host = host}, other = {.host = host, .offset = count};
    for (size_t i = 0; i < 2 * count; i++)
        host[i] = i < count ? t->rank + 1 : -1;
    if (t->gpu) {
        CHECK_OK(tri_gpu_buffer_create(t->gpu, 2 * count * sizeof *host, &buffer));
        data.buffer = other.buffer = buffer;
        CHECK_OK(tri_gpu_fill(buffer, 0, count, t->rank + 1));
        CHECK_OK(tri_gpu_event_record(t->gpu, &filled));
        CHECK_OK(tri_gpu_fill(buffer, count, count, -1));
    }
    tri_gpu_when when = {.after = &filled, .after_count = filled ? 1 : 0, .done = &done};
    CHECK_OK(tri_gpu_allreduce(data, data, count, TRI_GPU_DOUBLE, TRI_GPU_SUM, &when, t->comm));
    double sum = t->size * (t->size + 1) / 2.0, there = sum - 1;
    if (t->gpu) {
        CHECK_OK(tri_gpu_axpy(1, buffer, 0, buffer, count, count));
    } else {
        for (size_t i = 0; i < count; i++)
            host[count + i] += host[i];
    }
    /* The second call starts after the event of the first, and the axpy is queued after it. */
    tri_gpu_event *first = done;
    when = (tri_gpu_when){.after = &first, .after_count = 1};
    CHECK_OK(tri_gpu_bcast(data, count, TRI_GPU_DOUBLE, 0, &when, t->comm));
    CHECK_OK(tri_gpu_event_wait(first));
    if (t->gpu) CHECK_OK(tri_gpu_buffer_read(buffer, 0, host, 2 * count * sizeof *host));
    size_t wrong = 0;
    for (size_t i = 0; i < 2 * count; i++)
        wrong += host[i] != (i < count ? sum : there);
    CHECK(!wrong, "events, %s, %zu elements: %zu wrong on rank %d of %d", t->name, count, wrong, t->rank,
          t->size);
    tri_gpu_event_destroy(&first);
    tri_gpu_event_destroy(&filled);
    CHECK(!first, "a destroyed event is NULL");
    tri_gpu_buffer_destroy(&buffer);
    free(host);
}

static void refused(const trial *t) {
    tri_gpu_span none = {0};
    CHECK_STATUS(tri_gpu_bcast(none, 1, TRI_GPU_INT64, t->size, NULL, t->comm), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_gpu_bcast(none, 1, TRI_GPU_ELEMENT_COUNT, 0, NULL, t->comm), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_gpu_allreduce(none, none, 1, TRI_GPU_DOUBLE, TRI_GPU_XOR, NULL, t->comm),
                 TRI_ERR_ARGUMENT);
    if (!t->gpu) return;
    box b = box_new(t, 10);
    b.span.offset = 6 + AFTER + OFFSET;
    CHECK_STATUS(tri_gpu_allreduce(b.span, b.span, 10, TRI_GPU_INT64, TRI_GPU_SUM, NULL, t->comm),
                 TRI_ERR_ARGUMENT);
    box_free(&b);
}

/* Whether this rank has a device in a trial. */
static void choose(trial *t, tri_gpu *gpu, memory m) {
    memory mine = m == MIXED ? (memory)(t->rank % 3) : m;
    t->gpu = mine == NO_DEVICE ? NULL : gpu;
    t->name = memory_names[m];
    gpu->info.unified = mine == SHARED;
}

static void run(trial *t, tri_gpu *gpu) {
    static const size_t counts[] = {0, 1, 3, 1000, 70000};
    for (memory m = NO_DEVICE; m < MEMORIES; m++) {
        choose(t, gpu, m);
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            block = counts[c];
            for (root = 0; root < t->size; root++)
                rooted(t, block);
            unrooted(t, block);
        }
        refused(t);
        long_ones(t);
        events(t, 1001);
        events(t, TRI_GPU_PIECE_BYTES / sizeof(double) + 1001);
    }
}

/* As if each rank were on its own node, where discrete devices combine. */
static void run_apart(trial *t, tri_gpu *gpu) {
    tri_comm *together = t->comm;
    int node_of[64];
    for (int r = 0; r < t->size && r < 64; r++)
        node_of[r] = r;
    CHECK_OK(tri_comm_create_with(MPI_COMM_WORLD, &(tri_comm_options){.node_of = node_of}, &t->comm));
    for (memory m = COPIED; m < MEMORIES; m++) {
        choose(t, gpu, m);
        long_ones(t);
        events(t, TRI_GPU_PIECE_BYTES / sizeof(double) + 1001);
    }
    choose(t, gpu, COPIED);
    if (t->size > 1) in_order(t);
    tri_comm_destroy(&t->comm);
    t->comm = together;
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
        /* As in programs: one rank compiles, the others load the binary. */
        tri_gpu *gpu = NULL;
        if (!t.rank) CHECK_OK(tri_gpu_open("auto", t.rank, t.size, &gpu));
        CHECK_OK(tri_agree(t.comm, TRI_OK));
        if (t.rank) CHECK_OK(tri_gpu_open("auto", t.rank, t.size, &gpu));
        if (gpu) {
            bool unified = gpu->info.unified;
            run(&t, gpu);
            run_apart(&t, gpu);
            gpu->info.unified = unified;
        }
        tri_gpu_close(&gpu);
        result = check_result("device collectives");
    }
    tri_comm_destroy(&t.comm);
    MPI_Finalize();
    return result;
}
