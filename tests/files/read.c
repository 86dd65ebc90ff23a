/* Reads every file of make.py in pieces that differ between ranks, and compares with the formulas. */
#include <inttypes.h>
#include <math.h>
#include <mpi.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "trireme/comm.h"
#include "trireme/size.h"
#include "trireme/store.h"

static double small(size_t i) {
    return (double)(i * 37 % 101) - 50;
}

static double quarters(size_t i) {
    return small(i) / 4;
}

static double unsigned_(size_t i) {
    return (double)(i * 37 % 101);
}

static double from_top_of_32(size_t i) {
    return 4294967295.0 - unsigned_(i);
}

static double every_third(size_t i) {
    return i % 3 == 0;
}

/* The float16 with the bits i (IEEE 754-2008: 5 bits of exponent, 10 of fraction). */
static double half(size_t i) {
    int exponent = (int)(i >> 10), fraction = (int)(i & 1023);
    return exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
}

static double filled(size_t i) {
    return (void)i, 2.5;
}

static double scalar(size_t i) {
    return (void)i, 4.25;
}

static double big(size_t i) {
    return i < (size_t)1 << 31 ? 0 : unsigned_(i - ((size_t)1 << 31));
}

static const struct {
    const char *file, *path, *stored;
    size_t count, block;
    double (*value)(size_t);
} reals[] = {
    {"h5py.h5", "/float64", "float64", 1000, 1, quarters},
    {"h5py.h5", "float32", "float32", 1001, 1, quarters},
    {"h5py.h5", "/float16", "float16", 1002, 1, quarters},
    {"h5py.h5", "/float64_be", "float64 big-endian", 1003, 1, quarters},
    {"h5py.h5", "/float32_be", "float32 big-endian", 1004, 1, quarters},
    {"h5py.h5", "/longdouble", "float80", 300, 1, quarters},
    {"h5py.h5", "/int8", "int8", 1005, 1, small},
    {"h5py.h5", "/int16", "int16", 1006, 1, small},
    {"h5py.h5", "/int16_be", "int16 big-endian", 1007, 1, small},
    {"h5py.h5", "/int32_be", "int32 big-endian", 1008, 1, small},
    {"h5py.h5", "/uint8", "uint8", 1009, 1, unsigned_},
    {"h5py.h5", "/uint16", "uint16", 1010, 1, unsigned_},
    {"h5py.h5", "/uint32", "uint32", 1011, 1, from_top_of_32},
    {"h5py.h5", "/bool", "int8 enumeration", 500, 1, every_third},
    {"h5py.h5", "/enum", "int16 enumeration", 100, 1, unsigned_},
    {"h5py.h5", "/halves", "float16", 0x7c00, 1, half},
    {"h5py.h5", "/scalar", "float64", 1, 1, scalar},
    {"h5py.h5", "/empty", "float64", 0, 1, quarters},
    {"h5py.h5", "/null", "float32", 0, 1, quarters},
    {"h5py.h5", "/three/d", "float64", 1001, 1, quarters},
    {"h5py.h5", "/soft", "float64", 1001, 1, quarters},
    {"h5py.h5", "/gzip", "float32", 2000, 280, quarters},
    {"h5py.h5", "/chunked", "int32", 1800, 270, small},
    {"h5py.h5", "/planes", "int16", 240, 20, small},
    {"h5py.h5", "/unwritten", "float64", 30, 10, filled},
    {"h5py.h5", "/external", "float64", 100, 1, quarters},
    {"with:colon.h5", "a:b", "float64", 10, 1, quarters},
    {"latest.h5", "/x", "float64", 4000, 100, quarters},
    {"netcdf4.nc", "/field", "float32", 210, 42, quarters},
    {"matlab73.mat", "/X", "float64", 12, 1, quarters},
};

/* The length of a piece grows with the rank and is odd, so that pieces do not align with rows and chunks. */
static void read_reals(tri_dataset *dataset, tri_range mine, size_t piece, double (*value)(size_t)) {
    double *out = malloc((piece + 2) * sizeof *out);
    for (size_t done = 0; done < mine.count; done += piece) {
        size_t length = mine.count - done < piece ? mine.count - done : piece, first = mine.first + done;
        out[0] = out[length + 1] = -777;
        CHECK_OK(tri_dataset_read(dataset, first, length, out + 1));
        for (size_t i = 0; i < length; i++)
            CHECK(out[i + 1] == value(first + i), "%s:%s element %zu is %a, not %a",
                  tri_dataset_file(dataset), tri_dataset_path(dataset), first + i, out[i + 1],
                  value(first + i));
        CHECK(out[0] == -777 && out[length + 1] == -777, "%s: written outside the buffer",
              tri_dataset_path(dataset));
    }
    free(out);
}

static void test_reals(tri_comm *comm, const char *folder) {
    for (size_t t = 0; t < sizeof reals / sizeof *reals; t++) {
        char spec[4096];
        snprintf(spec, sizeof spec, "%s/%s:%s", folder, reals[t].file, reals[t].path);
        tri_dataset *dataset = NULL;
        CHECK_OK(tri_dataset_open(comm, spec, NULL, &dataset));
        if (!dataset) continue;
        CHECK(tri_dataset_element(dataset) == TRI_ELEMENT_F64, "%s", spec);
        CHECK(tri_dataset_count(dataset) == reals[t].count, "%s: %zu", spec, tri_dataset_count(dataset));
        CHECK(!strcmp(tri_dataset_stored_type(dataset), reals[t].stored), "%s: %s", spec,
              tri_dataset_stored_type(dataset));
        CHECK(tri_dataset_block(dataset) == reals[t].block, "%s: %zu", spec, tri_dataset_block(dataset));
        size_t ranks = (size_t)tri_comm_size(comm), rank = (size_t)tri_comm_rank(comm);
        read_reals(dataset, tri_range_block(reals[t].count, ranks, rank), 31 + 14 * rank, reals[t].value);
        read_reals(dataset, tri_range_block_of_units(reals[t].count, reals[t].block, ranks, rank), 1 << 20,
                   reals[t].value);
        tri_dataset_destroy(&dataset);
        CHECK(!dataset, "not nulled");
    }
}

static void test_integers(tri_comm *comm, const char *folder) {
    static const struct {
        const char *path;
        tri_element element;
        uint64_t first, step; /* modulo 2^64 */
        size_t count;
    } rows[] = {{"int64", TRI_ELEMENT_I64, INT64_MAX, UINT64_MAX, 999},
                {"int64_min", TRI_ELEMENT_I64, UINT64_C(1) << 63, 1, 998},
                {"uint64", TRI_ELEMENT_U64, UINT64_MAX, UINT64_MAX, 997}};
    char file[4096];
    snprintf(file, sizeof file, "%s/h5py.h5", folder);
    for (size_t t = 0; t < sizeof rows / sizeof *rows; t++) {
        tri_dataset *dataset = NULL;
        CHECK_OK(tri_dataset_open(comm, file, rows[t].path, &dataset));
        if (!dataset) continue;
        CHECK(tri_dataset_element(dataset) == rows[t].element, "%s", rows[t].path);
        tri_range mine =
            tri_range_block(rows[t].count, (size_t)tri_comm_size(comm), (size_t)tri_comm_rank(comm));
        uint64_t out[1000];
        CHECK_OK(tri_dataset_read(dataset, mine.first, mine.count, out));
        for (size_t i = 0; i < mine.count; i++) {
            uint64_t right = rows[t].first + rows[t].step * (mine.first + i);
            CHECK(out[i] == right, "%s[%zu] is %" PRIu64, rows[t].path, mine.first + i, out[i]);
        }
        tri_dataset_destroy(&dataset);
    }
}

/* All ranges of a small three-dimensional dataset, and both ends of a very large one. */
static void test_ranges(tri_comm *comm, const char *folder) {
    char file[4096];
    snprintf(file, sizeof file, "%s/h5py.h5", folder);
    tri_dataset *dataset = NULL;
    CHECK_OK(tri_dataset_open(NULL, file, "planes", &dataset));
    CHECK(tri_dataset_rank(dataset) == 3 && tri_dataset_dims(dataset)[1] == 8, "%d dimensions",
          tri_dataset_rank(dataset));
    for (size_t first = (size_t)tri_comm_rank(comm); first <= 240; first += (size_t)tri_comm_size(comm))
        for (size_t count = 0; first + count <= 240; count += 3) {
            tri_range range = {first, count};
            read_reals(dataset, range, 240, small);
        }
    double out[8];
    CHECK_STATUS(tri_dataset_read(dataset, 240, 1, out), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_dataset_read(dataset, 1, SIZE_MAX, out), TRI_ERR_ARGUMENT);
    tri_dataset_destroy(&dataset);

    CHECK_OK(tri_dataset_open(comm, file, "/big", &dataset));
    CHECK(tri_dataset_count(dataset) == ((size_t)1 << 31) + 100, "%zu", tri_dataset_count(dataset));
    tri_range ends[] = {{0, 10}, {((size_t)1 << 31) - 50, 150}};
    for (int i = 0; i < 2; i++)
        read_reals(dataset, ends[i], 40, big);
    tri_dataset_destroy(&dataset);
    tri_dataset_destroy(&dataset);
    tri_dataset_destroy(NULL);
}

/* A specification without a path, and one with colons in file and path. */
static void test_names(tri_comm *comm, const char *folder) {
    char spec[4096];
    snprintf(spec, sizeof spec, "%s/latest.h5", folder);
    tri_dataset *dataset = NULL;
    CHECK_OK(tri_dataset_open(comm, spec, NULL, &dataset));
    CHECK(dataset && !strcmp(tri_dataset_path(dataset), "/x"), "the only dataset");
    tri_dataset_destroy(&dataset);
    snprintf(spec, sizeof spec, "%s/with:colon.h5:/a:b", folder);
    CHECK_OK(tri_dataset_open(comm, spec, NULL, &dataset));
    CHECK(dataset && !strcmp(tri_dataset_path(dataset), "/a:b"), "%s",
          dataset ? tri_dataset_path(dataset) : "");
    tri_dataset_destroy(&dataset);
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    tri_comm *comm = NULL;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    test_reals(comm, argv[1]);
    test_integers(comm, argv[1]);
    test_ranges(comm, argv[1]);
    test_names(comm, argv[1]);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("reading");
}
