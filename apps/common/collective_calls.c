/* The samples of one cell (an operation and a size) of `bench collectives`, `bench choice` and `tune`. */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apps/common/collective_calls.h"

/* In each round every method makes as many calls as fit into TURN_S, so that caches and branch prediction
 * adapt. A series is longer, so that its beginning and end matter little. */
enum { MIN_ROUNDS = 3, MAX_ROUNDS = 1000, MOST_CALLS = 100, SERIES = 5, LEAST_SERIES = 3 };
static const double TURN_S = 100e-6;
/* Oversubscribed ranks need more calls after a barrier until the schedule of the cores is steady. */
static const double CROWDED_TURN_S = 1e-3;
/* Writing buffers up to this size takes less time than reading the clock. */
enum { QUICK_BYTES = 4096 };
/* Time from the broadcast of the common start to the start; over a network also long enough for the
 * traffic shaper of jobs/cluster.sh to recover from the previous call (two buckets at 1 Gbit/s), so that
 * all methods start alike. */
static const double AHEAD_S = 4e-6, NETWORK_AHEAD_S = 300e-6;

/* Whether `name` is a word of a comma-separated list. */
static bool has_word(const char *list, const char *name) {
    size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at += length)
        if ((at == list || at[-1] == ',') && (!at[length] || at[length] == ',')) return true;
    return false;
}

tri_status bench_check_operations(const char *list) {
    size_t known = 0, words = 1;
    for (int op = 0; op < TRI_OPERATION_COUNT; op++)
        known += has_word(list, tri_operation_name((tri_operation)op));
    for (const char *at = list; *at; at++)
        words += *at == ',';
    if (known == words || !strcmp(list, "all")) return TRI_OK;
#define NAME(ENUM, value, name, text) " " #name
    return tri_fail(TRI_ERR_ARGUMENT,
                    "--operations: '%s' is not a list of distinct names from:" TRI_OPERATION_LIST(NAME),
                    list);
#undef NAME
}

bool bench_has_operation(const char *list, tri_operation operation) {
    return !strcmp(list, "all") || has_word(list, tri_operation_name(operation));
}

static tri_status call_ours(const bench_call *call, MPI_Op op) {
    size_t n = call->count;
    double *send = call->send, *recv = call->recv;
    switch (call->operation) {
    case TRI_BARRIER:
        return tri_barrier(call->comm);
    case TRI_BCAST:
        return tri_bcast(recv, n, MPI_DOUBLE, 0, call->comm);
    case TRI_SCATTER:
        return tri_scatter(send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, 0, call->comm);
    case TRI_GATHER:
        return tri_gather(send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, 0, call->comm);
    case TRI_ALLGATHER:
        return tri_allgather(send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, call->comm);
    case TRI_ALLTOALL:
        return tri_alltoall(send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, call->comm);
    case TRI_REDUCE:
        return tri_reduce(send, recv, n, MPI_DOUBLE, op, 0, call->comm);
    case TRI_ALLREDUCE:
        return tri_allreduce(send, recv, n, MPI_DOUBLE, op, call->comm);
    case TRI_REDUCE_SCATTER:
        return tri_reduce_scatter_block(send, recv, n, MPI_DOUBLE, op, call->comm);
    case TRI_SCAN:
        return tri_scan(send, recv, n, MPI_DOUBLE, op, call->comm);
    case TRI_EXSCAN:
        return tri_exscan(send, recv, n, MPI_DOUBLE, op, call->comm);
    case TRI_OPERATION_COUNT:
        break;
    }
    return tri_fail(TRI_ERR_ARGUMENT, "unknown operation");
}

tri_status bench_call_ours(const bench_call *call) {
    return call_ours(call, MPI_SUM);
}

tri_status bench_call_exact(const bench_call *call) {
    return call_ours(call, TRI_EXACT_SUM);
}

size_t bench_call_gives(const bench_call *call) {
    int root = tri_comm_rank(call->comm) == 0;
    size_t all = call->count * (size_t)tri_comm_size(call->comm);
    switch (call->operation) {
    case TRI_BARRIER:
        return 0;
    case TRI_BCAST:
        return root ? call->count : 0;
    case TRI_SCATTER:
        return root ? all : 0;
    case TRI_ALLTOALL:
    case TRI_REDUCE_SCATTER:
        return all;
    default:
        return call->count;
    }
}

size_t bench_call_gets(const bench_call *call) {
    int root = tri_comm_rank(call->comm) == 0;
    size_t all = call->count * (size_t)tri_comm_size(call->comm);
    switch (call->operation) {
    case TRI_BARRIER:
        return 0;
    case TRI_GATHER:
        return root ? all : 0;
    case TRI_REDUCE:
        return root ? call->count : 0;
    case TRI_EXSCAN:
        return root ? 0 : call->count;
    case TRI_ALLGATHER:
    case TRI_ALLTOALL:
        return all;
    default:
        return call->count;
    }
}

/* Whether all ranks run on one kernel, as on nodes that are namespaces of one machine. */
static bool same_kernel(tri_comm *comm) {
    enum { BOOT_ID = 36 };
    char mine[BOOT_ID + 1] = "", first[BOOT_ID + 1];
    FILE *from = fopen("/proc/sys/kernel/random/boot_id", "r");
    int same = from && fgets(mine, sizeof mine, from);
    if (from) fclose(from);
    memcpy(first, mine, sizeof first);
    if (tri_bcast(first, sizeof first, MPI_CHAR, 0, comm) != TRI_OK) return false;
    same = same && !memcmp(first, mine, sizeof first);
    return tri_allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_MIN, comm) == TRI_OK && same;
}

bench_clock bench_clock_of(tri_comm *comm) {
    bench_clock out = {.common = tri_comm_shape(comm)->nodes == 1 || same_kernel(comm)};
    out.cores = sysconf(_SC_NPROCESSORS_ONLN) * (out.common ? 1 : tri_comm_shape(comm)->nodes);
    out.crowded = tri_comm_size(comm) > out.cores;
    /* Over a network the last rank leaves a barrier so late that the call of a few ranks might be over. */
    out.moment = out.common && (!out.crowded || tri_comm_shape(comm)->nodes > 1);
    return out;
}

/* ---- data ---- */

/* Whole numbers from rank and index, whose sums are exact. */
static void write_input(const bench_call *call, unsigned salt) {
    size_t n = bench_call_gives(call);
    double *x = call->operation == TRI_BCAST ? call->recv : call->send;
    unsigned from = salt + 131U * (unsigned)tri_comm_rank(call->comm);
    for (size_t i = 0; i < n; i++)
        x[i] = (double)(((unsigned)i * 7U + from) & 4095U);
}

/* Calls once and hashes the result. */
static tri_status hash_of(const bench_call *call, const bench_method *method, uint64_t *out) {
    size_t n = bench_call_gets(call);
    for (size_t i = 0; i < n; i++)
        call->recv[i] = -1;
    write_input(call, 1);
    TRI_TRY(method->call(call));
    *out = tri_block_hash(1, &n, (size_t[]){0}, &n, call->recv);
    return TRI_OK;
}

/* ---- time ---- */

static tri_status select_method(const bench_call *call, const bench_method *method) {
    return method->selects ? tri_comm_select(call->comm, method->select) : TRI_OK;
}

static tri_status start_together(const bench_call *call, bench_clock clock) {
    TRI_TRY(tri_barrier(call->comm));
    if (!clock.moment) return TRI_OK;
    double moment = tri_now_s() + (tri_comm_shape(call->comm)->nodes > 1 ? NETWORK_AHEAD_S : AHEAD_S);
    TRI_TRY(tri_bcast(&moment, 1, MPI_DOUBLE, 0, call->comm));
    while (tri_now_s() < moment)
        if (clock.crowded) sched_yield();
    return TRI_OK;
}

/* Takes `calls` samples after one untimed call. */
static tri_status take_single(const bench_call *call, const bench_method *method, bench_clock clock,
                              int calls, double *seconds) {
    double in[MOST_CALLS], out[MOST_CALLS];
    for (int i = -1; i < calls; i++) {
        write_input(call, (unsigned)i);
        TRI_TRY(start_together(call, clock));
        double start = tri_now_s();
        TRI_TRY(method->call(call));
        double end = tri_now_s();
        if (i < 0) continue;
        in[i] = clock.common ? start : 0;
        out[i] = clock.common ? end : end - start;
    }
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, in, (size_t)calls, MPI_DOUBLE, MPI_MIN, call->comm));
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, out, (size_t)calls, MPI_DOUBLE, MPI_MAX, call->comm));
    for (int i = 0; i < calls; i++)
        seconds[i] = out[i] - in[i];
    return TRI_OK;
}

/* Wall time, or, on oversubscribed cores, processor time, which excludes the time of other ranks. */
static double worked_s(bench_clock clock) {
    struct timespec t;
    if (!clock.crowded) return tri_now_s();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One sample. */
static tri_status take_series(const bench_call *call, const bench_method *method, bench_clock clock,
                              int calls, double *seconds) {
    bool quick = bench_call_gives(call) * sizeof(double) <= QUICK_BYTES;
    double writing = 0;
    write_input(call, 0);
    TRI_TRY(method->call(call));
    TRI_TRY(start_together(call, clock));
    double start = tri_now_s();
    for (int i = 0; i < calls; i++) {
        double before = quick ? 0 : worked_s(clock);
        write_input(call, (unsigned)i);
        if (!quick) writing += worked_s(clock) - before;
        TRI_TRY(method->call(call));
    }
    /* Subtract the time of writing buffers: other ranks wait for the slowest writer, and ranks that share
     * cores write one at a time. */
    double slowest[2] = {tri_now_s() - start, writing};
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, slowest, 2, MPI_DOUBLE, MPI_MAX, call->comm));
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, &writing, 1, MPI_DOUBLE, MPI_SUM, call->comm));
    *seconds = (slowest[0] - fmax(slowest[1], writing / (double)clock.cores)) / calls;
    return TRI_OK;
}

/* Calls of a method in one round, from the fastest of a few calls. */
static tri_status calls_in_turn(const bench_call *call, bench_method *methods, int count, bench_clock clock,
                                int *out) {
    double shortest = INFINITY;
    for (int w = 0; w < count; w++) {
        double seconds[3];
        TRI_TRY(select_method(call, &methods[w]));
        TRI_TRY(take_single(call, &methods[w], clock, 3, seconds));
        for (int i = 0; i < 3; i++)
            shortest = fmin(shortest, seconds[i]);
    }
    double calls = (clock.moment && !clock.crowded ? TURN_S : CROWDED_TURN_S) / fmax(shortest, 1e-9);
    *out = calls < 1 ? 1 : calls < MOST_CALLS ? (int)calls : MOST_CALLS;
    return TRI_OK;
}

static tri_status take_turn(const bench_call *call, bench_method *method, bench_mode mode, bench_clock clock,
                            int calls) {
    double *next = method->seconds[mode] + method->samples[mode];
    TRI_TRY(select_method(call, method));
    if (mode == BENCH_SINGLE) {
        method->samples[mode] += (size_t)calls;
        return take_single(call, method, clock, calls, next);
    }
    method->samples[mode]++;
    return take_series(call, method, clock, calls == 1 ? LEAST_SERIES : SERIES * calls, next);
}

/* Rounds until the time is over on rank 0. Every other round is in reverse, so that no method always
 * follows the same one. */
static tri_status take_rounds(const bench_call *call, bench_method *methods, int count, bench_mode mode,
                              int calls, double until) {
    bench_clock clock = bench_clock_of(call->comm);
    for (int round = 0; round < MAX_ROUNDS; round++) {
        int on = round < MIN_ROUNDS || tri_now_s() < until;
        TRI_TRY(tri_bcast(&on, 1, MPI_INT, 0, call->comm));
        if (!on) break;
        for (int i = 0; i < count; i++)
            TRI_TRY(take_turn(call, &methods[round % 2 ? count - 1 - i : i], mode, clock, calls));
    }
    return TRI_OK;
}

static tri_status compare(const bench_call *call, bench_method *methods, int count) {
    uint64_t first = 0, hash;
    tri_status status = TRI_OK;
    for (int w = 0; w < count; w++) {
        TRI_TRY(select_method(call, &methods[w]));
        TRI_TRY(hash_of(call, &methods[w], &hash));
        if (methods[w].call == bench_call_ours)
            snprintf(methods[w].algorithm, sizeof methods[w].algorithm, "%s", tri_comm_algorithm(call->comm));
        if (w == 0) first = hash;
        if (hash != first && status == TRI_OK)
            status =
                tri_fail(TRI_ERR_WRONG, "%s of %zu doubles: the results of %s and %s differ",
                         tri_operation_name(call->operation), call->count, methods[w].name, methods[0].name);
    }
    return tri_agree(call->comm, status);
}

tri_status bench_measure(const bench_call *call, bench_method *methods, int count, double seconds) {
    int calls;
    TRI_TRY(compare(call, methods, count));
    TRI_TRY(calls_in_turn(call, methods, count, bench_clock_of(call->comm), &calls));
    tri_status room = TRI_OK;
    for (int w = 0; w < count; w++)
        for (int mode = 0; mode < BENCH_MODES; mode++) {
            methods[w].seconds[mode] =
                malloc((size_t)MAX_ROUNDS * (size_t)calls * sizeof **methods[w].seconds);
            if (!methods[w].seconds[mode]) room = tri_fail(TRI_ERR_MEMORY, "no memory for the samples");
        }
    TRI_TRY(tri_agree(call->comm, room));
    for (int mode = 0; mode < BENCH_MODES; mode++)
        TRI_TRY(take_rounds(call, methods, count, (bench_mode)mode, calls, tri_now_s() + seconds));
    return TRI_OK;
}

void bench_methods_destroy(bench_method *methods, int count) {
    for (int w = 0; w < count; w++)
        for (int mode = 0; mode < BENCH_MODES; mode++) {
            free(methods[w].seconds[mode]);
            methods[w].seconds[mode] = NULL;
            methods[w].samples[mode] = 0;
        }
}
