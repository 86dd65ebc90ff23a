/* Neighbourhood collectives: every call in every form, on MPI's topologies, on lists and on stencils.
 * Expected blocks are computed from the lists of all ranks. */
#include "trireme/neighbour.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "trireme/collectives.h"

static int rank, size;

/* The neighbours of every rank. Block i of `source` comes from the sender's destination number sent[i]. */
typedef struct lists {
    int sources, destinations;
    int *source, *destination, *sent;
} lists;

enum { MOST = 130 };

static lists lists_new(void) {
    lists l = {.source = malloc(3 * MOST * sizeof(int))};
    if (!l.source) abort();
    l.destination = l.source + MOST;
    l.sent = l.destination + MOST;
    return l;
}

/* Number j of a rank's destinations among those that are `to`; and the other way round. */
static int nth_of(const int *ranks, int index) {
    int n = 0;
    for (int i = 0; i < index; i++)
        n += ranks[i] == ranks[index];
    return n;
}
static int index_of(const int *ranks, int count, int of, int nth) {
    for (int i = 0; i < count; i++)
        if (ranks[i] == of && nth-- == 0) return i;
    return -1;
}

static void match(lists *all) {
    for (int r = 0; r < size; r++)
        for (int i = 0; i < all[r].sources; i++) {
            const lists *from = all[r].source[i] < 0 ? NULL : &all[all[r].source[i]];
            all[r].sent[i] =
                from ? index_of(from->destination, from->destinations, r, nth_of(all[r].source, i)) : -1;
        }
}

static int64_t value(int from, int block, size_t i) {
    return (int64_t)from * 1000003 + block * 10007 + (int64_t)i + 1;
}

/* ---- One call in one form ---- */

typedef enum call_form { BLOCKING, NONBLOCKING, PERSISTENT, FORMS } call_form;
enum { ALLGATHER, ALLGATHERV, ALLTOALL, ALLTOALLV, ALLTOALLW, CALLS };
static const char *const names[] = {"allgather", "allgatherv", "alltoall", "alltoallv", "alltoallw"};

typedef struct trial {
    const char *what;
    tri_neighbours *n;
    const lists *all;
    int call;
    call_form form;
    size_t count; /* of an equal block */
    int gaps;     /* the received elements lie 16 bytes apart, the others 8 */
} trial;

/* Elements of a rank's block for its destination i. */
static size_t length(const trial *t, int from, int i) {
    if (t->call == ALLGATHER || t->call == ALLTOALL) return t->count;
    if (t->call == ALLGATHERV) return (t->count + (size_t)from * 3) % 50;
    return (t->count + (size_t)(from * 7 + i * 5)) % 40;
}

#define ONE(t, name, request, ...)                                                                           \
    ((t)->form == BLOCKING      ? tri_neighbour_##name(__VA_ARGS__, (t)->n)                                  \
     : (t)->form == NONBLOCKING ? tri_ineighbour_##name(__VA_ARGS__, (t)->n, request)                        \
                                : tri_neighbour_##name##_init(__VA_ARGS__, (t)->n, request))

static void try_one(const trial *t) {
    const lists *mine = &t->all[rank];
    int same = t->call <= ALLGATHERV, blocks = same ? 1 : mine->destinations;
    size_t step = t->gaps ? 2 : 1, send_all = 0, recv_all = 0;
    size_t send_counts[MOST], recv_counts[MOST];
    ptrdiff_t send_displs[MOST], recv_displs[MOST];
    MPI_Datatype send_types[MOST], recv_types[MOST], received = MPI_INT64_T;
    if (t->gaps) {
        MPI_Type_create_resized(MPI_INT64_T, 0, 16, &received);
        MPI_Type_commit(&received);
    }
    size_t unit = t->call == ALLTOALLW ? 8 : 1;
    for (int i = 0; i < blocks; i++) {
        send_counts[i] = length(t, rank, i), send_displs[i] = (ptrdiff_t)(send_all * unit);
        send_types[i] = MPI_INT64_T;
        send_all += send_counts[i];
    }
    for (int i = 0; i < mine->sources; i++) {
        int from = mine->source[i];
        recv_counts[i] = from < 0 ? t->count : length(t, from, mine->sent[i]);
        recv_displs[i] = (ptrdiff_t)(recv_all * (unit == 8 ? 8 * step : 1));
        recv_types[i] = received;
        recv_all += recv_counts[i];
    }
    size_t bytes = recv_all * step * 8;
    int64_t *send = malloc(send_all * 8 + 8), *recv = malloc(bytes + 8), *want = malloc(bytes + 8);
    if (!send || !recv || !want) abort();
    tri_request *request = NULL;
    for (int round = 0; round < (t->form == PERSISTENT ? 2 : 1); round++) {
        memset(recv, 0x5a, bytes);
        memset(want, 0x5a, bytes);
        for (int b = 0, at = 0; b < blocks; b++)
            for (size_t i = 0; i < send_counts[b]; i++)
                send[at++] = value(rank, b, i) + round;
        size_t at = 0;
        for (int b = 0; b < mine->sources; b++)
            for (size_t i = 0; i < recv_counts[b]; i++, at++)
                if (mine->source[b] >= 0)
                    want[at * step] = value(mine->source[b], same ? 0 : mine->sent[b], i) + round;
        if (!round) {
            switch (t->call) {
            case ALLGATHER:
                CHECK_OK(ONE(t, allgather, &request, send, t->count, MPI_INT64_T, recv, t->count, received));
                break;
            case ALLGATHERV:
                CHECK_OK(ONE(t, allgatherv, &request, send, send_counts[0], MPI_INT64_T, recv, recv_counts,
                             recv_displs, received));
                break;
            case ALLTOALL:
                CHECK_OK(ONE(t, alltoall, &request, send, t->count, MPI_INT64_T, recv, t->count, received));
                break;
            case ALLTOALLV:
                CHECK_OK(ONE(t, alltoallv, &request, send, send_counts, send_displs, MPI_INT64_T, recv,
                             recv_counts, recv_displs, received));
                break;
            default:
                CHECK_OK(ONE(t, alltoallw, &request, send, send_counts, send_displs, send_types, recv,
                             recv_counts, recv_displs, recv_types));
            }
        }
        if (t->form == PERSISTENT) CHECK_OK(tri_request_start(request));
        CHECK_OK(tri_request_wait(&request));
        CHECK(!memcmp(recv, want, bytes), "%s of %s, form %d, way %d, count %zu, %d sources%s, round %d",
              names[t->call], t->what, (int)t->form, (int)tri_neighbours_last(t->n), t->count, mine->sources,
              t->gaps ? ", with gaps" : "", round);
    }
    CHECK_OK(tri_request_free(&request));
    if (t->gaps) MPI_Type_free(&received);
    free(send);
    free(recv);
    free(want);
}

static void check_lists(const char *what, const tri_neighbours *n, const lists *mine) {
    int count;
    const int *ranks = tri_neighbours_sources(n, &count);
    CHECK(count == mine->sources && !memcmp(ranks, mine->source, (size_t)count * sizeof *ranks),
          "%s: other sources, %d", what, count);
    ranks = tri_neighbours_destinations(n, &count);
    CHECK(count == mine->destinations && !memcmp(ranks, mine->destination, (size_t)count * sizeof *ranks),
          "%s: other destinations, %d", what, count);
}

static void try_all(const char *what, tri_neighbours *n, const lists *all, int stencil) {
    static const size_t counts[] = {0, 1, 3, 1000};
    check_lists(what, n, &all[rank]);
    for (int way = TRI_NEIGHBOURS_CHEAPEST; way <= (stencil ? TRI_NEIGHBOURS_COMBINED : 0); way++) {
        tri_neighbours_select(n, (tri_neighbours_way)way);
        for (int k = 0; k < CALLS * FORMS; k++)
            for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
                trial t = {.what = what,
                           .n = n,
                           .all = all,
                           .call = k % CALLS,
                           .form = (call_form)(k / CALLS),
                           .count = counts[i],
                           .gaps = (int)i % 2};
                try_one(&t);
                int combined = way == TRI_NEIGHBOURS_COMBINED &&
                               (t.call == ALLGATHER || t.call == ALLTOALL) && all[rank].sources > 0;
                if (way)
                    CHECK((tri_neighbours_last(n) == TRI_NEIGHBOURS_COMBINED) == combined, "%s: way %d", what,
                          way);
            }
    }
}

/* ---- Topologies ---- */

static int coordinates_to_rank(int dims, const int *ranks, const int *periodic, const int *at) {
    int out = 0;
    for (int d = 0; d < dims; d++) {
        int x = periodic[d] ? (at[d] % ranks[d] + ranks[d]) % ranks[d] : at[d];
        if (x < 0 || x >= ranks[d]) return MPI_PROC_NULL;
        out = out * ranks[d] + x;
    }
    return out;
}

static void coordinates(int of, int dims, const int *ranks, int *at) {
    for (int d = dims - 1; d >= 0; of /= ranks[d--])
        at[d] = of % ranks[d];
}

/* Sources and destinations at the offsets; `mirrored`: a source is at minus its offset. */
static void fill_offsets(lists *all, int dims, const int *ranks, const int *periodic, int count,
                         const int *offsets, int mirrored) {
    for (int r = 0; r < size; r++) {
        int at[8], to[8];
        coordinates(r, dims, ranks, at);
        all[r].sources = all[r].destinations = count;
        for (int i = 0; i < count; i++)
            for (int source = 0; source < 2; source++) {
                for (int d = 0; d < dims; d++)
                    to[d] = at[d] + (source && mirrored ? -1 : 1) * offsets[i * dims + d];
                (source ? all[r].source : all[r].destination)[i] =
                    coordinates_to_rank(dims, ranks, periodic, to);
            }
    }
}

static void try_cart(lists *all, int dims, int periodic) {
    int ranks[3] = {0}, periods[3], offsets[18] = {0};
    MPI_Comm cart;
    tri_comm *comm;
    tri_neighbours *n;
    MPI_Dims_create(size, dims, ranks);
    for (int d = 0; d < dims; d++) {
        periods[d] = periodic;
        offsets[2 * d * dims + d] = -1;
        offsets[(2 * d + 1) * dims + d] = 1;
    }
    MPI_Cart_create(MPI_COMM_WORLD, dims, ranks, periods, 0, &cart);
    CHECK_OK(tri_comm_create(cart, &comm));
    CHECK_OK(tri_neighbours_create(cart, comm, &n));
    fill_offsets(all, dims, ranks, periods, 2 * dims, offsets, 0);
    /* What goes down arrives from above. */
    for (int r = 0; r < size; r++)
        for (int i = 0; i < 2 * dims; i++)
            all[r].sent[i] = i ^ 1;
    try_all(periodic ? "a periodic grid" : "a grid", n, all, 0);
    tri_neighbours_destroy(&n);
    tri_comm_destroy(&comm);
    MPI_Comm_free(&cart);
}

/* Rank r sends to r, r + 1, twice to r + 2, and even ranks to rank 0. */
static void fill_graph(lists *all) {
    for (int r = 0; r < size; r++)
        all[r].sources = all[r].destinations = 0;
    for (int r = 0; r < size; r++) {
        int to[] = {(r + 2) % size, r, (r + 1) % size, (r + 2) % size, 0};
        for (int i = 0; i < (r % 2 ? 4 : 5); i++) {
            all[r].destination[all[r].destinations++] = to[i];
            all[to[i]].source[all[to[i]].sources++] = r;
        }
    }
    match(all);
}

static void try_graph(lists *all, tri_comm *reversed) {
    MPI_Comm graph;
    tri_comm *comm;
    tri_neighbours *n;
    lists *mine = &all[rank];
    int weights[MOST];
    for (int i = 0; i < MOST; i++)
        weights[i] = 1;
    fill_graph(all);
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, mine->sources, mine->source, weights, mine->destinations,
                                   mine->destination, weights, MPI_INFO_NULL, 0, &graph);
    CHECK_OK(tri_comm_create(graph, &comm));
    CHECK_OK(tri_neighbours_create(graph, comm, &n));
    try_all("a distributed graph", n, all, 0);
    if (size > 1) {
        tri_neighbours *other = NULL;
        CHECK_STATUS(tri_neighbours_create(graph, reversed, &other), TRI_ERR_ARGUMENT);
    }
    tri_neighbours_destroy(&n);
    tri_comm_destroy(&comm);
    MPI_Comm_free(&graph);
}

/* The older graph: a ring, in which the ends have one neighbour. */
static void try_old_graph(lists *all) {
    int *index = malloc((size_t)size * sizeof *index), *edges = malloc(2 * (size_t)size * sizeof *edges),
        at = 0;
    MPI_Comm graph;
    tri_comm *comm;
    tri_neighbours *n;
    if (!index || !edges) abort();
    for (int r = 0; r < size; r++) {
        all[r].sources = 0;
        for (int to = r - 1; to <= r + 1; to += 2)
            if (to >= 0 && to < size) all[r].source[all[r].sources++] = edges[at++] = to;
        all[r].destinations = all[r].sources;
        memcpy(all[r].destination, all[r].source, (size_t)all[r].sources * sizeof(int));
        index[r] = at;
    }
    match(all);
    MPI_Graph_create(MPI_COMM_WORLD, size, index, edges, 0, &graph);
    CHECK_OK(tri_comm_create(graph, &comm));
    CHECK_OK(tri_neighbours_create(graph, comm, &n));
    try_all("a graph", n, all, 0);
    tri_neighbours_destroy(&n);
    tri_comm_destroy(&comm);
    MPI_Comm_free(&graph);
    free(index);
    free(edges);
}

/* All offsets from -1 to 1 in each dimension, with the rank itself; and a few longer ones, one of them
 * twice. */
static void try_stencil(lists *all, tri_comm *comm, int dims, int periodic, int wide) {
    int ranks[3] = {0}, periods[3], offsets[3 * 32] = {0}, count = 0, at = 0;
    tri_neighbours *n;
    MPI_Dims_create(size, dims, ranks);
    for (int d = 0; d < dims; d++)
        periods[d] = periodic == 2 ? d % 2 : periodic;
    for (int x = 0; x < (dims == 3 ? 27 : dims == 2 ? 9 : 3); x++, count++)
        for (int d = 0, left = x; d < dims; d++, left /= 3)
            offsets[at++] = left % 3 - 1;
    for (int x = 0; wide && x < 4; x++, count++)
        for (int d = 0; d < dims; d++)
            offsets[at++] = x < 2 ? 2 * (d == 0) + (d == 1) : d == dims - 1 ? -5 : x % 2;
    CHECK_OK(tri_neighbours_create_stencil(comm, dims, ranks, periods, count, offsets, &n));
    fill_offsets(all, dims, ranks, periods, count, offsets, 1);
    for (int r = 0; r < size; r++)
        for (int i = 0; i < count; i++)
            all[r].sent[i] = i;
    try_all(periodic ? "a periodic stencil" : "a stencil", n, all, 1);
    tri_neighbours_destroy(&n);
}

/* Several pending at once, beside other calls, completed in an order that differs. */
static void try_many(tri_comm *comm, lists *all) {
    enum { MANY = 4 };
    tri_neighbours *n;
    tri_request *r[MANY + 1];
    int64_t send[MOST], recv[MANY][MOST], one = 1, sum = 0;
    fill_graph(all);
    const lists *mine = &all[rank];
    CHECK_OK(tri_neighbours_create_lists(comm, mine->sources, mine->source, mine->destinations,
                                         mine->destination, &n));
    for (int b = 0; b < mine->destinations; b++)
        send[b] = value(rank, b, 0);
    for (int i = 0; i < MANY; i++)
        CHECK_OK(tri_ineighbour_alltoall(send, 1, MPI_INT64_T, recv[i], 1, MPI_INT64_T, n, &r[i]));
    CHECK_OK(tri_iallreduce(&one, &sum, 1, MPI_INT64_T, MPI_SUM, comm, &r[MANY]));
    CHECK_OK(tri_barrier(comm));
    for (int i = 0; i <= MANY; i++)
        CHECK_OK(tri_request_wait(&r[(i + rank) % (MANY + 1)]));
    for (int i = 0; i < MANY; i++)
        for (int b = 0; b < mine->sources; b++)
            CHECK(recv[i][b] == value(mine->source[b], mine->sent[b], 0), "call %d of several, block %d", i,
                  b);
    CHECK(sum == size, "%lld", (long long)sum);
    tri_neighbours_destroy(&n);
}

static void try_wrong(tri_comm *comm) {
    int ranks[2] = {size + 1, 1}, periods[2] = {0, 0}, none = MPI_PROC_NULL, much = size;
    double x = 0;
    tri_request *request;
    tri_neighbours *n = NULL;
    CHECK_STATUS(tri_neighbours_create(MPI_COMM_WORLD, comm, &n), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_neighbours_create_lists(comm, 1, &much, 0, NULL, &n), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_neighbours_create_lists(comm, -1, &none, 0, NULL, &n), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_neighbours_create_stencil(comm, 2, ranks, periods, 0, NULL, &n), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_neighbours_create_stencil(comm, 0, ranks, periods, 0, NULL, &n), TRI_ERR_ARGUMENT);
    CHECK(!n, "a neighbourhood after an error");
    CHECK_OK(tri_neighbours_create_lists(comm, 1, &none, 1, &none, &n));
    CHECK_STATUS(tri_neighbour_alltoall(&x, 1, MPI_DATATYPE_NULL, &x, 1, MPI_DOUBLE, n), TRI_ERR_ARGUMENT);
    CHECK_STATUS(
        tri_ineighbour_allgather(&x, (size_t)-1, MPI_DOUBLE, &x, (size_t)-1, MPI_DOUBLE, n, &request),
        TRI_ERR_ARGUMENT);
    CHECK_OK(tri_neighbour_alltoall(&x, 1, MPI_DOUBLE, &x, 1, MPI_DOUBLE, n));
    tri_neighbours_destroy(&n);
    tri_neighbours_destroy(&n);
    tri_neighbours_destroy(NULL);
}

int main(int argc, char **argv) {
    tri_comm *comm = NULL, *reversed = NULL;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    lists *all = malloc((size_t)size * sizeof *all);
    if (!all) abort();
    for (int r = 0; r < size; r++)
        all[r] = lists_new();
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    CHECK_OK(tri_comm_split(comm, 0, -rank, &reversed));
    for (int dims = 1; dims <= 3; dims++)
        for (int periodic = 0; periodic < 2; periodic++)
            try_cart(all, dims, periodic);
    try_graph(all, reversed);
    try_old_graph(all);
    try_many(comm, all);
    try_wrong(comm);
    /* On a communicator whose ranks are others in the carrier. */
    rank = tri_comm_rank(reversed);
    for (int dims = 1; dims <= 3; dims++)
        for (int periodic = 0; periodic < 3; periodic++)
            try_stencil(all, reversed, dims, periodic, dims != 2 || periodic);
    for (int r = 0; r < size; r++)
        free(all[r].source);
    free(all);
    tri_comm_destroy(&reversed);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("neighbours");
}
