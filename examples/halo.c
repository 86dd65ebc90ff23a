/* Jacobi's iteration on a grid of points that is spread over a grid of ranks: while the faces travel, each
 * rank computes the points that need none of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trireme/trireme.h>

enum { ROWS = 61, COLUMNS = 47, STEPS = 20 };

/* Harmonic, so that the iteration leaves it as it is; in whole numbers without rounding. */
static double harmonic(double row, double column) {
    return row * row - column * column;
}

/* Each point of these rows and columns becomes the mean of its neighbours. Row 0 and column 0: the layer. */
static void relax(double *to, const double *from, size_t width, size_t row, size_t rows_end, size_t column,
                  size_t columns_end) {
    for (size_t r = row; r < rows_end; r++)
        for (size_t c = column; c < columns_end; c++) {
            const double *p = from + r * width + c;
            to[r * width + c] = 0.25 * (p[-1] + p[1] + *(p - width) + p[width]);
        }
}

static tri_status step(tri_halo *halo, double *from, double *to, size_t rows, size_t columns) {
    size_t width = columns + 2;
    TRI_TRY(tri_halo_start(halo, from));
    relax(to, from, width, 2, rows, 2, columns); /* the inner points */
    TRI_TRY(tri_halo_finish(halo));
    relax(to, from, width, 1, 2, 1, columns + 1); /* the four edges */
    if (rows > 1) relax(to, from, width, rows, rows + 1, 1, columns + 1);
    relax(to, from, width, 2, rows, 1, 2);
    if (columns > 1) relax(to, from, width, 2, rows, columns, columns + 1);
    return TRI_OK;
}

/* The layer between ranks starts as NaN: a point that misses its neighbour becomes NaN, too. */
static void fill(const tri_grid_info *grid, double *u) {
    for (size_t r = 0; r < grid->count[0] + 2; r++)
        for (size_t c = 0; c < grid->count[1] + 2; c++) {
            int between = (r == 0 && grid->peer[0][0] != MPI_PROC_NULL) ||
                          (r == grid->count[0] + 1 && grid->peer[0][1] != MPI_PROC_NULL) ||
                          (c == 0 && grid->peer[1][0] != MPI_PROC_NULL) ||
                          (c == grid->count[1] + 1 && grid->peer[1][1] != MPI_PROC_NULL);
            double row = (double)(grid->start[0] + r), column = (double)(grid->start[1] + c);
            u[r * (grid->count[1] + 2) + c] = between ? strtod("nan", NULL) : harmonic(row, column);
        }
}

static tri_status check(const tri_grid_info *grid, const double *u) {
    for (size_t r = 1; r <= grid->count[0]; r++)
        for (size_t c = 1; c <= grid->count[1]; c++) {
            double row = (double)(grid->start[0] + r), column = (double)(grid->start[1] + c);
            double value = u[r * (grid->count[1] + 2) + c];
            if (value != harmonic(row, column))
                return tri_fail(TRI_ERR_WRONG, "point %g, %g: %g, not %g", row, column, value,
                                harmonic(row, column));
        }
    return TRI_OK;
}

static tri_status iterate(tri_comm *comm, const tri_grid *grid, double *u, double *next) {
    const tri_grid_info *info = tri_grid_describe(grid);
    tri_halo *halo = NULL;
    if (!info->count[0]) return TRI_OK; /* more ranks than points */
    fill(info, u);
    memcpy(next, u, (info->count[0] + 2) * (info->count[1] + 2) * sizeof *u);
    TRI_TRY(tri_halo_create(grid, MPI_DOUBLE, &halo));
    tri_status status = TRI_OK;
    for (int i = 0; i < STEPS && status == TRI_OK; i++) {
        status = step(halo, u, next, info->count[0], info->count[1]);
        double *swap = u;
        u = next;
        next = swap;
    }
    tri_halo_destroy(&halo);
    if (status == TRI_OK && tri_comm_rank(comm) == 0)
        printf("%d steps on %d x %d ranks\n", STEPS, info->ranks[0], info->ranks[1]);
    return status == TRI_OK ? check(info, u) : status;
}

static tri_status run(tri_comm *comm) {
    tri_grid *grid = NULL;
    TRI_TRY(tri_grid_create(comm, 2, (const size_t[]){ROWS, COLUMNS}, NULL, &grid));
    const tri_grid_info *info = tri_grid_describe(grid);
    size_t points = (info->count[0] + 2) * (info->count[1] + 2);
    double *u = malloc(2 * points * sizeof *u);
    tri_status status = tri_agree(comm, u ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the field"));
    if (status == TRI_OK) {
        status = iterate(comm, grid, u, u + points);
        /* A failure of MPI leaves messages in flight: no agreement then. */
        if (status == TRI_OK || status == TRI_ERR_WRONG) status = tri_agree(comm, status);
    }
    free(u);
    tri_grid_destroy(&grid);
    return status;
}

int main(int argc, char **argv) {
    int rank;
    tri_comm *comm = NULL;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    tri_status status = tri_comm_create(MPI_COMM_WORLD, &comm);
    if (status == TRI_OK) status = run(comm);
    int alone = status != TRI_OK && !tri_agreed(); /* a failure that the other ranks do not know of */
    if (alone || (status != TRI_OK && rank == 0)) fprintf(stderr, "halo: %s\n", tri_error_text());
    if (alone) MPI_Abort(MPI_COMM_WORLD, tri_status_exit(status));
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return tri_status_exit(status);
}
