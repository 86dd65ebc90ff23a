/* write MODE FOLDER: writes result files for check.py. small: attributes and small datasets only. arrays:
 * also arrays distributed over the ranks. full: on a full disk, each kind of result must fail on every rank.
 * fill: the disk fills after one array. forever: writes results until killed. */
#include <mpi.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "trireme/comm.h"
#include "trireme/result.h"
#include "trireme/size.h"

static void write_small(tri_result *result, tri_comm *comm) {
    /* Only the value of rank 0 is used; the others pass a different one to show it. */
    int rank = tri_comm_rank(comm);
    tri_result_text(result, "command", rank ? "wrong" : "test \xce\xb1 'x'");
    tri_result_text(result, "command_again", "first");
    tri_result_text(result, "command_again", rank ? "wrong and longer" : "second");
    tri_result_integer(result, "ranks", rank ? -1 : tri_comm_size(comm));
    tri_result_integer(result, "least", INT64_MIN);
    tri_result_real(result, "sum", rank ? 0 : 0x1.921fb54442d18p+1);
    tri_result_text(result, "empty", "");
    const char *hosts[3] = {"n1", "n2", rank ? "wrong" : "n3"};
    tri_result_texts(result, "hosts", 3, hosts);
    tri_result_texts(result, "devices", 0, NULL);
    /* Above 64 KiB, the limit of attributes in older formats. */
    const char *many[6000];
    for (int i = 0; i < 6000; i++)
        many[i] = "node-with-a-name";
    tri_result_texts(result, "many", 6000, many);
    double samples[2][3] = {{0, 1, 2}, {3, 4, rank ? -1 : 5}};
    tri_result_reals(result, "timing/compute", 2, (size_t[]){2, 3}, *samples, "s",
                     "time of each repeat and rank");
    int64_t bins[4] = {1, -2, INT64_MAX, rank};
    tri_result_integers(result, "histogram/count", 1, (size_t[]){4}, bins, "1", "elements in each bin");
    tri_result_reals(result, "mean", 0, NULL, samples[1], "1", "arithmetic mean");
    tri_result_reals(result, "nothing", 2, (size_t[]){0, 5}, NULL, "1", "no rows");
}

/* Element i of the row-major order is i + 0.5, or i. */
static void fill(const size_t dims[3], const size_t start[3], const size_t count[3], int reals,
                 void *values) {
    size_t n = 0;
    for (size_t i = 0; i < count[0]; i++)
        for (size_t j = 0; j < count[1]; j++)
            for (size_t k = 0; k < count[2]; k++, n++) {
                size_t at = ((start[0] + i) * dims[1] + start[1] + j) * dims[2] + start[2] + k;
                if (reals)
                    ((double *)values)[n] = (double)at + 0.5;
                else
                    ((uint64_t *)values)[n] = at;
            }
}

static void write_block(tri_result *result, tri_comm *comm, const char *path, tri_element element,
                        const size_t dims[3], int along) {
    size_t start[3] = {0}, count[3];
    memcpy(count, dims, sizeof count);
    tri_range mine = tri_range_block(dims[along], (size_t)tri_comm_size(comm), (size_t)tri_comm_rank(comm));
    start[along] = mine.first;
    count[along] = mine.count;
    size_t elements = count[0] * count[1] * count[2];
    void *values = elements ? malloc(elements * 8) : NULL;
    fill(dims, start, count, element == TRI_ELEMENT_F64, values);
    CHECK_OK(tri_result_array(result, path, element, 3, dims, start, count, values, "K", "temperature"));
    free(values);
}

static void write_arrays(tri_result *result, tri_comm *comm) {
    size_t large[3] = {11, 300, 400}, thin[3] = {3, 5, 2}, none[3] = {4, 0, 2};
    write_block(result, comm, "fields/rows", TRI_ELEMENT_F64, large, 0);    /* independently */
    write_block(result, comm, "fields/columns", TRI_ELEMENT_F64, large, 2); /* by MPI-IO */
    write_block(result, comm, "fields/middle", TRI_ELEMENT_I64, large, 1);
    tri_result_integer(result, "between", 1);
    write_block(result, comm, "fields/thin", TRI_ELEMENT_U64, thin,
                0); /* ranks without elements at 5 and 8 */
    write_block(result, comm, "fields/none", TRI_ELEMENT_F64, none, 0);
    double more[1] = {7};
    tri_result_reals(result, "later", 1, (size_t[]){1}, more, "m", "written after arrays");
}

static void test_files(tri_comm *comm, const char *folder, int arrays) {
    tri_result *result = NULL;
    CHECK_OK(tri_result_create(comm, folder, "write", &result));
    if (!result) return;
    int root = !tri_comm_rank(comm);
    CHECK(!root == !*tri_result_path(result), "path '%s'", tri_result_path(result));
    CHECK(!root || access(tri_result_path(result), F_OK), "there before it is whole");
    write_small(result, comm);
    if (arrays) write_arrays(result, comm);
    CHECK_OK(tri_result_finish(result));
    CHECK(!root || !access(tri_result_path(result), F_OK), "not there");
    CHECK_STATUS(tri_result_finish(result), TRI_ERR_ARGUMENT);
    tri_result_destroy(&result);
    tri_result_destroy(&result);

    /* Abandoned: no file is left. */
    char path[4096];
    snprintf(path, sizeof path, "%s/given-up.h5", folder);
    CHECK_OK(tri_result_create_at(comm, path, 0, &result));
    if (arrays) write_arrays(result, comm);
    tri_result_destroy(&result);
    CHECK(access(path, F_OK), "given up, but there");
}

/* Creates a file of a given name, is refused, and replaces it. */
static void test_replace(tri_comm *comm, const char *folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/fixed-np%d.h5", folder, tri_comm_size(comm));
    for (int version = 1; version <= 2; version++) {
        tri_result *result = NULL;
        CHECK_OK(tri_result_create_at(comm, path, version > 1, &result));
        tri_result_integer(result, "version", version);
        CHECK_OK(tri_result_finish(result));
        tri_result_destroy(&result);
    }
    tri_result *result = NULL;
    CHECK_STATUS(tri_result_create_at(comm, path, 0, &result), TRI_ERR_FILE);
    CHECK(!result, "written on failure");
}

/* A writer whose job was restarted elsewhere does not replace the newer file. */
static void test_cut_off(tri_comm *comm, const char *folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/cut-off-np%d.h5", folder, tri_comm_size(comm));
    tri_result *old = NULL, *new = NULL;
    CHECK_OK(tri_result_create_at(comm, path, TRI_RESULT_REPLACE, &old));
    CHECK_OK(tri_result_create_at(comm, path, TRI_RESULT_REPLACE, &new));
    tri_result_integer(new, "version", 2);
    CHECK_OK(tri_result_finish(new));
    tri_result_destroy(&new);
    CHECK_STATUS(tri_result_finish(old), TRI_ERR_FILE);
    CHECK(strstr(tri_error_text(), "another program has written it"), "%s", tri_error_text());
    tri_result_destroy(&old);
    if (tri_comm_rank(comm) == 0) CHECK(!access(path, F_OK) && !unlink(path), "the newer file is gone");
}

/* An invalid block on one rank fails on every rank and leaves no file. */
static void test_failure(tri_comm *comm, const char *folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/failed.h5", folder);
    tri_result *result = NULL;
    CHECK_OK(tri_result_create_at(comm, path, 0, &result));
    size_t size = (size_t)tri_comm_size(comm), rank = (size_t)tri_comm_rank(comm);
    size_t start = rank, count = rank == size - 1 ? 2 : 1;
    double value[2] = {0};
    CHECK_STATUS(tri_result_array(result, "x", TRI_ELEMENT_F64, 1, &size, &start, &count, value, "1", "x"),
                 TRI_ERR_ARGUMENT);
    CHECK(strstr(tri_error_text(), "outside dimension"), "%s", tri_error_text());
    CHECK_STATUS(tri_result_finish(result), TRI_ERR_ARGUMENT);
    tri_result_destroy(&result);
    CHECK(access(path, F_OK), "failed, but there");
}

/* The disk has room for the name of a file, but not for its contents. */
static void test_full(tri_comm *comm, const char *folder) {
    for (int arrays = 0; arrays <= 1; arrays++) {
        tri_result *result = NULL;
        CHECK_OK(tri_result_create(comm, folder, "full", &result));
        if (!result) continue;
        write_small(result, comm);
        size_t dims = (size_t)4 << 20, size = (size_t)tri_comm_size(comm), rank = (size_t)tri_comm_rank(comm);
        tri_range mine = tri_range_block(dims, size, rank);
        if (arrays) {
            double *values = calloc(mine.count, sizeof *values);
            CHECK_STATUS(tri_result_array(result, "x", TRI_ELEMENT_F64, 1, &dims, &mine.first, &mine.count,
                                          values, "1", "x"),
                         TRI_ERR_FILE);
            free(values);
        }
        CHECK_STATUS(tri_result_finish(result), TRI_ERR_FILE);
        CHECK(strstr(tri_error_text(), "the disk is full"), "%s", tri_error_text());
        tri_result_destroy(&result);
    }
}

/* HDF5 already has the file on disk open. */
static void test_fill(tri_comm *comm, const char *folder) {
    tri_result *result = NULL;
    CHECK_OK(tri_result_create(comm, folder, "fill", &result));
    size_t dims[3] = {8, 10, 10};
    write_block(result, comm, "x", TRI_ELEMENT_F64, dims, 0);
    if (!tri_comm_rank(comm)) {
        char path[4096], block[4096] = "x";
        snprintf(path, sizeof path, "%s/ballast", folder);
        FILE *ballast = fopen(path, "w");
        while (ballast && fwrite(block, sizeof block, 1, ballast) == 1 && !fflush(ballast))
            continue;
        if (ballast) (void)fclose(ballast);
    }
    write_small(result, comm);
    CHECK_STATUS(tri_result_finish(result), TRI_ERR_FILE);
    CHECK(strstr(tri_error_text(), "the disk is full"), "%s", tri_error_text());
    tri_result_destroy(&result);
}

static void write_forever(tri_comm *comm, const char *folder) {
    for (;;) {
        tri_result *result = NULL;
        CHECK_OK(tri_result_create(comm, folder, "write", &result));
        if (!result) return;
        write_small(result, comm);
        write_arrays(result, comm);
        CHECK_OK(tri_result_finish(result));
        tri_result_destroy(&result);
    }
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    tri_comm *comm = NULL;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    int arrays = !strcmp(argv[1], "arrays");
    if (!strcmp(argv[1], "full"))
        test_full(comm, argv[2]);
    else if (!strcmp(argv[1], "fill"))
        test_fill(comm, argv[2]);
    else if (!strcmp(argv[1], "forever"))
        write_forever(comm, argv[2]);
    else
        test_files(comm, argv[2], arrays);
    if (arrays) {
        test_replace(comm, argv[2]);
        test_cut_off(comm, argv[2]);
        test_failure(comm, argv[2]);
    }
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("writing");
}
