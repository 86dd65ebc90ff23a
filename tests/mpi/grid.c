/* Grids: owners of points, agreement of neighbours, layouts that cost no more than rank order, and faces
 * whose values encode their position. All shapes and sizes run in one launch. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "trireme/collectives.h"
#include "trireme/grid.h"

/* Guards surround every field. */
enum { GUARD = 7, BYTES = 3 };
static const double untouched = -7.25;

static const size_t sizes[][TRI_GRID_DIMS] = {{1, 1, 1},   {2, 1, 3},  {5, 4, 3},   {3, 17, 2},
                                              {16, 9, 11}, {7, 1, 40}, {64, 64, 1}, {1, 300, 5}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static size_t field_points(const tri_grid_info *g) {
    size_t all = 1;
    for (int d = 0; d < g->dims; d++)
        all *= g->count[d] + 2;
    return g->count[0] ? all : 0;
}

/* The value of the point at global position x, counted from 1, so that 0 and n + 1 are the layers around. */
static double value_at(const size_t x[]) {
    return (double)(x[0] * 1000000 + x[1] * 1000 + x[2]);
}

/* The global position, counted from 1, of element `index` of a field. Returns the number of dimensions in
 * which it is in the layer around the rank's points; *border: it is in the layer around the whole grid. */
static int position(const tri_grid_info *g, size_t index, size_t x[], int *border) {
    int outside = 0;
    *border = 0;
    x[1] = x[2] = 0;
    for (int d = g->dims - 1; d >= 0; d--) {
        size_t i = index % (g->count[d] + 2);
        index /= g->count[d] + 2;
        outside += i == 0 || i == g->count[d] + 1;
        x[d] = g->start[d] + i;
        *border |= x[d] == 0 || x[d] == g->points[d] + 1;
    }
    return outside;
}

static void exchange_doubles(const tri_grid *grid, const char *how) {
    const tri_grid_info *g = tri_grid_describe(grid);
    size_t points = field_points(g), x[TRI_GRID_DIMS], wrong = 0;
    double *memory = malloc((points + 2 * GUARD) * sizeof *memory), *field = memory + GUARD;
    tri_halo *halo = NULL;
    int border;
    for (size_t i = 0; i < points + 2 * GUARD; i++)
        memory[i] = untouched;
    for (size_t i = 0; i < points; i++)
        if (!position(g, i, x, &border)) field[i] = value_at(x);
    CHECK_OK(tri_halo_create(grid, MPI_DOUBLE, &halo));
    /* Twice: an exchange leaves nothing behind. */
    for (int again = 0; again < 2; again++) {
        CHECK_OK(tri_halo_start(halo, field));
        CHECK_OK(tri_halo_finish(halo));
    }
    for (size_t i = 0; i < points; i++) {
        int outside = position(g, i, x, &border);
        wrong += field[i] != (outside > 1 || border ? untouched : value_at(x));
    }
    for (size_t i = 0; i < GUARD; i++)
        wrong += memory[i] != untouched || field[points + i] != untouched;
    CHECK(!wrong, "%s: %zu of %zu points are wrong", how, wrong, points);
    tri_halo_destroy(&halo);
    CHECK(!halo, "a destroyed halo is NULL");
    free(memory);
}

/* Elements of three bytes, by a type of the caller. */
static void exchange_bytes(const tri_grid *grid, const char *how) {
    const tri_grid_info *g = tri_grid_describe(grid);
    size_t points = field_points(g), x[TRI_GRID_DIMS], wrong = 0;
    unsigned char *field = calloc(points + 1, BYTES);
    MPI_Datatype type;
    tri_halo *halo = NULL;
    int border;
    MPI_Type_contiguous(BYTES, MPI_BYTE, &type);
    MPI_Type_commit(&type);
    for (size_t i = 0; i < points; i++)
        if (!position(g, i, x, &border))
            for (int b = 0; b < BYTES; b++)
                field[i * BYTES + (size_t)b] = (unsigned char)(x[b] + 1);
    CHECK_OK(tri_halo_create(grid, type, &halo));
    CHECK_OK(tri_halo_start(halo, field));
    CHECK_OK(tri_halo_finish(halo));
    for (size_t i = 0; i < points; i++) {
        int outside = position(g, i, x, &border);
        for (int b = 0; b < BYTES; b++)
            wrong += field[i * BYTES + (size_t)b] != (outside > 1 || border ? 0 : (unsigned char)(x[b] + 1));
    }
    CHECK(!wrong, "%s: %zu bytes are wrong", how, wrong);
    tri_halo_destroy(&halo);
    MPI_Type_free(&type);
    free(field);
}

/* Blocks cover the grid once, and neighbours name each other. */
static void check_owners(const tri_grid_info *g, tri_comm *comm, const char *how) {
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm);
    tri_grid_info *all = malloc((size_t)size * sizeof *all);
    CHECK_OK(tri_allgather(g, sizeof *g, MPI_BYTE, all, sizeof *g, MPI_BYTE, comm));
    size_t owned = 0, whole = g->points[0] * g->points[1] * g->points[2];
    for (int r = 0; r < size; r++) {
        size_t common = 1;
        for (int d = 0; d < TRI_GRID_DIMS; d++) {
            size_t low = all[r].start[d] > g->start[d] ? all[r].start[d] : g->start[d];
            size_t end = all[r].start[d] + all[r].count[d], mine = g->start[d] + g->count[d];
            if (mine < end) end = mine;
            common *= end > low ? end - low : 0;
        }
        CHECK(r == rank || !common, "%s: ranks %d and %d share %zu points", how, rank, r, common);
        owned += all[r].count[0] * all[r].count[1] * all[r].count[2];
    }
    CHECK(owned == whole, "%s: %zu of %zu points are owned", how, owned, whole);
    for (int d = 0; d < g->dims; d++)
        for (int side = 0; side < 2; side++) {
            int peer = g->peer[d][side];
            if (peer == MPI_PROC_NULL) {
                int border = side ? g->start[d] + g->count[d] == g->points[d] : g->start[d] == 0;
                CHECK(!g->count[0] || border, "%s: no neighbour inside the grid", how);
                continue;
            }
            CHECK(all[peer].peer[d][!side] == rank, "%s: rank %d is no neighbour of %d", how, rank, peer);
            size_t touch = side ? g->start[d] + g->count[d] : all[peer].start[d] + all[peer].count[d];
            CHECK(touch == (side ? all[peer].start[d] : g->start[d]), "%s: blocks do not touch", how);
        }
    free(all);
}

/* What the exchange sends, counted from the neighbours that the ranks name. */
static void check_faces(const tri_grid_info *g, tri_comm *comm, const char *how) {
    const tri_shape *shape = tri_comm_shape(comm);
    uint64_t sent[2] = {0, 0};
    for (int d = 0; d < g->dims; d++)
        for (int side = 0; side < 2; side++) {
            int peer = g->peer[d][side];
            if (peer == MPI_PROC_NULL) continue;
            size_t points = g->count[0] * g->count[1] * g->count[2] / g->count[d];
            sent[0] += points;
            if (shape->node_of[peer] != shape->node) sent[1] += points;
        }
    CHECK_OK(tri_allreduce(MPI_IN_PLACE, sent, 2, MPI_UINT64_T, MPI_SUM, comm));
    int plain[TRI_GRID_DIMS] = {0}, idle = 0;
    MPI_Dims_create(tri_comm_size(comm), g->dims, plain);
    for (int d = 0; d < g->dims; d++)
        idle |= (size_t)plain[d] > g->points[d];
    /* A layout that leaves ranks without points may send less. */
    CHECK(idle || g->between_nodes <= g->between_nodes_unplaced, "%s: %zu points between nodes, %zu unplaced",
          how, g->between_nodes, g->between_nodes_unplaced);
    CHECK(sent[0] == g->between_ranks, "%s: %zu points between ranks", how, g->between_ranks);
    CHECK(sent[1] == g->between_nodes, "%s: %zu points between nodes, not %zu", how, g->between_nodes,
          (size_t)sent[1]);
}

/* node_of for several shapes: all on one node, blocks, dealt out in turn, uneven. */
static int node_label(int shape, int rank, int size) {
    switch (shape) {
    case 0:
        return 0;
    case 1:
        return rank / 2;
    case 2:
        return rank % 2;
    case 3:
        return rank < (size + 1) / 3;
    default:
        return rank / 4;
    }
}
enum { SHAPES = 5 };

static void one_shape(int shape, const int *nodes, MPI_Comm world) {
    tri_comm *comm;
    CHECK_OK(tri_comm_create_with(world, &(tri_comm_options){.node_of = nodes}, &comm));
    for (int s = 0; s < SIZES; s++)
        for (int dims = 1; dims <= TRI_GRID_DIMS; dims++) {
            tri_grid *grid;
            char how[96];
            snprintf(how, sizeof how, "shape %d, size %d in %d dimensions", shape, s, dims);
            CHECK_OK(tri_grid_create(comm, dims, sizes[s], NULL, &grid));
            const tri_grid_info *g = tri_grid_describe(grid);
            check_owners(g, comm, how);
            check_faces(g, comm, how);
            exchange_doubles(grid, how);
            exchange_bytes(grid, how);
            tri_grid_destroy(&grid);
            CHECK(!grid, "a destroyed grid is NULL");
        }
    tri_comm_destroy(&comm);
}

/* Cases with a known answer: 8 ranks on 4 nodes of 2 over a square are 2 x 4 with nodes of 1 x 2 or similar,
 * so 2 cuts of a side lie between nodes; in rank order (4 x 2) the nodes are rows, with 3 cuts. */
static void known(MPI_Comm world, int size) {
    if (size != 8) return;
    tri_comm *comm;
    tri_grid *grid;
    int pairs[8], fours[8], turns[8];
    for (int r = 0; r < 8; r++) {
        pairs[r] = r / 2;
        fours[r] = r / 4;
        turns[r] = r % 4;
    }
    const struct {
        const int *nodes;
        size_t points[2];
        size_t expected;
    } cases[] = {{pairs, {64, 64}, 2 * 2 * 64},
                 {fours, {64, 64}, 2 * 64},
                 {turns, {64, 64}, 2 * 2 * 64},
                 {fours, {64, 8}, 2 * 8},
                 {pairs, {8, 6400}, 2 * 3 * 8}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        CHECK_OK(tri_comm_create_with(world, &(tri_comm_options){.node_of = cases[c].nodes}, &comm));
        CHECK_OK(tri_grid_create(comm, 2, cases[c].points, NULL, &grid));
        const tri_grid_info *g = tri_grid_describe(grid);
        CHECK(g->between_nodes == cases[c].expected, "case %zu: %zu points", c, g->between_nodes);
        CHECK(g->between_nodes <= g->between_nodes_unplaced, "case %zu: %zu unplaced", c,
              g->between_nodes_unplaced);
        tri_grid_destroy(&grid);
        tri_comm_destroy(&comm);
    }
}

static void bad_input(tri_comm *comm) {
    tri_grid *grid = NULL;
    int size = tri_comm_size(comm);
    const size_t points[] = {4, 4, 4}, none[] = {4, 0, 4}, huge[] = {SIZE_MAX / 2, 3};
    CHECK_STATUS(tri_grid_create(comm, 0, points, NULL, &grid), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_grid_create(comm, 4, points, NULL, &grid), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_grid_create(comm, 2, none, NULL, &grid), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_grid_create(comm, 2, huge, NULL, &grid), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_grid_create(comm, 2, points, (int[]){size + 1, 0}, &grid), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_grid_create(comm, 2, points, (int[]){size, 2}, &grid), TRI_ERR_ARGUMENT);
    CHECK(!grid, "no grid came out");
    CHECK_OK(tri_grid_create(comm, 3, points, (int[]){0, size, 0}, &grid));
    CHECK(tri_grid_describe(grid)->ranks[1] == size, "the ranks asked for");
    tri_grid_destroy(&grid);
    tri_grid_destroy(&grid);
    tri_grid_destroy(NULL);
    tri_halo_destroy(NULL);
}

int main(int argc, char **argv) {
    tri_comm *comm;
    MPI_Init(&argc, &argv);
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    int size = tri_comm_size(comm), *nodes = malloc((size_t)size * sizeof *nodes);
    for (int shape = 0; shape < SHAPES; shape++) {
        for (int rank = 0; rank < size; rank++)
            nodes[rank] = node_label(shape, rank, size);
        one_shape(shape, nodes, MPI_COMM_WORLD);
    }
    known(MPI_COMM_WORLD, size);
    bad_input(comm);
    free(nodes);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("grid");
}
