/* The main guarantee: exact and ordered results have the same bits on any ranks x threads x device, with
 * every algorithm. Each rank computes the expected values alone, one element at a time. */
#include <stdlib.h>
#include <string.h>

#include "apps/common/reduce_workers.h"
#include "check.h"
#include "trireme/algorithms.h"
#include "trireme/select.h"

/* Odd, so that no split is even; large enough that threads and the device of one rank share its chunks. */
enum { COUNT = 1300003, PIECE = 1 << 20 };

static double vector[COUNT];

typedef struct expected {
    tri_statistics exact;
    double ordered;
} expected;

static expected compute_alone(tri_distribution d) {
    expected e;
    tri_moments m;
    tri_ordered blocks;
    tri_moments_clear(&m);
    tri_ordered_clear(&blocks);
    tri_random_fill(d, 3, 0, COUNT, vector);
    for (size_t i = 0; i < COUNT; i++) {
        tri_sum_add(&m.totals.sum, vector[i]);
        tri_squares_add(&m.totals.squares, vector[i]);
        tri_extremes one = {.min = {vector[i], 0, i}, .max = {vector[i], 0, i}};
        tri_extremes_merge(&m.extremes, &one);
    }
    m.totals.count = COUNT;
    tri_moments_statistics(&m, 0, &e.exact);
    for (size_t i = 0; i < COUNT; i += TRI_ORDERED_BLOCK)
        CHECK_OK(tri_ordered_add_at(TRI_SIMD_plain, &blocks, i / TRI_ORDERED_BLOCK, vector + i,
                                    COUNT - i < TRI_ORDERED_BLOCK ? COUNT - i : TRI_ORDERED_BLOCK));
    e.ordered = tri_ordered_result(&blocks);
    return e;
}

static int same(double a, double b) {
    return !memcmp(&a, &b, sizeof a);
}

/* This rank's accumulators, by the workers. */
static tri_status local_pass(reduce_workers *workers, tri_comm *comm) {
    tri_range slab =
        tri_range_block_of_units(COUNT, workers->plan.sum == REDUCE_ORDERED ? TRI_ORDERED_BLOCK : 1,
                                 (size_t)tri_comm_size(comm), (size_t)tri_comm_rank(comm));
    reduce_workers_clear(workers);
    for (size_t done = 0, count; done < slab.count; done += count) {
        count = slab.count - done < PIECE ? slab.count - done : PIECE;
        reduce_piece piece = {vector + slab.first + done, slab.first + done, count};
        TRI_TRY(reduce_workers_start(workers, &piece));
        TRI_TRY(reduce_workers_wait(workers));
    }
    return TRI_OK;
}

static void check_exact(reduce_workers *workers, const expected *e, int root, const char *how,
                        tri_comm *comm) {
    reduce_accumulator mine;
    tri_moments all;
    tri_statistics s;
    reduce_workers_total(workers, &mine, NULL);
    CHECK_OK(tri_merge_moments(&mine.moments, &all, root, comm));
    if (tri_comm_rank(comm) != root) return;
    tri_moments_statistics(&all, 0, &s);
    CHECK(s.count == COUNT, "%s: count %zu", how, (size_t)s.count);
    CHECK(same(s.sum, e->exact.sum), "%s: sum %a, not %a", how, s.sum, e->exact.sum);
    CHECK(same(s.mean, e->exact.mean), "%s: mean %a, not %a", how, s.mean, e->exact.mean);
    CHECK(same(s.norm, e->exact.norm), "%s: norm %a, not %a", how, s.norm, e->exact.norm);
    CHECK(same(s.variance, e->exact.variance), "%s: variance %a, not %a", how, s.variance, e->exact.variance);
    CHECK(same(s.min.high, e->exact.min.high) && s.min.index == e->exact.min.index, "%s: min %a", how,
          s.min.high);
    CHECK(same(s.max.high, e->exact.max.high) && s.max.index == e->exact.max.index, "%s: max %a", how,
          s.max.high);
}

static void check_ordered(reduce_workers *workers, const expected *e, int root, const char *how,
                          tri_comm *comm) {
    tri_ordered all;
    CHECK_OK(tri_merge_ordered(&workers->ordered, &all, root, comm));
    if (tri_comm_rank(comm) != root) return;
    double sum = tri_ordered_result(&all);
    CHECK(same(sum, e->ordered), "%s: ordered sum %a, not %a", how, sum, e->ordered);
}

/* Every algorithm that can carry the merge. */
static void every_algorithm(reduce_workers *workers, const expected *e, const char *how, tri_comm *comm) {
    for (int i = 0; i < tri_algorithm_count(); i++) {
        tri_operation op = tri_algorithm_operation(i);
        int carries = workers->plan.sum == REDUCE_EXACT ? op == TRI_REDUCE : op == TRI_GATHER;
        if (!carries) continue;
        char name[96], text[256];
        snprintf(name, sizeof name, "%s:%s", tri_operation_name(op), tri_algorithm_name(i));
        snprintf(text, sizeof text, "%s, %s", how, name);
        CHECK_OK(tri_comm_select(comm, name));
        int root = i % tri_comm_size(comm);
        if (workers->plan.sum == REDUCE_EXACT)
            check_exact(workers, e, root, text, comm);
        else
            check_ordered(workers, e, root, text, comm);
    }
}

static void one_machine(tri_team *team, int threads, tri_gpu *gpu, tri_comm *comm, const expected *all) {
    for (int d = 0; d < TRI_DISTRIBUTION_COUNT; d++) {
        tri_random_fill((tri_distribution)d, 3, 0, COUNT, vector);
        for (int sum = REDUCE_EXACT; sum <= REDUCE_ORDERED; sum++) {
            reduce_plan plan = {
                .sum = (reduce_sum)sum, .element = TRI_ELEMENT_F64, .moments = sum == REDUCE_EXACT};
            reduce_workers workers;
            char how[128];
            snprintf(how, sizeof how, "%s, %d threads, %s", tri_distribution_name((tri_distribution)d),
                     threads, gpu ? "device" : "no device");
            CHECK_OK(reduce_workers_create(&workers, &plan, team, threads, gpu));
            CHECK_OK(local_pass(&workers, comm));
            every_algorithm(&workers, &all[d], how, comm);
            reduce_workers_destroy(&workers);
        }
    }
}

int main(int argc, char **argv) {
    tri_comm *comm;
    tri_gpu *gpu = NULL;
    expected all[TRI_DISTRIBUTION_COUNT];
    MPI_Init(&argc, &argv);
    if (tri_comm_create(MPI_COMM_WORLD, &comm) != TRI_OK) MPI_Abort(MPI_COMM_WORLD, 3);
    for (int d = 0; d < TRI_DISTRIBUTION_COUNT; d++)
        all[d] = compute_alone((tri_distribution)d);
    const tri_shape *shape = tri_comm_shape(comm);
    tri_status opened = TRI_OK;
    for (int rank = 0; rank < tri_comm_size(comm); rank++) {
        if (rank == tri_comm_rank(comm))
            opened = tri_gpu_open("auto", shape->local_rank, shape->local_size, &gpu);
        CHECK_OK(tri_barrier(comm));
    }
    if (tri_agree(comm, opened) != TRI_OK) {
        if (tri_comm_rank(comm) == 0) printf("without a device: %s\n", tri_error_text());
        tri_gpu_close(&gpu);
    }
    for (int threads = 1; threads <= 3; threads++)
        for (int with = 0; with <= (gpu != NULL); with++) {
            tri_team *team;
            CHECK_OK(tri_team_create(threads + with, NULL, &team));
            one_machine(team, threads, with ? gpu : NULL, comm, all);
            tri_team_destroy(&team);
        }
    tri_gpu_close(&gpu);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("same bits");
}
