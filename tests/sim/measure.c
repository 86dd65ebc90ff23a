/* measure NET OPERATION:ALGORITHM:BYTES...: simulated times of collective calls, run by smpirun
 * (simulate.py).
 *
 * ALGORITHM is a name of the list, "choice", or "mpi" for SMPI's own call (smpirun sets its selector).
 * BYTES are of the vector, or of one block. NET gives the network numbers for the choice: latency,
 * overhead, byte, rank's byte, node's byte, in us and ns, inside and between nodes:
 * "0.2,0.2,0.1,0,0.00625/1,0.2,0.08,0.08,0.08".
 *
 * All ranks start at the same instant of simulated time, after one uncounted call; the time of a call is
 * that of the last rank to return. Rank 0 prints one line per call, "operation algorithm bytes
 * simulated_us predicted_us chosen", with "wrong" as the time if the data are wrong, and finally "measured
 * N": SimGrid always exits with status 0, so the last line indicates success.
 *
 * SimGrid runs all ranks in one process, one at a time, so they share the statics here: ranks agree
 * through them without messages.
 */
#include <simgrid/barrier.h>
#include <simgrid/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectives/engine/engine.h"
#include "trireme/algorithms.h"
#include "trireme/collectives.h"
#include "trireme/select.h"

typedef struct cell {
    tri_operation operation;
    char algorithm[64];
    size_t bytes;
} cell;

static sg_bar_t all_ranks;
static double last_out;
static long wrong;

/* Input and output of a rank: vectors of doubles, or blocks of bytes. */
typedef struct buffers {
    char *send, *recv;
    size_t bytes;
    int rank, size;
} buffers;

enum { STEPS = 4093, EAGER = 8191 }; /* messages of 8192 bytes wait for the receiver: simulate.py */

static int combines(tri_operation o) {
    return o == TRI_REDUCE || o == TRI_ALLREDUCE || o == TRI_REDUCE_SCATTER || o == TRI_SCAN ||
           o == TRI_EXSCAN;
}

static void *room(size_t bytes) {
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory) {
        fprintf(stderr, "measure: no memory for %zu bytes\n", bytes);
        exit(3);
    }
    return memory;
}

/* The bytes from one rank to another are a window of one stream, shifted by the pair of ranks. */
static const char *window(int from, int to, size_t bytes) {
    static char *stream;
    static size_t length;
    if (length < bytes + STEPS) {
        free(stream);
        length = bytes + STEPS;
        stream = room(length);
        unsigned state = 1;
        for (size_t i = 0; i < length; i++)
            stream[i] = (char)((state = state * 1664525u + 1013904223u) >> 24);
    }
    return stream + ((size_t)from * 61 + (size_t)to * 1031) % STEPS;
}

static int send_blocks(tri_operation o, const buffers *b) {
    int root = !b->rank;
    if (o == TRI_ALLTOALL || (o == TRI_SCATTER && root)) return b->size;
    return o == TRI_SCATTER || o == TRI_BCAST || o == TRI_BARRIER ? 0 : 1;
}

static int recv_blocks(tri_operation o, const buffers *b) {
    int root = !b->rank;
    if (o == TRI_ALLTOALL || o == TRI_ALLGATHER || (o == TRI_GATHER && root)) return b->size;
    return o == TRI_BARRIER || ((o == TRI_GATHER || o == TRI_REDUCE) && !root) ? 0 : 1;
}

static double element(int rank, size_t i) {
    return (double)(rank + 1) * (double)(i % 1021 + 1);
}

static void fill(tri_operation o, buffers *b) {
    size_t sends = (size_t)send_blocks(o, b), recvs = (size_t)recv_blocks(o, b);
    b->send = room(sends * b->bytes);
    b->recv = room(recvs * b->bytes);
    memset(b->recv, 0x55, recvs * b->bytes);
    if (combines(o)) {
        for (size_t i = 0; i < b->bytes / sizeof(double); i++)
            ((double *)(void *)b->send)[i] = element(b->rank, i);
        return;
    }
    /* Gather and allgather send the same block to all ranks. */
    for (size_t to = 0; to < sends; to++)
        memcpy(b->send + to * b->bytes, window(b->rank, sends > 1 ? (int)to : 0, b->bytes), b->bytes);
    if (o == TRI_BCAST && !b->rank) memcpy(b->recv, window(0, 0, b->bytes), b->bytes);
}

static int right(tri_operation o, const buffers *b) {
    size_t recvs = (size_t)recv_blocks(o, b);
    if (combines(o)) {
        double ranks = (double)b->size * (b->size + 1) / 2;
        for (size_t i = 0; recvs && i < b->bytes / sizeof(double); i++)
            if (((double *)(void *)b->recv)[i] != ranks * (double)(i % 1021 + 1)) return 0;
        return 1;
    }
    int mine = o == TRI_ALLTOALL || o == TRI_SCATTER ? b->rank : 0;
    for (size_t from = 0; from < recvs; from++)
        if (memcmp(b->recv + from * b->bytes, window(recvs > 1 ? (int)from : 0, mine, b->bytes), b->bytes))
            return 0;
    return 1;
}

static tri_status call_tri(tri_operation o, buffers *b, tri_comm *comm) {
    size_t n = b->bytes, elements = n / sizeof(double);
    switch (o) {
    case TRI_BARRIER:
        return tri_barrier(comm);
    case TRI_BCAST:
        return tri_bcast(b->recv, n, MPI_CHAR, 0, comm);
    case TRI_SCATTER:
        return tri_scatter(b->send, n, MPI_CHAR, b->recv, n, MPI_CHAR, 0, comm);
    case TRI_GATHER:
        return tri_gather(b->send, n, MPI_CHAR, b->recv, n, MPI_CHAR, 0, comm);
    case TRI_ALLGATHER:
        return tri_allgather(b->send, n, MPI_CHAR, b->recv, n, MPI_CHAR, comm);
    case TRI_ALLTOALL:
        return tri_alltoall(b->send, n, MPI_CHAR, b->recv, n, MPI_CHAR, comm);
    case TRI_REDUCE:
        return tri_reduce(b->send, b->recv, elements, MPI_DOUBLE, MPI_SUM, 0, comm);
    case TRI_ALLREDUCE:
        return tri_allreduce(b->send, b->recv, elements, MPI_DOUBLE, MPI_SUM, comm);
    default:
        return tri_fail(TRI_ERR_ARGUMENT, "measure cannot call %s", tri_operation_name(o));
    }
}

static tri_status call_mpi(tri_operation o, buffers *b, tri_comm *of) {
    int n = (int)b->bytes, elements = n / (int)sizeof(double);
    MPI_Comm comm = tri_comm_mpi(of);
    switch (o) {
    case TRI_BARRIER:
        TRI_MPI(MPI_Barrier(comm));
        break;
    case TRI_BCAST:
        TRI_MPI(MPI_Bcast(b->recv, n, MPI_CHAR, 0, comm));
        break;
    case TRI_SCATTER:
        TRI_MPI(MPI_Scatter(b->send, n, MPI_CHAR, b->recv, n, MPI_CHAR, 0, comm));
        break;
    case TRI_GATHER:
        TRI_MPI(MPI_Gather(b->send, n, MPI_CHAR, b->recv, n, MPI_CHAR, 0, comm));
        break;
    case TRI_ALLGATHER:
        TRI_MPI(MPI_Allgather(b->send, n, MPI_CHAR, b->recv, n, MPI_CHAR, comm));
        break;
    case TRI_ALLTOALL:
        TRI_MPI(MPI_Alltoall(b->send, n, MPI_CHAR, b->recv, n, MPI_CHAR, comm));
        break;
    case TRI_REDUCE:
        TRI_MPI(MPI_Reduce(b->send, b->recv, elements, MPI_DOUBLE, MPI_SUM, 0, comm));
        break;
    case TRI_ALLREDUCE:
        TRI_MPI(MPI_Allreduce(b->send, b->recv, elements, MPI_DOUBLE, MPI_SUM, comm));
        break;
    default:
        return tri_fail(TRI_ERR_ARGUMENT, "measure cannot call %s", tri_operation_name(o));
    }
    return TRI_OK;
}

/* Simulated seconds of one call; equal on all ranks. */
static tri_status timed(const cell *c, buffers *b, tri_comm *comm, double *out) {
    last_out = 0;
    sg_barrier_wait(all_ranks);
    double in = simgrid_get_clock();
    tri_status status =
        strcmp(c->algorithm, "mpi") ? call_tri(c->operation, b, comm) : call_mpi(c->operation, b, comm);
    double now = simgrid_get_clock();
    if (now > last_out) last_out = now;
    sg_barrier_wait(all_ranks);
    *out = last_out - in;
    return status;
}

/* Index of the algorithm that ran, or -1 for SMPI's own. */
static int what_ran(const cell *c, const tri_comm *comm, const tri_network *net, double *predicted_s) {
    const tri_shape *shape = tri_comm_shape(comm);
    tri_case asked = {.operation = c->operation,
                      .ranks = tri_comm_size(comm),
                      .nodes = shape->nodes,
                      .largest = shape->largest,
                      .bytes = c->operation == TRI_BARRIER ? 1 : c->bytes,
                      .commutes = 1};
    for (int rank = 0; rank < asked.ranks; rank++)
        if (shape->node_of[rank] != rank / shape->largest) asked.irregular = 1;
    int index = strcmp(c->algorithm, "choice") ? -1 : tri_algorithm_choose(&asked, net);
    for (int i = 0; i < tri_algorithm_count(); i++)
        if (tri_algorithm_operation(i) == c->operation && !strcmp(tri_algorithm_name(i), c->algorithm))
            index = i;
    *predicted_s = index < 0 ? 0 : tri_algorithm_time_s(index, &asked, net);
    return index < 0 || tri_algorithm_can(index, &asked) ? index : -2;
}

static tri_status measure(const cell *c, const tri_network *net, tri_comm *comm) {
    buffers b = {.bytes = c->bytes, .rank = tri_comm_rank(comm), .size = tri_comm_size(comm)};
    double predicted_s, warm_s, time_s;
    int index = what_ran(c, comm, net, &predicted_s);
    if (index == -2) {
        if (!b.rank)
            printf("%s %s %zu cannot 0 -\n", tri_operation_name(c->operation), c->algorithm, c->bytes);
        return TRI_OK;
    }
    char names[128] = "";
    if (index >= 0 && strcmp(c->algorithm, "choice"))
        snprintf(names, sizeof names, "%s:%s", tri_operation_name(c->operation), c->algorithm);
    TRI_TRY(tri_comm_select(comm, names));
    fill(c->operation, &b);
    TRI_TRY(timed(c, &b, comm, &warm_s));
    TRI_TRY(timed(c, &b, comm, &time_s));
    if (!right(c->operation, &b)) wrong++;
    free(b.send);
    free(b.recv);
    sg_barrier_wait(all_ranks);
    if (!b.rank) {
        printf("%s %s %zu ", tri_operation_name(c->operation), c->algorithm, c->bytes);
        if (wrong)
            printf("wrong");
        else
            printf("%.4f", time_s * 1e6);
        printf(" %.4f %s\n", predicted_s * 1e6, index < 0 ? "-" : tri_algorithm_name(index));
        fflush(stdout);
        wrong = 0;
    }
    sg_barrier_wait(all_ranks);
    return TRI_OK;
}

static tri_status parse_cell(const char *text, cell *out) {
    char operation[32];
    if (sscanf(text, "%31[^:]:%63[^:]:%zu", operation, out->algorithm, &out->bytes) == 3)
        for (int o = 0; o < TRI_OPERATION_COUNT; o++)
            if (!strcmp(tri_operation_name((tri_operation)o), operation)) {
                out->operation = (tri_operation)o;
                return TRI_OK;
            }
    return tri_fail(TRI_ERR_ARGUMENT, "'%s' is not OPERATION:ALGORITHM:BYTES", text);
}

static tri_status parse_net(const char *text, tri_network *out) {
    double v[TRI_LEVELS][5];
    if (sscanf(text, "%lf,%lf,%lf,%lf,%lf/%lf,%lf,%lf,%lf,%lf", &v[0][0], &v[0][1], &v[0][2], &v[0][3],
               &v[0][4], &v[1][0], &v[1][1], &v[1][2], &v[1][3], &v[1][4]) != 10)
        return tri_fail(TRI_ERR_ARGUMENT, "'%s' is not a network", text);
    tri_network net = {.eager_bytes = EAGER};
    for (int l = 0; l < TRI_LEVELS; l++) {
        net.level[l].latency_s = v[l][0] * 1e-6;
        net.level[l].overhead_s = v[l][1] * 1e-6;
        net.level[l].byte_s = v[l][2] * 1e-9;
        net.level[l].rank_byte_s = v[l][3] * 1e-9;
        net.level[l].node_byte_s = v[l][4] * 1e-9;
    }
    *out = net;
    return TRI_OK;
}

static tri_status run(int argc, char **argv, tri_comm *comm) {
    tri_network net;
    if (argc < 3) return tri_fail(TRI_ERR_ARGUMENT, "usage: measure NET OPERATION:ALGORITHM:BYTES...");
    TRI_TRY(parse_net(argv[1], &net));
    tri_comm_set_network(comm, &net);
    for (int i = 2; i < argc; i++) {
        cell c;
        TRI_TRY(parse_cell(argv[i], &c));
        TRI_TRY(measure(&c, &net, comm));
    }
    if (!tri_comm_rank(comm)) printf("measured %d\n", argc - 2);
    return TRI_OK;
}

/* SMPI's ranks are threads of one process on the host's cores: shared memory has no cost in the
 * simulation. */
static void share_nothing(tri_comm *comm) {
    tri_state_of(comm)->shares = 0;
}

int main(int argc, char **argv) {
    tri_comm *comm = NULL;
    int size;
    MPI_Init(&argc, &argv);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (!all_ranks) all_ranks = sg_barrier_init((unsigned)size);
    tri_status status = tri_comm_create(MPI_COMM_WORLD, &comm);
    if (status == TRI_OK) share_nothing(comm);
    if (status == TRI_OK) status = run(argc, argv, comm);
    if (status != TRI_OK) fprintf(stderr, "measure: %s\n", tri_error_text());
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return tri_status_exit(status);
}
