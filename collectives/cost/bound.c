/* Lower bounds that no algorithm can beat in the cost model (trireme/cost.h). */
#include <math.h>
#include <stdlib.h>

#include "trireme/cost.h"

/* A rank that has the data: when it got them, when its next send ends, and how many sends it has done. */
typedef struct sender {
    double informed_s, next_send_s;
    int rank, sent;
} sender;

/* Ties go to the lower rank. */
static int is_earlier(const sender *a, const sender *b) {
    return a->next_send_s < b->next_send_s || (a->next_send_s <= b->next_send_s && a->rank < b->rank);
}

/* Restores heap order after the first of `count` elements has grown. */
static void sink(sender *heap, size_t count) {
    sender moved = heap[0];
    size_t at = 0;
    for (size_t next = 1; next < count; next = 2 * at + 1) {
        if (next + 1 < count && is_earlier(&heap[next + 1], &heap[next])) next++;
        if (!is_earlier(&heap[next], &moved)) break;
        heap[at] = heap[next];
        at = next;
    }
    heap[at] = moved;
}

/* The least time to inform `ranks` ranks, starting from one (Karp, Sahay, Santos, Schauser 1993, "Optimal
 * broadcast and summation in the LogP model", section 3). An informed rank starts a send every `overhead`;
 * the receiver is informed a latency and an overhead later. Greedy, earliest send first. */
static double spread_s(int ranks, double overhead_s, double latency_s) {
    if (ranks < 2) return 0;
    sender *heap = malloc((size_t)ranks * sizeof *heap);
    if (!heap) return NAN;
    heap[0] = (sender){.next_send_s = overhead_s};
    double informed_s = 0;
    for (int n = 1; n < ranks; n++) {
        informed_s = heap[0].next_send_s + latency_s + overhead_s;
        heap[0].sent++;
        heap[0].next_send_s = heap[0].informed_s + overhead_s * (heap[0].sent + 1);
        sink(heap, (size_t)n);
        /* The rank informed last also sends last, so it belongs at the end of the heap. */
        heap[n] = (sender){.informed_s = informed_s, .next_send_s = informed_s + overhead_s, .rank = n};
    }
    free(heap);
    return informed_s;
}

/* Bytes that must leave or enter the busiest rank, and cross the busiest node's link. */
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
    double inside_latency = net->level[TRI_INSIDE].latency_s,
           inside_overhead = net->level[TRI_INSIDE].overhead_s;
    /* All ranks as if on one node, and one rank of each node. */
    double ranks_s = spread_s(c->ranks, inside_overhead, inside_latency);
    double nodes_s =
        spread_s(c->nodes, net->level[TRI_BETWEEN].overhead_s, net->level[TRI_BETWEEN].latency_s);
    double rank_byte_s = fmin(net->level[TRI_INSIDE].rank_byte_s, net->level[TRI_BETWEEN].rank_byte_s);
    if (c->nodes == 1) rank_byte_s = net->level[TRI_INSIDE].rank_byte_s;
    if (c->largest == 1) rank_byte_s = net->level[TRI_BETWEEN].rank_byte_s;
    return fmax(fmax(ranks_s, nodes_s),
                fmax(rank_bytes * rank_byte_s, link_bytes * net->level[TRI_BETWEEN].node_byte_s));
}
