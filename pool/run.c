/* The main() of a program whose ranks form a pool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trireme/pool.h"
#include "trireme/sync.h"

/* Without MPI among the ranks (srun --mpi=none) they meet by a file in the folder that they share. */
static void file_name(char *name, size_t room) {
    const char *job = getenv("SLURM_JOB_ID"), *step = getenv("SLURM_STEP_ID");
    snprintf(name, room, ".trireme-pool-%s.%s", job ? job : "0", step ? step : "0");
}

/* The manager's failure is told by the manager. */
static void tell(int argc, char **argv) {
    const char *program = argc > 0 ? strrchr(*argv, '/') : NULL;
    fprintf(stderr, "%s: %s\n", program ? program + 1 : argc > 0 ? *argv : "pool", tri_error_text());
}

static tri_status manage_here(int *argc, char ***argv, const tri_pool_options *options, int ranks, int by_mpi,
                              tri_status (*manage)(tri_pool *pool, void *argument), void *argument) {
    tri_pool *pool = NULL;
    tri_pool_options mine = *options;
    char address[TRI_POOL_ADDRESS] = "", name[64], text[1024];
    mine.listens |= ranks > 1;
    mine.expects = ranks - 1;
    tri_status status = tri_pool_create(&mine, &pool);
    if (status == TRI_OK) snprintf(address, sizeof address, "%s", tri_pool_address(pool));
    file_name(name, sizeof name);
    /* The others are waiting: they get an empty address if there is no pool. */
    if (ranks > 1 && by_mpi) {
        tri_status met = tri_pool_meet(argc, argv, address);
        if (status == TRI_OK) status = met;
    } else if (ranks > 1 && status == TRI_OK)
        status = tri_pool_publish(pool, name);
    if (status == TRI_OK) status = manage(pool, argument);
    snprintf(text, sizeof text, "%s", tri_error_text());
    if (ranks > 1 && !by_mpi) unlink(name);
    /* Before the others end with this status: a launcher may end all at the first one that does. */
    if (status != TRI_OK) tell(*argc, *argv);
    tri_pool_destroy(&pool, status);
    return status == TRI_OK ? TRI_OK : tri_fail(status, "%s", text);
}

static tri_status work_here(int *argc, char ***argv, const tri_pool_options *options, int by_mpi) {
    char address[TRI_POOL_ADDRESS] = "", name[64];
    file_name(name, sizeof name);
    if (by_mpi)
        TRI_TRY(tri_pool_meet(argc, argv, address));
    else
        TRI_TRY(
            tri_pool_find(name, tri_deadline(options->patience_s > 0 ? options->patience_s : 60), address));
    if (!*address) return tri_fail(TRI_ERR_SYSTEM, "rank 0 has no pool");
    return tri_pool_work(address, options);
}

int tri_pool_run(int *argc, char ***argv, const tri_pool_options *options,
                 tri_status (*manage)(tri_pool *pool, void *argument), void *argument) {
    int rank, ranks, by_mpi = tri_pool_launched(&rank, &ranks);
    tri_status status = rank ? work_here(argc, argv, options, by_mpi)
                             : manage_here(argc, argv, options, ranks, by_mpi, manage, argument);
    return tri_status_exit(status);
}
