/* Starts MPI, places the rank on cores, and sets up threads and the device. */
#ifndef TRIREME_APPS_MACHINE_H
#define TRIREME_APPS_MACHINE_H

#include "apps/driver/app.h"

struct tri_machine {
    tri_comm *comm;
    tri_place *place; /* NULL: built without hwloc */
    tri_team *team;
    tri_gpu *gpu; /* or NULL */
    int threads;
    bool tries_device; /* a missing device is not an error */
    char where[512];   /* "HOST: cores 0-3 of 16, ...; device ..." */
};

/* Initialises MPI with MPI_THREAD_FUNNELED and creates the communicator. TRI_ERR_ENVIRONMENT: the launcher
 * started several singletons. */
tri_status tri_machine_start(int *argc, char ***argv, const tri_comm_options *options, tri_machine *machine);

/* Cores, threads and device, by the options. Without --device TRIREME_DEVICE counts. Collective. */
tri_status tri_machine_place(tri_machine *machine, const tri_common *common);

/* Distance from this rank's cores to the device, as text and number of tri_place_near_pci(); 0 and "" if
 * unknown, as for CPU devices. */
int tri_machine_near(const tri_machine *machine, const tri_gpu_info *device, char text[TRI_PLACE_TEXT]);

/* Frees everything except MPI. */
void tri_machine_stop(tri_machine *machine);

/* From now on a signal that ends this process also removes its unfinished output files. */
void tri_outputs_guard(void);

/* The rank according to the launcher's variables, else 0: for messages before MPI runs. */
int tri_launcher_rank(void);
/* The number of ranks likewise, else 1. */
long tri_launcher_size(void);

#endif
