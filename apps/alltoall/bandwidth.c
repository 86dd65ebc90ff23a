#include "apps/alltoall/bandwidth.h"

#include <stdlib.h>
#include <string.h>

enum { MESSAGE = 4 << 20, SAMPLES = 7, TAG = 1 };

/* Position of a rank in the order of nodes. */
static int player_of(const tri_comm *comm, int rank) {
    const int *members = tri_comm_shape(comm)->members;
    int player = 0;
    while (members[player] != rank)
        player++;
    return player;
}

int bandwidth_crosses(const tri_comm *comm, int a, int b) {
    int half = tri_comm_size(comm) / 2;
    return (player_of(comm, a) < half) != (player_of(comm, b) < half);
}

/* Seconds per exchange with `peer`, over `messages` exchanges; peer -1: none. All ranks start together;
 * maximum over ranks. */
static tri_status exchange(tri_run *run, int peer, const char *out, char *in, int messages, double *seconds) {
    TRI_TRY(tri_barrier(run->comm));
    double start = tri_now_s();
    for (int i = 0; i < messages && peer >= 0; i++)
        TRI_TRY(tri_exchange(out, MESSAGE, peer, in, MESSAGE, peer, MPI_BYTE, TAG, run->comm));
    *seconds = peer < 0 ? 0 : (tri_now_s() - start) / messages;
    return tri_allreduce(MPI_IN_PLACE, seconds, 1, MPI_DOUBLE, MPI_MAX, run->comm);
}

static tri_status measure(tri_run *run, int peer, int half, const char *out, char *in, double *out_per_s) {
    double seconds[SAMPLES];
    int messages = 1;
    /* The first exchange sets up the connection. A sample takes about 20 ms, long compared with
     * interruptions. */
    for (int i = 0; i < 2; i++)
        TRI_TRY(exchange(run, peer, out, in, 1, &seconds[0]));
    if (seconds[0] < 0.02) messages = 1 + (int)(0.02 / (seconds[0] + 1e-6));
    for (int i = 0; i < SAMPLES; i++)
        TRI_TRY(exchange(run, peer, out, in, messages, &seconds[i]));
    *out_per_s = 2.0 * half * MESSAGE / tri_summarise(seconds, SAMPLES).median;
    return TRI_OK;
}

/* Bytes per second between the two halves, both directions, as in apps/p2p: each rank of the lower half
 * with one of the upper half. Collective. */
static tri_status bisection(tri_run *run, double *out_per_s) {
    int half = tri_comm_size(run->comm) / 2, me = player_of(run->comm, tri_comm_rank(run->comm));
    const int *members = tri_comm_shape(run->comm)->members;
    int peer = me >= 2 * half ? -1 : members[me < half ? me + half : me - half];
    char *out = malloc(MESSAGE), *in = malloc(MESSAGE);
    tri_status status = out && in ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for two messages");
    status = tri_agree(run->comm, status);
    if (status == TRI_OK) {
        memset(out, 1, MESSAGE);
        status = measure(run, peer, half, out, in, out_per_s);
    }
    free(out);
    free(in);
    return status;
}

tri_status bandwidth_report(tri_run *run, double crossed, double seconds) {
    double most = 0;
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, &crossed, 1, MPI_DOUBLE, MPI_SUM, run->comm));
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, run->comm));
    TRI_TRY(bisection(run, &most));
    double rate = seconds > 0 ? crossed / seconds : 0;
    tri_report_real(run, "crossed", rate, "B/s",
                    "rate of the exchange between the lower and upper half of the ranks");
    tri_report_real(run, "bisection", most, "B/s",
                    "bandwidth between the lower and upper half of the ranks, both directions together");
    tri_report_real(run, "bisection_share", rate / most, "1", "crossed divided by bisection");
    return TRI_OK;
}
