/* The communicators of the program, by the place where they were made. */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "preload/profile.h"

enum { CACHE = 8, NOT_A_RANK = -1 };

static int key = MPI_KEYVAL_INVALID;
static atomic_uint epoch = 1; /* grows where a handle may get another meaning */
static profile_comm poor;     /* of communicators for which there is no memory */
static profile_comm *world;
static uint64_t made_here; /* communicators that this rank has named */

static _Thread_local struct {
    MPI_Comm mpi;
    unsigned epoch;
    profile_comm *comm;
} cache[CACHE];

profile_comm *tri_profile_comm_of(MPI_Comm mpi) {
    unsigned now = atomic_load_explicit(&epoch, memory_order_acquire);
    size_t at = ((uintptr_t)mpi ^ (uintptr_t)mpi >> 6) % CACHE;
    if (cache[at].epoch == now && cache[at].mpi == mpi) return cache[at].comm;
    profile_comm *comm = NULL;
    int found = 0;
    if (mpi == MPI_COMM_NULL || key == MPI_KEYVAL_INVALID) return NULL;
    if (PMPI_Comm_get_attr(mpi, key, &comm, &found) != MPI_SUCCESS || !found) comm = NULL;
    cache[at].mpi = mpi;
    cache[at].epoch = now;
    cache[at].comm = comm;
    return comm;
}

void tri_profile_comm_flush(profile_comm *comm) {
    profile_peer *peers = tri_profiled.peers;
    for (int r = 0; peers && comm->world && comm->to_each && r < comm->size; r++)
        if (r != comm->rank && comm->world[r] >= 0) {
            peers[comm->world[r]].sent_bytes += comm->to_each;
            peers[comm->world[r]].sent_messages += comm->to_calls;
        }
    comm->to_each = 0;
    comm->to_calls = 0;
}

static void free_comm(profile_comm *comm) {
    if (comm == &poor) return;
    free(comm->world);
    free(comm->members);
    free(comm);
}

static int on_delete(MPI_Comm mpi, int keyval, void *value, void *extra) {
    (void)mpi, (void)keyval, (void)extra;
    atomic_fetch_add(&epoch, 1);
    if (value == world) world = NULL;
    if (tri_profiled.head) tri_profile_comm_flush(value);
    free_comm(value);
    return MPI_SUCCESS;
}

/* Its ranks in MPI_COMM_WORLD. 0: no memory. */
static int find_members(MPI_Comm mpi, profile_comm *c) {
    MPI_Group mine, all;
    size_t count = (size_t)c->size;
    int *ranks = malloc(count * sizeof *ranks);
    c->world = malloc(count * sizeof *c->world);
    c->members = malloc(count * sizeof *c->members);
    int complete = ranks && c->world && c->members;
    if (complete) {
        for (int r = 0; r < c->size; r++)
            ranks[r] = r;
        PMPI_Comm_group(mpi, &mine);
        PMPI_Comm_group(MPI_COMM_WORLD, &all);
        PMPI_Group_translate_ranks(mine, c->size, ranks, all, c->world);
        PMPI_Group_free(&mine);
        PMPI_Group_free(&all);
    }
    for (int r = 0; complete && r < c->size; r++) {
        if (c->world[r] == MPI_UNDEFINED) c->world[r] = NOT_A_RANK;
        c->members[r] = tri_profile_place(c->world[r]);
        c->present += c->members[r] >= 0;
    }
    free(ranks);
    return complete;
}

/* The row of communicators like this one. */
static uint32_t row_of(const profile_comm *c, const profile_cell *cell, const char *name, uint32_t parent) {
    profile_comm_row *rows = tri_profiled.comms;
    uint64_t caller = cell ? cell->caller : 0;
    for (uint32_t i = 1; i < PROFILE_COMMS; i++) {
        profile_comm_row *row = &rows[i];
        if (!row->ready) {
            row->caller = caller;
            row->offset = cell ? cell->offset : 0;
            row->module = cell ? cell->module : 0;
            row->parent = parent;
            row->size = (uint32_t)c->size;
            strncpy(row->name, name, PROFILE_NAME - 1);
            __atomic_store_n(&row->ready, 1, __ATOMIC_RELEASE);
        }
        if (row->caller != caller || row->parent != parent || row->size != (uint32_t)c->size ||
            strncmp(row->name, name, PROFILE_NAME - 1) != 0)
            continue;
        row->made++;
        if (c->present < c->size) row->spans = 1;
        return i;
    }
    return 0;
}

static profile_comm *make(MPI_Comm mpi, const profile_cell *cell, const char *name, uint32_t parent,
                          uint64_t id) {
    tri_shape shape = {.nodes = 1};
    profile_comm *c = calloc(1, sizeof *c);
    if (c) {
        PMPI_Comm_size(mpi, &c->size);
        PMPI_Comm_rank(mpi, &c->rank);
        if (!find_members(mpi, c)) {
            free_comm(c);
            c = NULL;
        }
    }
    if (!c) c = &poor;
    if (c != &poor) {
        c->row = row_of(c, cell, name, parent);
        c->key = id;
        if (c->present < c->size) shape.nodes = 2;
        if (c->size > 1) tri_settings_classes(&shape, c->size, c->served);
    }
    PMPI_Comm_set_attr(mpi, key, c);
    atomic_fetch_add(&epoch, 1);
    return c;
}

void tri_profile_comms_begin(void) {
    int rank;
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (PMPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, on_delete, &key, NULL) != MPI_SUCCESS) return;
    world = make(MPI_COMM_WORLD, NULL, "MPI_COMM_WORLD", 0, 1);
    make(MPI_COMM_SELF, NULL, "MPI_COMM_SELF", 0, 0);
}

void tri_profile_comm_made(MPI_Comm parent, MPI_Comm made, uint32_t cell) {
    int between, rank, first;
    if (made == MPI_COMM_NULL) return;
    profile_comm *from = tri_profile_comm_of(parent);
    if (!from || tri_profile_comm_of(made)) return;
    if (PMPI_Comm_test_inter(made, &between) != MPI_SUCCESS || between) return;
    PMPI_Comm_rank(made, &rank);
    PMPI_Comm_rank(MPI_COMM_WORLD, &first);
    /* Its first rank names it: its own number, and how many it has named. */
    uint64_t id = (uint64_t)(first + 1) << 40 | made_here;
    if (rank == 0) made_here++;
    PMPI_Bcast(&id, sizeof id, MPI_BYTE, 0, made);
    const profile_cell *c = &tri_profiled.cells[cell];
    make(made, c, cell ? c->name : "communicator", from->row, id);
}

void tri_profile_comms_flush(void) {
    if (world) tri_profile_comm_flush(world);
}
