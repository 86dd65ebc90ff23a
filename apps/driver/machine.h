/* Bringing up what a program runs on: MPI, the place of the rank, threads, device. */
#ifndef TRIREME_APPS_MACHINE_H
#define TRIREME_APPS_MACHINE_H

#include "apps/driver/app.h"

struct tri_machine {
    tri_comm *comm;
    tri_place *place; /* NULL: the build has no hwloc */
    tri_team *team;
    tri_gpu *gpu; /* or NULL */
    int threads;
    bool tries_device; /* to be without one is no failure */
    char where[512];   /* of this rank: "cores 0-3 of 16, ...; device ..." */
};

/* MPI with MPI_THREAD_FUNNELED, and the communicator. TRI_ERR_ENVIRONMENT where the launcher has started several
 * processes that do not know of each other. */
tri_status tri_machine_start(int *argc, char ***argv, const tri_comm_options *options, tri_machine *machine);

/* The rest, as the options say; collective. `device` NULL: the variable TRIREME_DEVICE, else none. */
tri_status tri_machine_place(tri_machine *machine, const tri_common *common);

/* How far the device is from this rank's cores, in the words and numbers of tri_place_near_pci(); 0 and "" where that is
 * not known, as with processors. */
int tri_machine_near(const tri_machine *machine, const tri_gpu_info *device, char text[TRI_PLACE_TEXT]);

/* Frees all but MPI. */
void tri_machine_stop(tri_machine *machine);

/* The rank that the launcher's environment names, or 0: for what must be said once though MPI does not run. */
int tri_launcher_rank(void);

#endif
