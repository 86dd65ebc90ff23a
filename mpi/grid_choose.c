/* Exhaustive search for the best grid: all factorisations of the number of ranks into three factors, and
 * for each all factorisations of the ranks per node. 4096 ranks in nodes of 64 give a few thousand
 * candidates. */
#include "mpi/grid.h"

/* Points of a plane perpendicular to dimension d. */
static size_t area(const size_t points[], int d) {
    size_t all = 1;
    for (int i = 0; i < TRI_GRID_DIMS; i++)
        if (i != d) all *= points[i];
    return all;
}

/* Assumes blocks of equal size. Both sides of a plane between ranks send it. */
static tri_grid_cost cost(const size_t points[], const int ranks[], const int block[]) {
    tri_grid_cost p = {.largest = 1};
    for (int d = 0; d < TRI_GRID_DIMS; d++) {
        size_t count = (size_t)ranks[d], nodes = count / (size_t)block[d];
        p.idle |= count > points[d];
        p.between_ranks += 2 * (count - 1) * area(points, d);
        p.between_nodes += 2 * (nodes - 1) * area(points, d);
        p.largest *= points[d] / count + (points[d] % count != 0);
    }
    return p;
}

static int is_less(const tri_grid_cost *a, const tri_grid_cost *b) {
    if (a->idle != b->idle) return a->idle < b->idle;
    if (a->between_nodes != b->between_nodes) return a->between_nodes < b->between_nodes;
    if (a->between_ranks != b->between_ranks) return a->between_ranks < b->between_ranks;
    return a->largest < b->largest;
}

/* Next factorisation of `product` into three factors, in descending order of the first; starts with
 * factor[0] = 0. Returns 0 after the last. */
static int next_factors(int product, int factor[]) {
    if (!factor[0]) {
        factor[0] = product;
        factor[1] = factor[2] = 1;
        return 1;
    }
    int rest = product / factor[0];
    for (factor[1]--; factor[1] >= 1; factor[1]--)
        if (rest % factor[1] == 0) {
            factor[2] = rest / factor[1];
            return 1;
        }
    for (factor[0]--; factor[0] >= 1; factor[0]--)
        if (product % factor[0] == 0) {
            factor[1] = product / factor[0];
            factor[2] = 1;
            return 1;
        }
    return 0;
}

static int divides(const int block[], const int ranks[]) {
    for (int d = 0; d < TRI_GRID_DIMS; d++)
        if (ranks[d] % block[d]) return 0;
    return 1;
}

static int as_asked(const int ranks[], const int fixed[]) {
    for (int d = 0; d < TRI_GRID_DIMS; d++)
        if (fixed[d] && fixed[d] != ranks[d]) return 0;
    return 1;
}

int tri_grid_choose(const size_t points[], const int fixed[], int ranks, int together, int out_ranks[],
                    int out_block[]) {
    tri_grid_cost best = {0};
    int found = 0, trial[TRI_GRID_DIMS] = {0};
    while (next_factors(ranks, trial)) {
        int block[TRI_GRID_DIMS] = {0};
        while (as_asked(trial, fixed) && next_factors(together, block)) {
            if (!divides(block, trial)) continue;
            tri_grid_cost p = cost(points, trial, block);
            if (found && !is_less(&p, &best)) continue;
            best = p;
            found = 1;
            for (int d = 0; d < TRI_GRID_DIMS; d++) {
                out_ranks[d] = trial[d];
                out_block[d] = block[d];
            }
        }
    }
    return found;
}
