/* The interfaces between the files of apps/p2p. */
#ifndef TRIREME_APPS_P2P_H
#define TRIREME_APPS_P2P_H

#include "apps/driver/app.h"

/* The kinds of measurements of a pair: X(name, text). */
#define P2P_KIND_LIST(X)                                                                                     \
    X(latency, "half a round trip")                                                                          \
    X(forward, "a stream from the lower rank to the higher one")                                             \
    X(backward, "a stream from the higher rank to the lower one")                                            \
    X(both, "concurrent streams in both directions")

typedef enum p2p_kind {
#define P2P_KIND_ENUM(name, text) P2P_##name,
    P2P_KIND_LIST(P2P_KIND_ENUM)
#undef P2P_KIND_ENUM
        P2P_KINDS
} p2p_kind;

/* The orders of calls for an exchange around a ring: X(name, text). */
#define P2P_ORDER_LIST(X)                                                                                    \
    X(unsafe, "every rank sends, then receives: works only if MPI buffers the messages")                     \
    X(oddeven, "even ranks send first, odd ranks receive first")                                             \
    X(sendrecv, "MPI_Sendrecv: both at once")                                                                \
    X(nonblocking, "MPI_Irecv and MPI_Isend, then MPI_Waitall")

typedef enum p2p_order {
#define P2P_ORDER_ENUM(name, text) P2P_##name,
    P2P_ORDER_LIST(P2P_ORDER_ENUM)
#undef P2P_ORDER_ENUM
        P2P_ORDERS
} p2p_order;

/* Options, samples and results. A player is a rank that takes part: every rank, or the first one of each
 * node. Players are numbered node by node, so that halves of the players are halves of the machine. */
typedef struct p2p_state {
    /* Options. */
    const char *sizes_text, *plot;
    int samples, per, order, timeout_s;
    double duration_s, slow;
    bool strict;

    size_t *bytes; /* of a message, bytes[size], ascending */
    int sizes;
    int players, me;         /* me: player number of this rank; -1: it does not take part */
    int *rank_of;            /* rank_of[player] */
    char *out, *in;          /* buffers of the largest size */
    double *mine_s;          /* seconds per message, mine_s[size][kind][round][sample] */
    double *bisection_per_s; /* bytes per second of each sample, both directions together */
    double *ring_s;          /* seconds of an exchange with --order, ring_s[size][sample] */
    /* On rank 0: */
    double *best_s;      /* seconds per message of the best sample, best_s[size][kind][pair] */
    char slow_text[800]; /* the slow ranks and pairs; "": none */
    int slow_found;      /* their number */
    /* The first wrong byte on this rank; "": none. */
    char wrong_text[160];
} p2p_state;

/* ---- lesson.c: plain MPI ---- */

/* Mean seconds per message over `messages` messages between this rank and `peer`. Both ranks of the pair
 * call it. The buffers have `bytes` each. */
double p2p_time(MPI_Comm comm, int peer, p2p_kind kind, char *out, char *in, int bytes, int messages);

/* One exchange around a ring in the given order of calls. strict: MPI_Ssend, which always waits for its
 * receiver, instead of MPI_Send. Collective. */
void p2p_ring(MPI_Comm comm, p2p_order order, bool strict, const char *out, char *in, int bytes);

/* A barrier that sleeps while it waits, so that ranks that still measure have the cores. */
void p2p_rest(MPI_Comm comm);

/* ---- pairing.c ---- */

/* A round-robin schedule (the circle method, Kirkman 1847): in each round every player has one partner;
 * with an odd number of players one is idle. After all rounds every pair has met once. p2p_partner: -1 if
 * idle. */
int p2p_rounds(int players);
int p2p_partner(int players, int round, int me);

/* Index of the pair (a, b) or (b, a) in the order (0,1), (0,2), ..., (1,2), ...; number of pairs. */
size_t p2p_pair(int players, int a, int b);
size_t p2p_pairs(int players);

/* ---- verdict.c ---- */

/* The limit of a set of values: the larger of `slow` times their median and 6 scaled median deviations
 * above it. Sorts the values. */
double p2p_limit(double *values, size_t count, double slow);

/* Finds suspects: players and pairs that are slower than the rest. seconds[pair]: the best sample; NAN:
 * not compared. A player is suspect if even its best pair is beyond the limit; its pairs are then
 * excluded. A pair is suspect if it is beyond the limit. With fewer than three players or pairs none is
 * suspect. Sets slow_player[player] and slow_pair[pair] to the multiple of the median, or 0. Returns the
 * number of suspects, or -1 without memory. */
int p2p_verdict(int players, const double *seconds, double slow, double *slow_player, double *slow_pair);

/* ---- measure.c ---- */

/* Byte `at` of a message from `rank`. */
char p2p_byte(int rank, size_t at);
/* Compares the received bytes with those of rank `from`; sets wrong_text if they differ. */
void p2p_check(p2p_state *s, int from, size_t bytes);

/* Measures all pairs, the pairs of a round concurrently; fills mine_s. Collective. */
tri_status p2p_measure(tri_run *run, p2p_state *s);
/* Measures `count` pairs one at a time while all other ranks sleep, and repeats that `times` times:
 * seconds[check][time]. Collective; the same checks on all ranks. */
typedef struct p2p_check_row {
    int size, kind, a, b;
} p2p_check_row;
tri_status p2p_measure_alone(tri_run *run, p2p_state *s, const p2p_check_row *checks, int count, int times,
                             double *seconds);
/* Measures bytes per second between the lower and upper half of the players, both directions concurrently.
 * Collective. */
tri_status p2p_measure_bisection(tri_run *run, p2p_state *s);
/* Gathers samples[pair][sample] of one size and kind to rank 0, as measured by the lower player of each
 * pair. Collective. */
tri_status p2p_collect(tri_run *run, const p2p_state *s, int size, int kind, double *samples);

/* ---- suspects.c ---- */

/* 1: the pair is on two nodes, 0: on one. The two classes are compared separately. */
int p2p_class(const tri_run *run, const p2p_state *s, int a, int b);

/* Finds suspects by best_s, measures them again alone, in turn with other pairs, and fills slow_text on
 * rank 0. Collective. */
tri_status p2p_find_slow(tri_run *run, p2p_state *s);

/* ---- order.c ---- */

/* The ring exchange of --order, s->samples times for each size; fills ring_s. An exchange longer than
 * timeout_s ends the program with status 1. Collective. */
tri_status p2p_exchange(tri_run *run, p2p_state *s);

/* ---- record.c, plot.c ---- */

tri_status p2p_record(tri_run *run, p2p_state *s);
/* Draws heat maps of latency and bandwidth to an SVG file. Rank 0 only. TRI_ERR_FILE: it
 * failed. */
tri_status p2p_plot(const tri_run *run, const p2p_state *s);
/* best_s of a message from player a to player b; NAN if a == b. */
double p2p_one_way_s(const p2p_state *s, int size, int a, int b);

#endif
