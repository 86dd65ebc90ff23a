/* Neighbourhoods: the lists of a rank's neighbours. */
#include "collectives/engine/neighbour.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/topology.h"

static void stencil_destroy(tri_stencil *s) {
    if (!s) return;
    free(s->ranks);
    free(s->offsets);
    free(s->first);
    free(s);
}

void tri_neighbours_destroy(tri_neighbours **neighbours) {
    if (!neighbours || !*neighbours) return;
    tri_neighbours *n = *neighbours;
    stencil_destroy(n->stencil);
    free(n->source);
    free(n->scratch);
    free(n);
    *neighbours = NULL;
}

/* With room for the lists. */
static tri_status make(tri_comm *comm, int sources, int destinations, tri_neighbours **out) {
    tri_neighbours *n = calloc(1, sizeof *n);
    if (sources < 0 || destinations < 0) {
        free(n);
        return tri_fail(TRI_ERR_ARGUMENT, "%d sources and %d destinations", sources, destinations);
    }
    if (n) n->source = malloc((2 * (size_t)sources + (size_t)destinations + 1) * sizeof *n->source);
    if (!n || !n->source) {
        free(n);
        return tri_fail(TRI_ERR_MEMORY, "out of memory for %d neighbours", sources);
    }
    n->comm = comm;
    n->sources = sources;
    n->destinations = destinations;
    n->order = n->source + sources;
    n->destination = n->order + sources;
    for (int i = 0; i < sources; i++)
        n->order[i] = i;
    *out = n;
    return TRI_OK;
}

/* Hands a neighbourhood over to the caller, or destroys it. */
static tri_status finish(tri_neighbours *n, tri_status status, tri_neighbours **out) {
    for (int i = 0; i < n->sources && status == TRI_OK; i++)
        if (n->source[i] == MPI_PROC_NULL) n->incomplete = 1;
    if (status == TRI_OK)
        *out = n;
    else
        tri_neighbours_destroy(&n);
    return status;
}

static tri_status check_ranks(const tri_comm *comm, int count, const int *ranks) {
    for (int i = 0; i < count; i++)
        if (ranks[i] != MPI_PROC_NULL && (ranks[i] < 0 || ranks[i] >= comm->size))
            return tri_fail(TRI_ERR_ARGUMENT, "neighbour %d is %d, not one of the %d ranks", i, ranks[i],
                            comm->size);
    return TRI_OK;
}

tri_status tri_neighbours_create_lists(tri_comm *comm, int sources, const int *source, int destinations,
                                       const int *destination, tri_neighbours **out) {
    tri_neighbours *n;
    TRI_TRY(check_ranks(comm, sources, source));
    TRI_TRY(check_ranks(comm, destinations, destination));
    TRI_TRY(make(comm, sources, destinations, &n));
    if (sources) memcpy(n->source, source, (size_t)sources * sizeof *source);
    if (destinations) memcpy(n->destination, destination, (size_t)destinations * sizeof *destination);
    return finish(n, TRI_OK, out);
}

/* ---- MPI's topologies ---- */

/* In a Cartesian grid what a rank sends downwards its lower neighbour receives from above, also where both
 * neighbours are one rank. */
static void pair_directions(tri_neighbours *n) {
    for (int i = 0; i < n->sources; i++)
        n->order[i] = i ^ 1;
}

tri_status tri_neighbours_create(MPI_Comm topology, tri_comm *comm, tri_neighbours **out) {
    int sources, destinations, directed;
    tri_neighbours *n;
    TRI_TRY(tri_topology_count(topology, comm, &sources, &destinations, &directed));
    TRI_TRY(make(comm, sources, destinations, &n));
    if (directed) pair_directions(n);
    return finish(n, tri_topology_read(topology, sources, n->source, destinations, n->destination), out);
}

/* ---- Stencils ---- */

/* The coordinate `by` from `at` in a dimension; -1: outside of the grid. */
static int moved(const tri_stencil *s, int dim, int at, int by) {
    int to = s->periodic[dim] ? (at + by % s->ranks[dim] + s->ranks[dim]) % s->ranks[dim] : at + by;
    return to >= 0 && to < s->ranks[dim] ? to : -1;
}

int tri_stencil_rank(const tri_stencil *s, int i, int sign) {
    int rank = 0;
    for (int d = 0; d < s->dims; d++) {
        int to = moved(s, d, s->at[d], sign * s->offsets[i * s->dims + d]);
        if (to < 0) return MPI_PROC_NULL;
        rank = rank * s->ranks[d] + to;
    }
    return rank;
}

int tri_stencil_shift(const tri_stencil *s, int dim, int by) {
    int rank = 0;
    for (int d = 0; d < s->dims; d++) {
        int to = moved(s, d, s->at[d], d == dim ? by : 0);
        if (to < 0) return MPI_PROC_NULL;
        rank = rank * s->ranks[d] + to;
    }
    return rank;
}

static int same_start(const tri_stencil *s, int dims, int i, int j) {
    return !dims ||
           !memcmp(s->offsets + i * s->dims, s->offsets + j * s->dims, (size_t)dims * sizeof *s->offsets);
}

static void find_first(tri_stencil *s) {
    for (int k = 0; k <= s->dims; k++)
        for (int i = 0; i < s->count; i++) {
            int j = 0;
            while (!same_start(s, k, i, j))
                j++;
            s->first[k * s->count + i] = j;
        }
}

static tri_status stencil_create(const tri_comm *comm, int dims, const int *ranks, const int *periodic,
                                 int count, const int *offsets, tri_stencil **out) {
    size_t d = (size_t)dims, c = (size_t)count;
    tri_stencil *s = calloc(1, sizeof *s);
    if (s) {
        s->ranks = malloc(3 * d * sizeof *s->ranks);
        s->offsets = malloc((c * d + 1) * sizeof *s->offsets);
        s->first = malloc((c * (d + 1) + 1) * sizeof *s->first);
    }
    if (!s || !s->ranks || !s->offsets || !s->first) {
        stencil_destroy(s);
        return tri_fail(TRI_ERR_MEMORY, "out of memory for a stencil of %d offsets", count);
    }
    s->dims = dims;
    s->count = count;
    s->periodic = s->ranks + dims;
    s->at = s->periodic + dims;
    memcpy(s->ranks, ranks, d * sizeof *ranks);
    memcpy(s->periodic, periodic, d * sizeof *periodic);
    if (count) memcpy(s->offsets, offsets, c * d * sizeof *offsets);
    for (int left = comm->rank, k = dims - 1; k >= 0; left /= ranks[k--])
        s->at[k] = left % ranks[k];
    find_first(s);
    *out = s;
    return TRI_OK;
}

tri_status tri_neighbours_create_stencil(tri_comm *comm, int dims, const int *ranks, const int *periodic,
                                         int count, const int *offsets, tri_neighbours **out) {
    int64_t all = dims > 0;
    tri_neighbours *n;
    for (int d = 0; d < dims && all <= comm->size; d++)
        all = ranks[d] > 0 ? all * ranks[d] : 0;
    if (all != comm->size)
        return tri_fail(TRI_ERR_ARGUMENT, "the grid of a stencil in %d dimensions does not have %d ranks",
                        dims, comm->size);
    TRI_TRY(make(comm, count, count, &n));
    tri_status status = stencil_create(comm, dims, ranks, periodic, count, offsets, &n->stencil);
    for (int i = 0; i < count && status == TRI_OK; i++) {
        n->destination[i] = tri_stencil_rank(n->stencil, i, 1);
        n->source[i] = tri_stencil_rank(n->stencil, i, -1);
    }
    return finish(n, status, out);
}

/* ---- What a program may ask ---- */

void tri_neighbours_select(tri_neighbours *neighbours, tri_neighbours_way way) {
    neighbours->way = way;
}

tri_neighbours_way tri_neighbours_last(const tri_neighbours *neighbours) {
    return neighbours->last;
}

const int *tri_neighbours_sources(const tri_neighbours *neighbours, int *count) {
    *count = neighbours->sources;
    return neighbours->source;
}

const int *tri_neighbours_destinations(const tri_neighbours *neighbours, int *count) {
    *count = neighbours->destinations;
    return neighbours->destination;
}
