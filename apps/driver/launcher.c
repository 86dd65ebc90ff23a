/* What the launcher's variables say, for messages before MPI runs. */
#include <stdlib.h>

#include "apps/driver/machine.h"

/* The first of these variables that is set, as a number; `otherwise` if none is. */
static long first_number(const char *const *names, long otherwise) {
    for (; *names; names++)
        if (getenv(*names)) return strtol(getenv(*names), NULL, 10);
    return otherwise;
}

int tri_launcher_rank(void) {
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID",
                                        NULL};
    return (int)first_number(names, 0);
}

long tri_launcher_size(void) {
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS", NULL};
    return first_number(names, 1);
}
