/* Placement of ranks in the grid: the ranks of each node, in node order, fill one block after another. */
#include "mpi/grid.h"

#include <stdlib.h>
#include <string.h>

#include "mpi/comm.h"
#include "trireme/size.h"

static int greatest_divisor(int a, int b) {
    while (b) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Ranks per block: the greatest common divisor of the node sizes. */
static int ranks_together(const tri_shape *shape) {
    int together = 0;
    for (int node = 0; node < shape->nodes; node++)
        together = greatest_divisor(shape->node_start[node + 1] - shape->node_start[node], together);
    return together;
}

static void position_of(int index, const int size[], int at[]) {
    for (int d = TRI_GRID_DIMS - 1; d >= 0; d--) {
        at[d] = index % size[d];
        index /= size[d];
    }
}

static int index_of(const int at[], const int size[]) {
    int index = 0;
    for (int d = 0; d < TRI_GRID_DIMS; d++)
        index = index * size[d] + at[d];
    return index;
}

/* Position of block `index` on a path through all blocks that moves back and forth in each dimension.
 * Consecutive blocks are adjacent, so a node with several blocks (where nodes differ in size) holds a
 * connected region. */
static void block_on_path(int index, const int blocks[], int at[]) {
    position_of(index, blocks, at);
    /* A dimension is traversed backwards if it has been traversed an odd number of times. */
    int walks = 0;
    for (int d = 0; d < TRI_GRID_DIMS; d++) {
        int forward = at[d];
        if (walks % 2) at[d] = blocks[d] - 1 - forward;
        walks = walks * blocks[d] + forward;
    }
}

static void place_by_nodes(const tri_shape *shape, const int ranks[], const int block[], int *rank_at) {
    int together = block[0] * block[1] * block[2], size = ranks[0] * ranks[1] * ranks[2];
    const int blocks[] = {ranks[0] / block[0], ranks[1] / block[1], ranks[2] / block[2]};
    for (int i = 0; i < size; i++) {
        int outer[TRI_GRID_DIMS], inner[TRI_GRID_DIMS], at[TRI_GRID_DIMS];
        block_on_path(i / together, blocks, outer);
        position_of(i % together, block, inner);
        for (int d = 0; d < TRI_GRID_DIMS; d++)
            at[d] = outer[d] * block[d] + inner[d];
        rank_at[index_of(at, ranks)] = shape->members[i];
    }
}

/* Ranks in dimension d that have points; later ranks have none. */
static int ranks_with_points(const tri_grid_info *info, int d) {
    return info->points[d] < (size_t)info->ranks[d] ? (int)info->points[d] : info->ranks[d];
}

/* Points of the face between the rank at `at` and its upper neighbour in dimension d; 0: one of them has
 * no points. */
static size_t face_above(const tri_grid_info *info, const int at[], int d) {
    size_t face = 1;
    for (int i = 0; i < TRI_GRID_DIMS; i++) {
        if (at[i] + (i == d) >= ranks_with_points(info, i)) return 0;
        if (i != d) face *= tri_range_block(info->points[i], (size_t)info->ranks[i], (size_t)at[i]).count;
    }
    return face;
}

/* Counts the points sent in one exchange. rank_at NULL: ranks in row-major order. */
static void count_faces(const tri_grid_info *info, const tri_shape *shape, const int *rank_at,
                        size_t *between_nodes, size_t *between_ranks) {
    int size = info->ranks[0] * info->ranks[1] * info->ranks[2];
    *between_nodes = *between_ranks = 0;
    for (int place = 0; place < size; place++)
        for (int d = 0; d < info->dims; d++) {
            int at[TRI_GRID_DIMS];
            position_of(place, info->ranks, at);
            size_t points = 2 * face_above(info, at, d);
            if (!points) continue;
            at[d]++;
            int next = index_of(at, info->ranks);
            int a = rank_at ? rank_at[place] : place, b = rank_at ? rank_at[next] : next;
            *between_ranks += points;
            if (shape->node_of[a] != shape->node_of[b]) *between_nodes += points;
        }
}

static int leaves_idle(const tri_grid_info *info) {
    int idle = 0;
    for (int d = 0; d < info->dims; d++)
        idle |= info->points[d] < (size_t)info->ranks[d];
    return idle;
}

/* The grid that MPI_Dims_create() gives. */
static tri_status unplaced(const tri_grid *grid, const int fixed[], tri_grid_info *out) {
    int dims = grid->info.dims, ranks[TRI_GRID_DIMS] = {0};
    for (int d = 0; d < dims; d++)
        ranks[d] = fixed[d];
    TRI_MPI(MPI_Dims_create(tri_comm_size(grid->comm), dims, ranks));
    *out = grid->info;
    for (int d = 0; d < dims; d++)
        out->ranks[d] = ranks[d];
    return TRI_OK;
}

/* Fills in this rank's block and neighbours. */
static void fill_local(tri_grid *grid) {
    tri_grid_info *info = &grid->info;
    int place = 0, empty = 0;
    while (grid->rank_at[place] != tri_comm_rank(grid->comm))
        place++;
    position_of(place, info->ranks, info->at);
    for (int d = 0; d < TRI_GRID_DIMS; d++) {
        tri_range mine = tri_range_block(info->points[d], (size_t)info->ranks[d], (size_t)info->at[d]);
        info->start[d] = mine.first;
        info->count[d] = mine.count;
        empty |= !mine.count;
    }
    if (empty) memset(info->count, 0, sizeof info->count);
    for (int d = 0; d < TRI_GRID_DIMS; d++)
        for (int side = 0; side < 2; side++) {
            int to = info->at[d] + (side ? 1 : -1), kept = info->at[d];
            info->peer[d][side] = MPI_PROC_NULL;
            if (empty || to < 0 || to >= ranks_with_points(info, d)) continue;
            info->at[d] = to;
            info->peer[d][side] = grid->rank_at[index_of(info->at, info->ranks)];
            info->at[d] = kept;
        }
}

static tri_status lay_out(tri_grid *grid, const int fixed[]) {
    const tri_shape *shape = tri_comm_shape(grid->comm);
    tri_grid_info *info = &grid->info, plain;
    int block[TRI_GRID_DIMS], size = tri_comm_size(grid->comm);
    if (!tri_grid_choose(info->points, fixed, size, ranks_together(shape), info->ranks, block))
        return tri_fail(
            TRI_ERR_ARGUMENT,
            "%d rank%s cannot form the requested grid: the product of its dimensions must be the number "
            "of ranks",
            size, size > 1 ? "s" : "");
    place_by_nodes(shape, info->ranks, block, grid->rank_at);
    count_faces(info, shape, grid->rank_at, &info->between_nodes, &info->between_ranks);
    TRI_TRY(unplaced(grid, fixed, &plain));
    count_faces(&plain, shape, NULL, &plain.between_nodes, &plain.between_ranks);
    /* Where nodes differ in size, the path through the blocks is only a heuristic. */
    if (plain.between_nodes < info->between_nodes && !leaves_idle(&plain)) {
        *info = plain;
        for (int rank = 0; rank < size; rank++)
            grid->rank_at[rank] = rank;
    }
    info->between_nodes_unplaced = plain.between_nodes;
    fill_local(grid);
    return TRI_OK;
}

static tri_status check(int dims, const size_t points[]) {
    if (dims < 1 || dims > TRI_GRID_DIMS)
        return tri_fail(TRI_ERR_ARGUMENT, "a grid has 1 to %d dimensions, not %d", TRI_GRID_DIMS, dims);
    size_t all = 1;
    for (int d = 0; d < dims; d++)
        if (!points[d] || __builtin_mul_overflow(all, points[d], &all))
            return tri_fail(TRI_ERR_ARGUMENT, "a grid with %zu points in dimension %d is %s", points[d], d,
                            points[d] ? "too large" : "empty");
    return TRI_OK;
}

tri_status tri_grid_create(tri_comm *comm, int dims, const size_t points[], const int ranks[],
                           tri_grid **out) {
    TRI_TRY(check(dims, points));
    tri_grid *grid = calloc(1, sizeof *grid);
    int *rank_at = malloc((size_t)tri_comm_size(comm) * sizeof *rank_at), fixed[] = {1, 1, 1};
    if (!grid || !rank_at) {
        free(grid);
        free(rank_at);
        return tri_fail(TRI_ERR_MEMORY, "out of memory for a grid of %d ranks", tri_comm_size(comm));
    }
    grid->comm = comm;
    grid->rank_at = rank_at;
    grid->info.dims = dims;
    for (int d = 0; d < TRI_GRID_DIMS; d++) {
        grid->info.points[d] = d < dims ? points[d] : 1;
        if (d < dims) fixed[d] = ranks ? ranks[d] : 0;
    }
    tri_status status = lay_out(grid, fixed);
    if (status == TRI_OK) status = tri_comm_open_like(comm, &grid->faces);
    if (status == TRI_OK)
        *out = grid;
    else
        tri_grid_destroy(&grid);
    return status;
}

void tri_grid_destroy(tri_grid **grid) {
    if (!grid || !*grid) return;
    tri_comm_destroy(&(*grid)->faces);
    free((*grid)->rank_at);
    free(*grid);
    *grid = NULL;
}

const tri_grid_info *tri_grid_describe(const tri_grid *grid) {
    return &grid->info;
}
