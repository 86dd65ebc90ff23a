/* tri_comm_set_combine(): the user's function gets long pieces; short pieces and pieces it declines are
 * combined by the library. Also tests the programs' function, which uses an idle thread team. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apps/driver/app.h"
#include "mpi/sums.h"
#include "tests/check.h"
#include "trireme/algorithms.h"
#include "trireme/collectives.h"
#include "trireme/request.h"
#include "trireme/select.h"

typedef struct hook {
    int calls, takes;
    size_t least; /* bytes of the shortest piece */
} hook;

static int combine(void *data, const void *left, void *right, size_t count, MPI_Datatype type, MPI_Op op) {
    hook *h = data;
    const double *l = left;
    double *r = right;
    h->calls++;
    if (count * sizeof *r < h->least) h->least = count * sizeof *r;
    if (!h->takes || type != MPI_DOUBLE || op != MPI_SUM) return 0;
    for (size_t i = 0; i < count; i++)
        r[i] = l[i] + r[i];
    return 1;
}

/* Order-sensitive sums are the same with and without the hook. Returns the number of calls of the hook. */
static int try_one(tri_comm *comm, const char *names, size_t count, int takes, MPI_Op op, int later) {
    hook h = {.takes = takes, .least = SIZE_MAX};
    int rank = tri_comm_rank(comm);
    double *x = malloc(count * sizeof *x), *plain = calloc(count, sizeof *plain),
           *hooked = calloc(count, sizeof *hooked);
    if (!x || !plain || !hooked) abort();
    for (size_t i = 0; i < count; i++)
        x[i] = 1.0 / (double)(3 + i % 1009 + 7 * (size_t)rank);
    CHECK_OK(tri_comm_select(comm, names));
    CHECK_OK(tri_allreduce(x, plain, count, MPI_DOUBLE, op, comm));
    tri_comm_set_combine(comm, combine, &h);
    if (later) {
        tri_request *request;
        CHECK_OK(tri_iallreduce(x, hooked, count, MPI_DOUBLE, op, comm, &request));
        CHECK_OK(tri_request_wait(&request));
    } else {
        CHECK_OK(tri_allreduce(x, hooked, count, MPI_DOUBLE, op, comm));
    }
    tri_comm_set_combine(comm, NULL, NULL);
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++)
        wrong += plain[i] != hooked[i];
    CHECK(!wrong, "%s, %zu elements: %zu differ", names, count, wrong);
    CHECK(h.least >= 256 << 10, "a piece of %zu bytes", h.least);
    free(x);
    free(plain);
    free(hooked);
    return h.calls;
}

static void other_work(void *argument, int thread, size_t chunk) {
    (void)thread;
    ((int *)argument)[chunk]++; /* not atomic: tsan would report two threads on one chunk */
}

/* By a thread team, also while the team is busy: each call finds the team as the previous call left it,
 * and the bits are the same. */
static void with_team(tri_comm *comm, int busy) {
    enum { COUNT = 300007, WORK = 64, CALLS = 5 };
    int done[WORK] = {0};
    double *x = malloc(COUNT * sizeof *x), *plain = calloc(COUNT, sizeof *plain),
           *threaded = calloc(COUNT, sizeof *threaded);
    if (!x || !plain || !threaded) abort();
    for (size_t i = 0; i < COUNT; i++)
        x[i] = 1.0 / (double)(3 + i % 1009 + 7 * (size_t)tri_comm_rank(comm));
    tri_team *team;
    CHECK_OK(tri_team_create(3, NULL, &team));
    CHECK_OK(tri_comm_select(comm, "allreduce:recursive_doubling!"));
    CHECK_OK(tri_allreduce(x, plain, COUNT, MPI_DOUBLE, MPI_SUM, comm));
    tri_comm_set_combine(comm, tri_team_combine, team);
    for (int call = 0; call < CALLS; call++) {
        if (busy) tri_team_start(team, WORK, other_work, done);
        CHECK(tri_team_idle(team) == !busy, "busy %d: idle %d", busy, tri_team_idle(team));
        CHECK_OK(tri_allreduce(x, threaded, COUNT, MPI_DOUBLE, MPI_SUM, comm));
        if (busy) tri_team_wait(team);
        CHECK(tri_team_idle(team), "idle when all is done");
        size_t wrong = 0;
        for (size_t i = 0; i < COUNT; i++)
            wrong += plain[i] != threaded[i];
        CHECK(!wrong, "a team that is busy %d, call %d: %zu differ", busy, call, wrong);
    }
    for (int i = 0; i < WORK; i++)
        CHECK(done[i] == (busy ? CALLS : 0), "chunk %d of the other work was done %d times", i, done[i]);
    tri_comm_set_combine(comm, NULL, NULL);
    tri_team_destroy(&team);
    free(x);
    free(plain);
    free(threaded);
}

/* Our own sums have the same bits as MPI's and leave other types and operations to MPI. */
static void common_sums(void) {
    enum { MOST = 1000 };
    static const size_t counts[] = {0, 1, 2, 15, 33, MOST};
    MPI_Datatype types[] = {MPI_DOUBLE, MPI_FLOAT, MPI_INT, MPI_UNSIGNED, MPI_INT64_T, MPI_UINT64_T};
    int sizes[] = {8, 4, 4, 4, 8, 8};
    double left[MOST + 1], ours[MOST + 1], theirs[MOST + 1];
    for (int t = 0; t < 6; t++)
        for (int c = 0; c < 6; c++) {
            for (size_t i = 0; i <= MOST; i++) {
                left[i] = 1e300 / (double)(i + 3);
                ours[i] = theirs[i] = -1e284 / (double)(2 * i + 7);
            }
            char *from = (char *)left + sizes[t]; /* aligned like an element */
            CHECK(tri_combine_common(from, ours, counts[c], types[t], MPI_SUM), "type %d is left", t);
            MPI_Reduce_local(from, theirs, (int)counts[c], types[t], MPI_SUM);
            CHECK(!memcmp(ours, theirs, sizeof ours), "type %d, %zu elements", t, counts[c]);
        }
    CHECK(!tri_combine_common(left, ours, 1, MPI_DOUBLE, MPI_MAX), "a maximum is taken for a sum");
    CHECK(!tri_combine_common(left, ours, 1, MPI_SHORT, MPI_SUM), "a short is taken for another type");
}

int main(int argc, char **argv) {
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    tri_comm *comm;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    common_sums();
    for (int later = 0; later < 2; later++) {
        CHECK(try_one(comm, "allreduce:recursive_doubling!", 100003, 1, MPI_SUM, later) > 0, "not asked");
        CHECK(try_one(comm, "allreduce:recursive_doubling!", 100003, 0, MPI_SUM, later) > 0, "not asked");
        CHECK(try_one(comm, "allreduce:recursive_doubling!", 100003, 1, MPI_MAX, later) > 0, "not asked");
        CHECK(try_one(comm, "allreduce:recursive_doubling!", 1000, 1, MPI_SUM, later) == 0, "asked");
    }
    (void)try_one(comm, "", 1000003, 1, MPI_SUM, 0);
    with_team(comm, 0);
    with_team(comm, 1);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("combine_hook");
}
