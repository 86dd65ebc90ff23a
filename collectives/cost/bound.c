/* Lower bounds: what no algorithm can beat in the cost model (trireme/cost.h). */
#include <math.h>
#include <stdlib.h>

#include "trireme/cost.h"

/* When rank `rank`, in the order of knowing, can have told another, and how many it has told before. */
typedef struct telling {
    double known_s, told_s;
    int rank, told;
} telling;

/* Of equally early ones that of the lower rank. */
static int is_earlier(const telling *a, const telling *b) {
    return a->told_s < b->told_s || (a->told_s <= b->told_s && a->rank < b->rank);
}

/* Moves the first of a heap of `count` down to its place. */
static void sink(telling *heap, size_t count) {
    telling moved = heap[0];
    size_t at = 0;
    for (size_t next = 1; next < count; next = 2 * at + 1) {
        if (next + 1 < count && is_earlier(&heap[next + 1], &heap[next])) next++;
        if (!is_earlier(&heap[next], &moved)) break;
        heap[at] = heap[next];
        at = next;
    }
    heap[at] = moved;
}

/* The least time until `ranks` ranks know what one knew (Karp, Sahay, Santos, Schauser 1993, "Optimal broadcast and
 * summation in the LogP model", section 3): whoever knows tells another every `overhead`, who knows it after a
 * further latency and overhead. The k-th telling of the i-th to know can be placed greedily, earliest first. */
static double spread_s(int ranks, double overhead_s, double latency_s) {
    if (ranks < 2) return 0;
    telling *heap = malloc((size_t)ranks * sizeof *heap);
    if (!heap) return NAN;
    heap[0] = (telling){.told_s = overhead_s};
    double known_s = 0;
    for (int n = 1; n < ranks; n++) {
        known_s = heap[0].told_s + latency_s + overhead_s;
        heap[0].told++;
        heap[0].told_s = heap[0].known_s + overhead_s * (heap[0].told + 1);
        sink(heap, (size_t)n);
        /* Who has come to know it last is the last to tell, so it stands where it is put: behind all others. */
        heap[n] = (telling){.known_s = known_s, .told_s = known_s + overhead_s, .rank = n};
    }
    free(heap);
    return known_s;
}

/* Bytes that must leave or enter the busiest rank, and the busiest node's link. */
static void volumes(const tri_case *c, double *rank_bytes, double *link_bytes) {
    double p = c->ranks, n = c->nodes, local = c->largest, b = (double)c->bytes, remote = p - local;
    *rank_bytes = *link_bytes = 0;
    if (c->ranks < 2) return;
    switch (c->operation) {
    case TRI_BCAST:
    case TRI_REDUCE:
        *rank_bytes = b;
        *link_bytes = c->nodes > 1 ? b : 0;
        break;
    case TRI_ALLREDUCE:
        *rank_bytes = 2 * b * (p - 1) / p;
        *link_bytes = 2 * b * (n - 1) / n;
        break;
    case TRI_SCATTER:
    case TRI_GATHER:
    case TRI_ALLGATHER:
    case TRI_REDUCE_SCATTER:
        *rank_bytes = b * (p - 1);
        *link_bytes = b * remote;
        break;
    case TRI_ALLTOALL:
        *rank_bytes = b * (p - 1);
        *link_bytes = b * local * remote;
        break;
    case TRI_SCAN:
    case TRI_EXSCAN:
        *rank_bytes = b;
        *link_bytes = c->nodes > 1 ? b : 0;
        break;
    case TRI_BARRIER:
    case TRI_OPERATION_COUNT:
        break;
    }
}

double tri_lower_bound_s(const tri_case *c, const tri_network *net) {
    double rank_bytes, link_bytes;
    volumes(c, &rank_bytes, &link_bytes);
    double quick_latency = net->level[TRI_INSIDE].latency_s,
           quick_overhead = net->level[TRI_INSIDE].overhead_s;
    /* All ranks as if inside a node, and one rank of each node. */
    double everybody = spread_s(c->ranks, quick_overhead, quick_latency);
    double nodes = spread_s(c->nodes, net->level[TRI_BETWEEN].overhead_s, net->level[TRI_BETWEEN].latency_s);
    double rank_byte_s = fmin(net->level[TRI_INSIDE].rank_byte_s, net->level[TRI_BETWEEN].rank_byte_s);
    if (c->nodes == 1) rank_byte_s = net->level[TRI_INSIDE].rank_byte_s;
    if (c->largest == 1) rank_byte_s = net->level[TRI_BETWEEN].rank_byte_s;
    return fmax(fmax(everybody, nodes),
                fmax(rank_bytes * rank_byte_s, link_bytes * net->level[TRI_BETWEEN].node_byte_s));
}
