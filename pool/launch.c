/* How processes find each other: the launcher's variables, MPI for one broadcast, or a file. */
#include <errno.h>
#include <fcntl.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pool/address.h"
#include "pool/worker.h"
#include "trireme/output.h"
#include "trireme/sync.h"

static const double patience_s = 60;

int tri_pool_launched(int *rank, int *ranks) {
    static const char *const names[][2] = {{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                                           {"PMI_RANK", "PMI_SIZE"},
                                           {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"}};
    *rank = 0, *ranks = 1;
    for (int i = 0; i < 3; i++) {
        const char *mine = getenv(names[i][0]), *all = getenv(names[i][1]);
        if (!mine || !all) continue;
        *rank = (int)strtol(mine, NULL, 10);
        *ranks = (int)strtol(all, NULL, 10);
        return i < 2 || getenv("PMIX_RANK") != NULL;
    }
    return 0;
}

tri_status tri_pool_meet(int *argc, char ***argv, char *address) {
    int initialized = 0, level, finalized = 0;
    if (MPI_Finalized(&finalized) || finalized) return tri_fail(TRI_ERR_MPI, "MPI is finalized already");
    MPI_Initialized(&initialized);
    if (!initialized && MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &level))
        return tri_fail(TRI_ERR_MPI, "MPI_Init_thread has failed");
    int failed = MPI_Bcast(address, TRI_POOL_ADDRESS, MPI_CHAR, 0, MPI_COMM_WORLD);
    if (!initialized) failed |= MPI_Finalize();
    return failed ? tri_fail(TRI_ERR_MPI, "the ranks cannot tell each other the address of the pool")
                  : TRI_OK;
}

tri_status tri_pool_publish(const tri_pool *pool, const char *path) {
    tri_output *output = NULL;
    TRI_TRY(tri_output_create(path, 1, &output));
    FILE *file = tri_output_stream(output);
    tri_status status = TRI_OK;
    if (fchmod(fileno(file), 0600) || fprintf(file, "%s\n", tri_pool_address(pool)) < 0)
        status = tri_fail(TRI_ERR_FILE, "cannot write the address to '%s': %s", path, strerror(errno));
    if (status == TRI_OK) status = tri_output_finish(output, NULL);
    tri_output_destroy(&output);
    return status;
}

static tri_status read_address(const char *path, char *address) {
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0 || fstat(file, &status)) {
        int error = errno;
        if (file >= 0) close(file);
        return tri_fail(error == ENOENT ? TRI_TIMED_OUT : TRI_ERR_FILE,
                        "cannot open the address file '%s': %s", path, strerror(error));
    }
    if (!S_ISREG(status.st_mode) || (status.st_mode & 077) || status.st_uid != geteuid()) {
        close(file);
        return tri_fail(TRI_ERR_DATA, "'%s' must be a file of yours that nobody else can read (chmod 600)",
                        path);
    }
    ssize_t got = read(file, address, TRI_POOL_ADDRESS - 1);
    close(file);
    if (got <= 0 || address[got - 1] != '\n')
        return tri_fail(TRI_ERR_DATA, "'%s' has no address of a pool", path);
    address[got - 1] = 0;
    return TRI_OK;
}

tri_status tri_pool_find(const char *path, double deadline, char *address) {
    const struct timespec nap = {.tv_nsec = 50000000};
    for (;;) {
        tri_status status = read_address(path, address);
        if (status != TRI_TIMED_OUT || !(tri_deadline(0) < deadline)) return status;
        nanosleep(&nap, NULL);
    }
}

/* For tri_pool_leave(), which a signal handler calls. */
static int leave_file = -1;

void tri_pool_leave(void) {
    static const uint64_t one = 1;
    int error = errno, file = __atomic_load_n(&leave_file, __ATOMIC_RELAXED);
    if (file >= 0 && write(file, &one, sizeof one) < 0) {
        /* it is set already */
    }
    errno = error;
}

tri_status tri_pool_work(const char *address, const tri_pool_options *options) {
    const struct timespec nap = {.tv_nsec = 100000000};
    double deadline = tri_deadline(options->patience_s > 0 ? options->patience_s : patience_s);
    uint8_t key[TRI_DIGEST];
    int file = -1;
    tri_status status;
    while ((status = tri_address_connect(address, key, &file)) == TRI_ERR_ENVIRONMENT &&
           tri_deadline(0) < deadline)
        nanosleep(&nap, NULL);
    TRI_TRY(status);
    int leave = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    __atomic_store_n(&leave_file, leave, __ATOMIC_RELAXED);
    status = tri_worker_run(file, key, options, leave);
    __atomic_store_n(&leave_file, -1, __ATOMIC_RELAXED);
    if (leave >= 0) close(leave);
    return status;
}
