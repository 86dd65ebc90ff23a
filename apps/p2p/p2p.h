/* Point to point: what the parts of apps/p2p know of each other. */
#ifndef TRIREME_APPS_P2P_H
#define TRIREME_APPS_P2P_H

#include "apps/driver/app.h"

/* The one list of what is measured between two ranks: X(name, text). */
#define P2P_KIND_LIST(X)                                                                                     \
    X(latency, "half of a round trip")                                                                       \
    X(forward, "a stream from the lower rank to the higher one")                                             \
    X(backward, "a stream from the higher rank to the lower one")                                            \
    X(both, "a stream each way at the same time")

typedef enum p2p_kind {
#define P2P_KIND_ENUM(name, text) P2P_##name,
    P2P_KIND_LIST(P2P_KIND_ENUM)
#undef P2P_KIND_ENUM
        P2P_KINDS
} p2p_kind;

/* The one list of orders in which a ring of ranks may exchange messages: X(name, text). */
#define P2P_ORDER_LIST(X)                                                                                    \
    X(unsafe, "everybody sends, then receives: works only while MPI buffers")                                \
    X(oddeven, "even ranks send first, odd ranks receive first")                                             \
    X(sendrecv, "MPI_Sendrecv: MPI does both at once")                                                       \
    X(nonblocking, "MPI_Irecv and MPI_Isend start both, MPI_Waitall ends both")

typedef enum p2p_order {
#define P2P_ORDER_ENUM(name, text) P2P_##name,
    P2P_ORDER_LIST(P2P_ORDER_ENUM)
#undef P2P_ORDER_ENUM
        P2P_ORDERS
} p2p_order;

/* What is measured, and what came out. A player is a rank that takes part: every rank, or the first of each node.
 * Players are numbered node by node, so that the two halves of them are halves of the machine. */
typedef struct p2p_state {
    /* Options. */
    const char *sizes_text, *plot;
    int samples, per, order, timeout_s;
    double duration_s, slow;
    bool strict;

    size_t *bytes; /* of a message, bytes[size], ascending */
    int sizes;
    int players, me;         /* me: -1 where this rank does not take part */
    int *rank_of;            /* rank_of[player] */
    char *out, *in;          /* as many bytes as the largest message */
    double *mine_s;          /* seconds for a message, mine_s[size][kind][round][sample] */
    double *bisection_per_s; /* bytes, both ways together, of each sample */
    double *ring_s;          /* of an exchange with --order, ring_s[size][sample] */
    /* On rank 0: */
    double *best_s;      /* seconds for a message, the best sample, best_s[size][kind][pair] */
    char slow_text[800]; /* who is slow; "": nobody */
    int slow_found;      /* how many ranks and pairs are */
    /* The first byte that was wrong here. */
    char wrong_text[160];
} p2p_state;

/* ---- p2p.c: plain MPI ---- */

/* Seconds for each message between this rank and `peer`, the mean of `messages`; both ranks of the pair call it. The
 * buffers hold `bytes` each. */
double p2p_time(MPI_Comm comm, int peer, p2p_kind kind, char *out, char *in, int bytes, int messages);

/* One exchange round a ring, in the given order. strict: MPI_Ssend instead of MPI_Send, which waits for its receiver
 * even where there is room in a buffer. */
void p2p_ring(MPI_Comm comm, p2p_order order, bool strict, const char *out, char *in, int bytes);

/* Waits until all ranks are here, asleep, so that those who still measure have the cores for themselves. */
void p2p_rest(MPI_Comm comm);

/* ---- p2p_rounds.c ---- */

/* A tournament: in each round every player meets one other (or, where their number is odd, one sits out), and after
 * all rounds everyone has met everyone (the circle method, Kirkman 1847). p2p_partner: -1 sits out. */
int p2p_rounds(int players);
int p2p_partner(int players, int round, int me);

/* Index of the pair (a, b) or (b, a) among all pairs in the order (0,1), (0,2), ..., (1,2), ...; and their number. */
size_t p2p_pair(int players, int a, int b);
size_t p2p_pairs(int players);

/* ---- p2p_verdict.c ---- */

/* Where slowness begins for a set of values: at `slow` times their median, or where they scatter more, at 6 scaled
 * median deviations above it. Sorts the values. */
double p2p_limit(double *values, size_t count, double slow);

/* Suspects players and pairs that are slower than the rest. seconds[pair] is the best of what was measured; NAN: not to
 * be compared. A player is suspect where even its best pair is beyond the limit, and its pairs are then left out; a pair
 * is suspect where it is beyond the limit itself. Fewer than three players or pairs to compare are never suspect. Sets
 * slow_player[player] and slow_pair[pair] to how many times as long as the median they take, or to 0. Returns how many
 * are suspect, or -1 without memory. */
int p2p_verdict(int players, const double *seconds, double slow, double *slow_player, double *slow_pair);

/* ---- p2p_measure.c ---- */

/* What byte number `at` of a message from `rank` is. */
char p2p_byte(int rank, size_t at);
/* Looks whether the bytes received are those that `from` has sent; where not, wrong_text says so. */
void p2p_check(p2p_state *s, int from, size_t bytes);

/* Measures all pairs, all of a round at once; fills mine_s. Collective. */
tri_status p2p_measure(tri_run *run, p2p_state *s);
/* `count` measurements of two players while all others sleep, one after the other, and all of them again, `times`
 * times: seconds[check][time]. Collective; the same checks on all ranks. */
typedef struct p2p_check_row {
    int size, kind, a, b;
} p2p_check_row;
tri_status p2p_measure_alone(tri_run *run, p2p_state *s, const p2p_check_row *checks, int count, int times,
                             double *seconds);
/* Bytes per second from the lower half of the players to the upper one and back at the same time. Collective. */
tri_status p2p_measure_bisection(tri_run *run, p2p_state *s);
/* On rank 0: samples[pair][sample] of one size and kind, as the lower player of each pair saw them. Collective. */
tri_status p2p_collect(tri_run *run, const p2p_state *s, int size, int kind, double *samples);

/* ---- p2p_find_slow.c ---- */

/* 1 where the pair is of two nodes. Pairs inside nodes and between them are judged apart. */
int p2p_class(const tri_run *run, const p2p_state *s, int a, int b);

/* Suspects by best_s, measures the suspects again alone, beside pairs that are not, and fills slow_text on rank 0.
 * Collective. */
tri_status p2p_find_slow(tri_run *run, p2p_state *s);

/* ---- p2p_order.c ---- */

/* The ring exchange of --order, each size s->samples times; fills ring_s. An exchange that takes more than timeout_s
 * ends the program with status 1. Collective. */
tri_status p2p_exchange(tri_run *run, p2p_state *s);

/* ---- p2p_record.c, p2p_plot.c ---- */

tri_status p2p_record(tri_run *run, p2p_state *s);
/* Two heat maps, of latency and of bandwidth, in an SVG file, by gnuplot. Rank 0 alone calls it. TRI_ERR_FILE: it
 * failed. */
tri_status p2p_plot(const p2p_state *s, const char *path);
/* best_s of one message from player a to player b; NAN: of the same. */
double p2p_one_way_s(const p2p_state *s, int size, int a, int b);

#endif
