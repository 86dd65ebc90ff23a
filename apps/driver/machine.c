#include "apps/driver/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The launcher of another MPI library, or srun without its PMI plug-in, starts N programs of one rank
 * each. */
static tri_status refuse_singletons(void) {
    int size;
    TRI_MPI(MPI_Comm_size(MPI_COMM_WORLD, &size));
    long started = tri_launcher_size();
    if (size != 1 || started <= 1) return TRI_OK;
    return tri_fail(TRI_ERR_ENVIRONMENT,
                    "the launcher started %ld processes, but each is a singleton in MPI: use the mpirun of "
                    "the MPI library of this build, or srun --mpi=pmix",
                    started);
}

tri_status tri_machine_start(int *argc, char ***argv, const tri_comm_options *options, tri_machine *machine) {
    int provided;
    /* Open MPI 4 starts a daemon for a program without a launcher, for the case that it spawns others: 0.3 s
     * that no program here needs. A command started from here keeps its daemon. */
    static const char isolated[] = "OMPI_MCA_ess_singleton_isolated";
    bool mine = !getenv(isolated) && setenv(isolated, "1", 0) == 0;
    int failed = MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    if (mine) unsetenv(isolated);
    if (failed != MPI_SUCCESS)
        return tri_fail(TRI_ERR_ENVIRONMENT, "MPI_Init_thread failed; run apps/doctor to find the cause");
    TRI_TRY(refuse_singletons());
    if (provided < MPI_THREAD_FUNNELED)
        return tri_fail(
            TRI_ERR_ENVIRONMENT,
            "this MPI library does not provide MPI_THREAD_FUNNELED; use one that is built with threads");
    return tri_comm_create_with(MPI_COMM_WORLD, options, &machine->comm);
}

/* Gathers the core masks of the ranks of this node and computes this rank's share. */
static tri_status share_cores(tri_machine *machine, MPI_Comm node, int local_rank, int local_size) {
    tri_place_mask mine, *masks = malloc((size_t)local_size * sizeof *masks);
    tri_status status =
        masks ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the core masks of %d ranks", local_size);
    TRI_TRY(tri_agree(machine->comm, status));
    tri_place_mask_get(machine->place, &mine);
    status = tri_mpi_status(MPI_Allgather(&mine, sizeof mine, MPI_BYTE, masks, sizeof mine, MPI_BYTE, node),
                            "MPI_Allgather");
    if (status == TRI_OK) status = tri_place_share(machine->place, local_size, local_rank, masks);
    free(masks);
    return status;
}

int tri_machine_near(const tri_machine *machine, const tri_gpu_info *device, char text[TRI_PLACE_TEXT]) {
    tri_place_near near;
    text[0] = 0;
    if (!machine->place || !*device->pci || tri_place_near_pci(machine->place, device->pci, &near) != TRI_OK)
        return 0;
    snprintf(text, TRI_PLACE_TEXT, "%s", near.text);
    return near.distance;
}

/* The devices that a rank may use, with their distances. */
enum { DEVICES = 64 };
typedef struct choice {
    size_t count;
    int distance[DEVICES];
} choice;

/* Assigns devices to the ranks of the node by distance. *dealt_index: the index of this rank's device. */
static tri_status deal(const choice *choices, int local_rank, int local_size, size_t *dealt_index) {
    size_t ranks = (size_t)local_size, devices = choices[0].count, *dealt = malloc(ranks * sizeof *dealt);
    int *distance = malloc(ranks * devices * sizeof *distance);
    if (dealt && distance) {
        for (size_t r = 0; r < ranks; r++)
            memcpy(distance + r * devices, choices[r].distance, devices * sizeof *distance);
        tri_gpu_assign(ranks, devices, distance, dealt);
        *dealt_index = dealt[local_rank];
    }
    tri_status status = dealt && distance ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory to assign devices");
    free(dealt);
    free(distance);
    return status;
}

/* Gathers the choices of the ranks of the node: all[local_size]. */
static tri_status exchange_choices(tri_machine *machine, const tri_gpu_info *list, choice *mine,
                                   MPI_Comm node, choice *all) {
    char text[TRI_PLACE_TEXT];
    for (size_t k = 0; k < mine->count; k++)
        mine->distance[k] = tri_machine_near(machine, &list[k], text);
    return tri_mpi_status(MPI_Allgather(mine, sizeof *mine, MPI_BYTE, all, sizeof *mine, MPI_BYTE, node),
                          "MPI_Allgather");
}

/* Writes the number of this rank's device to `index`; leaves it "" if there is no choice. */
static tri_status choose_device(tri_machine *machine, const char *device, MPI_Comm node, int local_rank,
                                int local_size, char index[24]) {
    choice mine = {.count = 0};
    size_t dealt;
    tri_gpu_info *list = malloc(DEVICES * sizeof *list);
    choice *all = malloc((size_t)local_size * sizeof *all);
    tri_status status = list && all ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for a list of devices");
    if (status == TRI_OK) status = tri_gpu_select(device, list, DEVICES, &mine.count);
    status = tri_agree(machine->comm, status);
    /* More devices than DEVICES, or different ones on the ranks of a node: assigned in rank order. */
    if (mine.count > DEVICES) mine.count = 0;
    if (status == TRI_OK) status = exchange_choices(machine, list, &mine, node, all);
    bool same = status == TRI_OK && mine.count > 1;
    for (int r = 0; r < local_size && same; r++)
        same = all[r].count == mine.count;
    if (same) status = deal(all, local_rank, local_size, &dealt);
    if (same && status == TRI_OK) snprintf(index, 24, "%zu", list[dealt].index);
    free(list);
    free(all);
    return status;
}

static tri_status open_device(tri_machine *machine, const char *device, MPI_Comm node, int local_rank,
                              int local_size) {
    char index[24] = "";
    tri_status status = choose_device(machine, device, node, local_rank, local_size, index);
    bool chosen = *index;
    if (chosen) device = index;
    return status == TRI_OK
               ? tri_gpu_open(device, chosen ? 0 : local_rank, chosen ? 1 : local_size, &machine->gpu)
               : status;
}

static tri_status make_team(tri_machine *machine) {
    /* A device has a thread of its own, which mostly waits. */
    int all = machine->threads + (machine->gpu != NULL);
    /* Oversubscribed cores: no binding. */
    if (!machine->place || tri_place_describe(machine->place)->sharing)
        return tri_team_create(all, NULL, &machine->team);
    int *cpus = malloc((size_t)all * sizeof *cpus);
    if (!cpus) return tri_fail(TRI_ERR_MEMORY, "no memory for %d threads", all);
    tri_place_cpus(machine->place, all, cpus);
    tri_status status = tri_team_create(all, cpus, &machine->team);
    free(cpus);
    return status;
}

/* Without hwloc: the processors of the node, divided equally. */
static int guess_cores(int local_size) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN) / local_size;
    return cores > 1 ? (int)cores : 1;
}

static void describe(tri_machine *machine) {
    const tri_place_info *info = machine->place ? tri_place_describe(machine->place) : NULL;
    snprintf(machine->where, sizeof machine->where, "%s: %s%s%s", tri_comm_host(machine->comm),
             info ? info->text : "cores unknown (built without hwloc)", machine->gpu ? "; device " : "",
             machine->gpu ? tri_gpu_describe(machine->gpu)->name : "");
}

static tri_status place(tri_machine *machine, const tri_common *common, MPI_Comm node) {
    const tri_shape *shape = tri_comm_shape(machine->comm);
    const char *device = common->device ? common->device : getenv("TRIREME_DEVICE");
    tri_status status = tri_place_create(&machine->place);
    if (status == TRI_ERR_ABSENT) status = TRI_OK;
    TRI_TRY(tri_agree(machine->comm, status));
    if (machine->place)
        TRI_TRY(tri_agree(machine->comm, share_cores(machine, node, shape->local_rank, shape->local_size)));
    machine->threads = common->threads;
    if (!machine->threads)
        machine->threads =
            machine->place ? tri_place_describe(machine->place)->cores : guess_cores(shape->local_size);
    /* The device before the team: threads of its driver would inherit the binding of the team. */
    if (device && strcmp(device, "none")) {
        status = open_device(machine, device, node, shape->local_rank, shape->local_size);
        TRI_TRY(tri_agree(machine->comm, machine->tries_device ? TRI_OK : status));
    }
    TRI_TRY(tri_agree(machine->comm, make_team(machine)));
    describe(machine);
    return TRI_OK;
}

tri_status tri_machine_place(tri_machine *machine, const tri_common *common) {
    MPI_Comm node;
    TRI_MPI(MPI_Comm_split(tri_comm_mpi(machine->comm), tri_comm_shape(machine->comm)->node, 0, &node));
    tri_status status = place(machine, common, node);
    MPI_Comm_free(&node);
    return status;
}

void tri_machine_stop(tri_machine *machine) {
    tri_team_destroy(&machine->team);
    tri_gpu_close(&machine->gpu);
    if (machine->place) tri_place_destroy(&machine->place);
    tri_comm_destroy(&machine->comm);
}
