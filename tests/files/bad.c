/* Every broken file of make.py is refused with a specific text on all ranks, and HDF5 prints nothing. */
#include <mpi.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "trireme/comm.h"
#include "trireme/result.h"
#include "trireme/store.h"

static const struct {
    const char *spec;
    tri_status status;
    const char *text; /* a text that no other failure has */
} rows[] = {
    {"missing.h5:/x", TRI_ERR_FILE, "no such file"},
    {"missing.h5", TRI_ERR_FILE, "no such file"},
    {"missing/missing.h5:/x", TRI_ERR_FILE, "no such file"},
    {"text.h5/x.h5:/x", TRI_ERR_FILE, "Not a directory"},
    {"folder.h5:/x", TRI_ERR_FILE, "is a directory"},
    {"folder.h5", TRI_ERR_FILE, "is a directory"},
    {"pipe.h5:/x", TRI_ERR_FILE, "not a regular file"},
    {"text.h5:/x", TRI_ERR_FILE, "is not an HDF5 file (h5py"},
    {"empty.h5:/x", TRI_ERR_FILE, "it is empty"},
    {"classic.nc:/v", TRI_ERR_FILE, "nccopy"},
    {"truncated.h5:/float64", TRI_ERR_FILE, "is truncated"},
    {"damaged.h5:/float64", TRI_ERR_FILE, "damaged"},
    {"none.h5", TRI_ERR_DATA, "has no dataset"},
    {"h5py.h5", TRI_ERR_DATA, "name one as FILE:/path: /big, /bool, /chunked"},
    {"h5py.h5:/nothing", TRI_ERR_DATA, "has no dataset '/nothing': it has /big"},
    {"h5py.h5:/three/nothing", TRI_ERR_DATA, "has no dataset '/three/nothing'"},
    {"h5py.h5:/float64/x", TRI_ERR_DATA, "has no dataset '/float64/x'"},
    {"h5py.h5:/three", TRI_ERR_DATA, "is a group, not a dataset; it contains /three/d"},
    {"h5py.h5:three/", TRI_ERR_DATA, "it contains /three/d"},
    {"h5py.h5:/", TRI_ERR_DATA, "it contains /big"},
    {"h5py.h5:/nowhere", TRI_ERR_FILE, "dangling link"},
    {"h5py.h5:/strings", TRI_ERR_DATA, "holds strings"},
    {"h5py.h5:/compound", TRI_ERR_DATA, "holds compounds"},
    {"h5py.h5:/complex", TRI_ERR_DATA, "complex numbers"},
    {"h5py.h5:/references", TRI_ERR_DATA, "holds references"},
    {"h5py.h5:/lists", TRI_ERR_DATA, "variable-length"},
};

static void refused(tri_comm *comm, const char *spec, tri_status status, const char *text) {
    tri_dataset *dataset = NULL;
    CHECK_STATUS(tri_dataset_open(comm, spec, NULL, &dataset), status);
    CHECK(strstr(tri_error_text(), text), "%s: '%s' is not in: %s", spec, text, tri_error_text());
    CHECK(!dataset, "%s: written on failure", spec);
    tri_dataset_destroy(&dataset);
}

/* Datasets that open but cannot be read. */
static void unreadable(const char *spec, size_t count, const char *text) {
    tri_dataset *dataset = NULL;
    double out[1000];
    CHECK_OK(tri_dataset_open(NULL, spec, NULL, &dataset));
    if (!dataset) return;
    CHECK_STATUS(tri_dataset_read(dataset, 0, count, out), TRI_ERR_FILE);
    CHECK(strstr(tri_error_text(), text), "%s: '%s' is not in: %s", spec, text, tri_error_text());
    tri_dataset_destroy(&dataset);
}

/* Only rank 0 gets a wrong name: all ranks fail with its text. */
static void one_of_many(tri_comm *comm, const char *folder) {
    char spec[4096];
    snprintf(spec, sizeof spec, "%s/%s:/float64", folder, tri_comm_rank(comm) ? "h5py.h5" : "lost.h5");
    refused(comm, spec, TRI_ERR_FILE, "[rank 0 of ");
}

static void results_refused(tri_comm *comm, const char *folder) {
    static const struct {
        const char *folder, *text;
    } cases[] = {{"text.h5", "a file has the name of a folder"},
                 {"text.h5/deeper/down", "a file has the name of a folder"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, cases[i].folder);
        tri_result *result = NULL;
        CHECK_STATUS(tri_result_create(comm, path, "bad", &result), TRI_ERR_FILE);
        CHECK(strstr(tri_error_text(), cases[i].text), "%s", tri_error_text());
        CHECK(!result, "written on failure");
    }
}

/* Root may read and write everything, so the test becomes nobody. */
static void no_permission(tri_comm *comm, const char *folder) {
    uid_t before = geteuid();
    if (!before && seteuid(65534)) return;
    char path[4096];
    snprintf(path, sizeof path, "%s/forbidden.h5:/float64", folder);
    refused(comm, path, TRI_ERR_FILE, "no permission to read it");
    tri_result *result = NULL;
    snprintf(path, sizeof path, "%s/fixed", before ? "" : folder);
    CHECK_STATUS(tri_result_create(comm, path, "bad", &result), TRI_ERR_FILE);
    CHECK(strstr(tri_error_text(), "no permission to write there"), "%s", tri_error_text());
    if (!before) CHECK(!seteuid(0), "still nobody");
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    tri_comm *comm = NULL;
    CHECK_OK(tri_comm_create(MPI_COMM_WORLD, &comm));
    char spec[4096];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(spec, sizeof spec, "%s/%s", argv[1], rows[i].spec);
        refused(comm, spec, rows[i].status, rows[i].text);
    }
    snprintf(spec, sizeof spec, "%s/damaged_chunk.h5:/x", argv[1]);
    unreadable(spec, 1000, "cannot read elements 0 to 999");
    snprintf(spec, sizeof spec, "%s/h5py.h5:/external_lost", argv[1]);
    unreadable(spec, 100, "restore the external file");
    one_of_many(comm, argv[1]);
    results_refused(comm, argv[1]);
    no_permission(comm, argv[1]);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return check_result("bad files");
}
