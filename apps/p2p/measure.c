/* Measures pairs of ranks, all pairs of a round at once, or a pair alone. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/p2p/p2p.h"

enum { TAG_MESSAGES = 2, MOST_MESSAGES = 1 << 20 };

char p2p_byte(int rank, size_t at) {
    return (char)(unsigned char)(at ^ (at >> 8) ^ (at >> 16) ^ ((unsigned)rank * 37u + 101u));
}

void p2p_check(p2p_state *s, int from, size_t bytes) {
    for (size_t i = 0; i < bytes && !*s->wrong_text; i++)
        if (s->in[i] != p2p_byte(from, i))
            snprintf(s->wrong_text, sizeof s->wrong_text, "byte %zu of %zu from rank %d is %d, not %d", i,
                     bytes, from, s->in[i], p2p_byte(from, i));
}

/* One sample; the received bytes are checked afterwards, outside the time. */
static double sample(p2p_state *s, int me, int peer, int size, int kind, int messages) {
    size_t bytes = s->bytes[size];
    bool receives = kind == P2P_latency || kind == P2P_both || (kind == P2P_forward) == (me > peer);
    memset(s->in, 0, bytes);
    double seconds = p2p_time(MPI_COMM_WORLD, peer, (p2p_kind)kind, s->out, s->in, (int)bytes, messages);
    if (receives) p2p_check(s, peer, bytes);
    return seconds;
}

/* Finds the number of messages of a sample: enough to fill the duration. The lower rank decides. The first
 * message sets up the connection and does not count. */
static tri_status find_messages(tri_run *run, p2p_state *s, int peer, int size, int kind, int *messages) {
    int me = tri_comm_rank(run->comm), next = 1, sent = 1;
    double seconds = sample(s, me, peer, size, kind, 1);
    do {
        sent = next;
        seconds = sample(s, me, peer, size, kind, sent);
        if (seconds * sent < s->duration_s && sent < MOST_MESSAGES) {
            double enough = fmin(1.2 * s->duration_s / fmax(seconds, 1e-9), MOST_MESSAGES);
            /* In steps, since an estimate from one slow message would be too low, and from one fast
             * message too high. */
            next = (int)fmax(2.0 * sent, fmin(enough, 32.0 * sent));
            if (next > MOST_MESSAGES) next = MOST_MESSAGES;
        }
        if (me < peer)
            TRI_TRY(tri_send(&next, 1, MPI_INT, peer, TAG_MESSAGES, run->comm));
        else
            TRI_TRY(tri_recv(&next, 1, MPI_INT, peer, TAG_MESSAGES, run->comm));
    } while (next != sent);
    *messages = sent;
    return TRI_OK;
}

static double *samples_of(const p2p_state *s, int size, int kind, int round) {
    size_t row = ((size_t)size * P2P_KINDS + (size_t)kind) * (size_t)p2p_rounds(s->players) + (size_t)round;
    return s->mine_s + row * (size_t)s->samples;
}

tri_status p2p_measure(tri_run *run, p2p_state *s) {
    int rounds = p2p_rounds(s->players), me = tri_comm_rank(run->comm);
    for (int round = 0; round < rounds; round++) {
        int partner = s->me < 0 ? -1 : p2p_partner(s->players, round, s->me);
        for (int size = 0; size < s->sizes; size++)
            for (int kind = 0; kind < P2P_KINDS; kind++) {
                double *mine = samples_of(s, size, kind, round);
                int messages;
                if (partner >= 0) TRI_TRY(find_messages(run, s, s->rank_of[partner], size, kind, &messages));
                for (int i = 0; i < s->samples; i++)
                    mine[i] = partner < 0 ? NAN : sample(s, me, s->rank_of[partner], size, kind, messages);
                p2p_rest(MPI_COMM_WORLD);
            }
        tri_progress(run, "measuring", round + 1.0, rounds, "rounds");
    }
    return TRI_OK;
}

tri_status p2p_measure_alone(tri_run *run, p2p_state *s, const p2p_check_row *checks, int count, int times,
                             double *seconds) {
    int *messages = calloc((size_t)count + 1, sizeof *messages), me = tri_comm_rank(run->comm);
    tri_status status = messages ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %d checks", count);
    status = tri_agree(run->comm, status);
    /* All checks in turn, several times, so that a disturbance affects suspects and references alike. */
    for (int i = 0; i < times && status == TRI_OK; i++)
        for (int c = 0; c < count && status == TRI_OK; c++) {
            const p2p_check_row *check = &checks[c];
            double *mine = &seconds[c * times + i];
            *mine = INFINITY;
            if (s->me == check->a || s->me == check->b) {
                int peer = s->rank_of[s->me == check->a ? check->b : check->a];
                if (!messages[c])
                    status = find_messages(run, s, peer, check->size, check->kind, &messages[c]);
                if (status == TRI_OK) *mine = sample(s, me, peer, check->size, check->kind, messages[c]);
            }
            p2p_rest(MPI_COMM_WORLD);
        }
    free(messages);
    TRI_TRY(status);
    return tri_allreduce(MPI_IN_PLACE, seconds, (size_t)count * (size_t)times, MPI_DOUBLE, MPI_MIN,
                         run->comm);
}

tri_status p2p_measure_bisection(tri_run *run, p2p_state *s) {
    int half = s->players / 2, size = s->sizes - 1, me = tri_comm_rank(run->comm), messages = 1;
    bool takes_part = s->me >= 0 && s->me < 2 * half;
    int peer = takes_part ? s->rank_of[s->me < half ? s->me + half : s->me - half] : -1;
    if (!half) return TRI_OK;
    if (takes_part) TRI_TRY(find_messages(run, s, peer, size, P2P_both, &messages));
    /* The same number on all ranks, so that all are busy from beginning to end. */
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, &messages, 1, MPI_INT, MPI_MAX, run->comm));
    for (int i = 0; i < s->samples; i++) {
        TRI_TRY(tri_barrier(run->comm));
        double slowest = takes_part ? sample(s, me, peer, size, P2P_both, messages) : 0;
        TRI_TRY(tri_allreduce(MPI_IN_PLACE, &slowest, 1, MPI_DOUBLE, MPI_MAX, run->comm));
        s->bisection_per_s[i] = 2.0 * half * (double)s->bytes[size] / slowest;
    }
    return TRI_OK;
}

/* From [player][round][sample] to [pair][sample]. */
static void by_pair(const p2p_state *s, const double *all, double *samples) {
    int rounds = p2p_rounds(s->players);
    size_t width = (size_t)s->samples;
    for (int p = 0; p < s->players; p++)
        for (int round = 0; round < rounds; round++) {
            int partner = p2p_partner(s->players, round, p);
            if (partner < p) continue;
            memcpy(samples + p2p_pair(s->players, p, partner) * width,
                   all + ((size_t)p * (size_t)rounds + (size_t)round) * width, width * sizeof *samples);
        }
}

tri_status p2p_collect(tri_run *run, const p2p_state *s, int size, int kind, double *samples) {
    size_t ranks = (size_t)tri_comm_size(run->comm),
           each = (size_t)p2p_rounds(s->players) * (size_t)s->samples;
    int root = tri_comm_rank(run->comm) == 0;
    double *all = root ? malloc(((size_t)s->players * each + 1) * sizeof *all) : NULL;
    size_t *counts = calloc(ranks, sizeof *counts);
    ptrdiff_t *displs = calloc(ranks, sizeof *displs);
    tri_status status =
        counts && displs && (all || !root) ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for all samples");
    status = tri_agree(run->comm, status);
    for (int p = 0; p < s->players && status == TRI_OK; p++) {
        counts[s->rank_of[p]] = each;
        displs[s->rank_of[p]] = (ptrdiff_t)((size_t)p * each);
    }
    if (status == TRI_OK)
        status = tri_gatherv(samples_of(s, size, kind, 0), s->me < 0 ? 0 : each, MPI_DOUBLE, all, counts,
                             displs, MPI_DOUBLE, 0, run->comm);
    if (status == TRI_OK && root) by_pair(s, all, samples);
    free(counts);
    free(displs);
    free(all);
    return status;
}
