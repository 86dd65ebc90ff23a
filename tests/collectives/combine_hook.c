/* tri_comm_set_combine(): long pieces go to the program's function, short ones and those it leaves do not. */
#include <stdint.h>
#include <stdlib.h>

#include "tests/check.h"
#include "trireme/collectives.h"
#include "trireme/net.h"
#include "trireme/request.h"

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

/* Sums whose bits tell the order apart are the same with and without. Returns how often the hook was called. */
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

int main(int argc, char **argv) {
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    tri_comm *comm;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    for (int later = 0; later < 2; later++) {
        CHECK(try_one(comm, "allreduce:recursive_doubling", 100003, 1, MPI_SUM, later) > 0, "not asked");
        CHECK(try_one(comm, "allreduce:recursive_doubling", 100003, 0, MPI_SUM, later) > 0, "not asked");
        CHECK(try_one(comm, "allreduce:recursive_doubling", 100003, 1, MPI_MAX, later) > 0, "not asked");
        CHECK(try_one(comm, "allreduce:recursive_doubling", 1000, 1, MPI_SUM, later) == 0, "asked");
    }
    (void)try_one(comm, "", 1000003, 1, MPI_SUM, 0);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("combine_hook");
}
