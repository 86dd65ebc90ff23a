/* The ring exchange of --order, with a watchdog. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apps/p2p/p2p.h"

/* For the signal handler, which may call neither printf nor MPI. */
static char last_words[2048];

static void give_up(int signal) {
    (void)signal;
    ssize_t ignored = write(STDERR_FILENO, last_words, strlen(last_words));
    (void)ignored;
    tri_output_abandon();
    _exit(1);
}

/* Prepares the message. In the unsafe order each rank's send waits for the next rank. */
static void describe(const tri_run *run, const p2p_state *s) {
    static const char *const orders[] = {
#define P2P_ORDER_NAME(name, text) #name,
        P2P_ORDER_LIST(P2P_ORDER_NAME)
#undef P2P_ORDER_NAME
    };
    size_t at = (size_t)snprintf(last_words, sizeof last_words,
                                 "p2p: [rank %d of %d on %s] --order %s is stuck for %d s",
                                 tri_comm_rank(run->comm), tri_comm_size(run->comm), tri_comm_host(run->comm),
                                 orders[s->order - 1], s->timeout_s);
    if (s->order - 1 == P2P_unsafe) {
        at += (size_t)snprintf(last_words + at, sizeof last_words - at,
                               ": each rank waits in its send until the next one receives, 0");
        for (int r = 1; r <= tri_comm_size(run->comm) && at < sizeof last_words - 64; r++)
            at += (size_t)snprintf(last_words + at, sizeof last_words - at, " > %d",
                                   r % tri_comm_size(run->comm));
    }
    snprintf(last_words + at, sizeof last_words - at, "\n");
}

tri_status p2p_exchange(tri_run *run, p2p_state *s) {
    int me = tri_comm_rank(run->comm), size = tri_comm_size(run->comm), before = (me + size - 1) % size;
    /* Rank 0 reports for all; the others do so 5 s later in case it cannot. */
    unsigned timeout_s = (unsigned)s->timeout_s + (me ? 5 : 0);
    struct sigaction old, ours = {.sa_handler = give_up};
    describe(run, s);
    sigaction(SIGALRM, &ours, &old);
    tri_status status = TRI_OK;
    for (int i = 0; i < s->sizes; i++)
        for (int k = 0; k < s->samples && status == TRI_OK; k++) {
            size_t bytes = s->bytes[i];
            memset(s->in, 0, bytes);
            alarm(timeout_s);
            status = tri_barrier(run->comm);
            double start = tri_now_s();
            p2p_ring(MPI_COMM_WORLD, (p2p_order)(s->order - 1), s->strict, s->out, s->in, (int)bytes);
            double *seconds = &s->ring_s[(size_t)i * (size_t)s->samples + (size_t)k];
            *seconds = tri_now_s() - start;
            /* The time of the slowest rank. */
            if (status == TRI_OK)
                status = tri_allreduce(MPI_IN_PLACE, seconds, 1, MPI_DOUBLE, MPI_MAX, run->comm);
            alarm(0);
            p2p_check(s, before, bytes);
        }
    sigaction(SIGALRM, &old, NULL);
    return status;
}
