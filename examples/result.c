/* result [FOLDER]: each rank writes its block of an array to one self-describing HDF5 file, and reads another
 * rank's block of it. */
#include <math.h>
#include <stdio.h>
#include <trireme/trireme.h>

enum { COUNT = 1000, NAME = 4096 };

static const char *folder = "results";

static double value(size_t i) {
    return sqrt((double)i);
}

static tri_status write_file(tri_comm *comm, char path[NAME]) {
    const size_t dims[1] = {COUNT};
    tri_range mine = tri_range_block(COUNT, (size_t)tri_comm_size(comm), (size_t)tri_comm_rank(comm));
    double x[COUNT];
    for (size_t i = 0; i < mine.count; i++)
        x[i] = value(mine.first + i);
    tri_result *result = NULL;
    TRI_TRY(tri_agree(comm, tri_result_create(comm, folder, "example", &result)));
    tri_result_text(result, "purpose", "square roots");
    tri_result_integer(result, "ranks", tri_comm_size(comm));
    tri_status status = tri_result_array(result, "roots", TRI_ELEMENT_F64, 1, dims, &mine.first, &mine.count,
                                         x, "1", "square root of the index");
    /* The file gets its name only here, when it is complete. */
    if (status == TRI_OK) status = tri_result_finish(result);
    snprintf(path, NAME, "%s", status == TRI_OK ? tri_result_path(result) : "");
    tri_result_destroy(&result);
    return status;
}

static tri_status read_block(const char *path, tri_range block) {
    double x[COUNT];
    tri_dataset *dataset = NULL;
    TRI_TRY(tri_dataset_open(NULL, path, "/roots", &dataset));
    tri_status status = tri_dataset_read(dataset, block.first, block.count, x);
    tri_dataset_destroy(&dataset);
    for (size_t i = 0; status == TRI_OK && i < block.count; i++)
        if (x[i] != value(block.first + i))
            status = tri_fail(TRI_ERR_WRONG, "element %zu is %g", block.first + i, x[i]);
    return status;
}

static tri_status run(tri_comm *comm) {
    char path[NAME];
    size_t ranks = (size_t)tri_comm_size(comm), rank = (size_t)tri_comm_rank(comm);
    TRI_TRY(write_file(comm, path));
    TRI_TRY(tri_bcast(path, sizeof path, MPI_CHAR, 0, comm)); /* only rank 0 knows it */
    TRI_TRY(tri_agree(comm, read_block(path, tri_range_block(COUNT, ranks, ranks - 1 - rank))));
    if (rank == 0) printf("%s\n", path);
    return TRI_OK;
}

int main(int argc, char **argv) {
    int rank;
    tri_comm *comm = NULL;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    tri_status status = tri_comm_create(MPI_COMM_WORLD, &comm);
    if (argc > 1) folder = argv[1];
    if (status == TRI_OK) status = run(comm);
    int alone = status != TRI_OK && !tri_agreed(); /* a failure that the other ranks do not know of */
    if (alone || (status != TRI_OK && rank == 0)) fprintf(stderr, "result: %s\n", tri_error_text());
    if (alone) MPI_Abort(MPI_COMM_WORLD, tri_status_exit(status));
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return tri_status_exit(status);
}
