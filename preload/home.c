#include "preload/home.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "trireme/select.h"

/* Communicators that have state at a time: each takes some memory. More stay the MPI library's. */
enum { MOST_HOMES = 4096 };

int tri_serves;

static int key = MPI_KEYVAL_INVALID;
static atomic_int homes;
static atomic_uint epoch = 1; /* grows where a handle may get another meaning */
static tri_home *first;
static tri_comm *world; /* of MPI_COMM_WORLD: carries the messages of all */
static atomic_flag listing = ATOMIC_FLAG_INIT;

/* The communicator of the last call of this thread. */
static _Thread_local struct {
    MPI_Comm mpi;
    unsigned epoch;
    tri_home *home;
} last;

tri_home *tri_home_of(MPI_Comm mpi) {
    unsigned now = atomic_load_explicit(&epoch, memory_order_acquire);
    if (last.epoch == now && last.mpi == mpi) return last.home;
    tri_home *home = NULL;
    int found = 0;
    if (mpi == MPI_COMM_NULL || key == MPI_KEYVAL_INVALID) return NULL;
    if (PMPI_Comm_get_attr(mpi, key, &home, &found) != MPI_SUCCESS || !found) home = NULL;
    last.mpi = mpi;
    last.epoch = now;
    last.home = home;
    return home;
}

static void list_lock(void) {
    while (atomic_flag_test_and_set(&listing))
        sched_yield();
}

static void list_unlock(void) {
    atomic_flag_clear(&listing);
}

static void free_home(tri_home *home) {
    for (int side = 0; side < 2; side++) {
        free(home->counts[side]);
        free(home->displs[side]);
    }
    free(home->scratch);
    free(home);
}

/* MPI_Comm_free, MPI_Comm_disconnect and MPI_Finalize call this. */
static int on_delete(MPI_Comm mpi, int keyval, void *value, void *extra) {
    tri_home *home = value;
    (void)mpi, (void)keyval, (void)extra;
    list_lock();
    *home->link = home->next;
    if (home->next) home->next->link = home->link;
    list_unlock();
    atomic_fetch_add(&epoch, 1);
    if (home->comm) atomic_fetch_sub(&homes, 1);
    tri_comm_destroy(&home->comm);
    free_home(home);
    return MPI_SUCCESS;
}

/* MPI_Finalize deletes the attributes of MPI_COMM_SELF first, while MPI works. */
static int on_finalize(MPI_Comm mpi, int keyval, void *value, void *extra) {
    (void)mpi, (void)keyval, (void)value, (void)extra;
    if (tri_reports) tri_report_write();
    tri_serves = tri_reports = 0;
    atomic_fetch_add(&epoch, 1);
    world = NULL;
    for (tri_home *home = first; home; home = home->next)
        tri_comm_destroy(&home->comm);
    return MPI_SUCCESS;
}

static tri_home *new_home(MPI_Comm mpi, int size) {
    tri_home *home = calloc(1, sizeof *home);
    if (!home) return NULL;
    home->mpi = mpi;
    home->size = size;
    home->type = MPI_DATATYPE_NULL;
    home->op = MPI_OP_NULL;
    int complete = 1;
    for (int side = 0; side < 2; side++) {
        home->counts[side] = calloc((size_t)size, sizeof *home->counts[side]);
        home->displs[side] = calloc((size_t)size, sizeof *home->displs[side]);
        complete = complete && home->counts[side] && home->displs[side];
    }
    if (complete) return home;
    free_home(home);
    return NULL;
}

/* Whether the process has a driver of GPUs: MPI may then be given memory that only the MPI library can
 * read. */
static int has_gpu_driver(void) {
    static const char *const drivers[] = {"libcuda.so.1", "libamdhip64.so", "libze_loader.so.1"};
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++) {
        void *driver = dlopen(drivers[i], RTLD_LAZY | RTLD_NOLOAD);
        if (!driver) continue;
        dlclose(driver);
        return 1;
    }
    return 0;
}

/* Collective over `mpi`, whose ranks all decide alike. */
static void make_home(MPI_Comm mpi) {
    const tri_comm_options carried = {.carrier = world};
    int size, least[2];
    PMPI_Comm_size(mpi, &size);
    if (size < 2) return;
    tri_home *home = new_home(mpi, size);
    least[0] = home != NULL;
    least[1] = home && atomic_fetch_add(&homes, 1) < MOST_HOMES && !has_gpu_driver();
    int counted = home != NULL;
    if (PMPI_Allreduce(MPI_IN_PLACE, least, 2, MPI_INT, MPI_MIN, mpi) != MPI_SUCCESS) least[0] = 0;
    if (!least[0]) {
        if (home) free_home(home);
        if (counted) atomic_fetch_sub(&homes, 1);
        return;
    }
    PMPI_Comm_rank(mpi, &home->rank);
    if (!least[1] || tri_comm_create_with(mpi, &carried, &home->comm) != TRI_OK) {
        home->comm = NULL;
        atomic_fetch_sub(&homes, 1);
    }
    if (home->comm) tri_settings_classes(tri_comm_shape(home->comm), size, home->served);
    list_lock();
    home->next = first;
    home->link = &first;
    if (first) first->link = &home->next;
    first = home;
    list_unlock();
    PMPI_Comm_set_attr(mpi, key, home);
    atomic_fetch_add(&epoch, 1);
}

void tri_made(MPI_Comm parent, MPI_Comm made) {
    int between;
    tri_modes_made(parent, made);
    /* Ranks of another job may lack the preload: only what comes from MPI_COMM_WORLD is served. */
    if (!tri_serves || made == MPI_COMM_NULL || !world || !tri_home_of(parent) || tri_home_of(made)) return;
    if (PMPI_Comm_test_inter(made, &between) != MPI_SUCCESS || between) return;
    make_home(made);
}

void tri_before_init(void) {
    if ((tri_setting.boost && !tri_serves) || tri_mode_count) tri_present_say();
}

void tri_after_init(void) {
    static atomic_flag begun = ATOMIC_FLAG_INIT;
    int rank, finalize;
    if (!tri_setting.boost || atomic_flag_test_and_set(&begun) || !tri_present_everywhere()) return;
    tri_settings_share();
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (*tri_setting.wrong) {
        if (rank == 0) tri_say("stands aside: %s", tri_setting.wrong);
        return;
    }
    if (PMPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, on_delete, &key, NULL) != MPI_SUCCESS ||
        PMPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, on_finalize, &finalize, NULL) != MPI_SUCCESS ||
        PMPI_Comm_set_attr(MPI_COMM_SELF, finalize, NULL) != MPI_SUCCESS)
        return;
    tri_serves = 1;
    tri_reports = tri_setting.report;
    make_home(MPI_COMM_WORLD);
    tri_home *home = tri_home_of(MPI_COMM_WORLD);
    world = home ? home->comm : NULL;
}
