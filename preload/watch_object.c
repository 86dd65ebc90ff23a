/* Communicators, windows and files under a name that is the same on all their ranks: from the world ranks of
 * the members, and how many with these members a rank has made before. All members make them in the same
 * order, so no messages are needed. */
#include <sched.h>
#include <stdlib.h>

#include "preload/watch.h"

static atomic_flag adding = ATOMIC_FLAG_INIT;

/* How many objects with the same members have been made. */
enum { KINDS_OF_MEMBERS = 4096 };
static struct { uint64_t members, made; } made_before[KINDS_OF_MEMBERS];

static uint64_t mix(uint64_t hash, uint64_t number) {
    hash = (hash ^ number) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* A hash of the world ranks of a group; the lowest of them. Ranks of other jobs count alike. */
static uint64_t hash_group(MPI_Group group, int *size, int *first) {
    MPI_Group world;
    uint64_t hash = 1;
    PMPI_Group_size(group, size);
    *first = -1;
    if (PMPI_Comm_group(MPI_COMM_WORLD, &world) != MPI_SUCCESS) return 0;
    int *ranks = malloc(2 * (size_t)*size * sizeof *ranks + 1);
    for (int i = 0; ranks && i < *size; i++)
        ranks[i] = i;
    if (ranks && PMPI_Group_translate_ranks(group, *size, ranks, world, ranks + *size) == MPI_SUCCESS)
        for (int i = 0; i < *size; i++)
            hash = mix(hash, (uint64_t)(uint32_t)ranks[*size + i]);
    if (ranks && *size) *first = ranks[*size] == MPI_UNDEFINED ? -1 : ranks[*size];
    free(ranks);
    PMPI_Group_free(&world);
    return hash;
}

static uint64_t number_of(uint64_t members) {
    for (uint64_t i = 0, at = members; i < 64; i++, at++) {
        size_t place = at % KINDS_OF_MEMBERS;
        if (!made_before[place].members) made_before[place].members = members;
        if (made_before[place].members == members) return ++made_before[place].made;
    }
    atomic_fetch_add(&tri_watch_slot->lost, 1);
    return 0;
}

enum { PROBES = 64 };

static tri_slot_object *place_for(uint64_t handle) {
    for (uint64_t i = 0, at = mix(7, handle) >> 20; i < PROBES; i++, at++) {
        tri_slot_object *object = &tri_watch_slot->objects[at % TRI_SLOT_OBJECTS];
        uint64_t there = atomic_load_explicit(&object->handle, memory_order_relaxed);
        if (there <= 1 || there == handle) return object;
    }
    atomic_fetch_add(&tri_watch_slot->lost, 1);
    return NULL;
}

static tri_slot_object *add(uint64_t handle, tri_slot_object new, uint64_t members, const tri_mpi_call *by) {
    while (atomic_flag_test_and_set(&adding))
        sched_yield();
    tri_slot_object *object = place_for(handle);
    uint64_t number = number_of(members);
    if (object && number) {
        object->id = mix(members, number) | 1;
        atomic_store_explicit(&object->rounds, 0, memory_order_relaxed);
        object->made_at = by ? by->caller : NULL;
        object->made_by = by ? by->symbol : 0;
        object->kind = new.kind;
        object->side = new.side;
        object->unproven = 0;
        object->size = new.size;
        object->rank = new.rank;
        object->lowest = new.lowest;
        atomic_store_explicit(&object->handle, handle, memory_order_release);
    } else {
        object = NULL;
    }
    atomic_flag_clear(&adding);
    return object;
}

/* An object whose members are a group. */
static tri_slot_object *add_group(uint64_t handle, tri_slot_kind kind, MPI_Group group,
                                  const tri_mpi_call *by) {
    tri_slot_object new = {.kind = (uint8_t)kind};
    uint64_t members = mix(hash_group(group, &new.size, &new.lowest), 1 + (uint64_t)kind);
    PMPI_Group_rank(group, &new.rank);
    PMPI_Group_free(&group);
    return add(handle, new, members, by);
}

tri_slot_object *tri_object_add_comm(MPI_Comm comm, const tri_mpi_call *by) {
    MPI_Group group, other;
    int between = 0, here, there, lowest;
    if (PMPI_Comm_test_inter(comm, &between) != MPI_SUCCESS || PMPI_Comm_group(comm, &group) != MPI_SUCCESS)
        return NULL;
    if (!between) return add_group(TRI_HANDLE(comm), TRI_SLOT_COMM, group, by);
    tri_slot_object new = {.kind = TRI_SLOT_COMM};
    if (PMPI_Comm_remote_group(comm, &other) != MPI_SUCCESS) return NULL;
    uint64_t mine = hash_group(group, &here, &new.lowest), theirs = hash_group(other, &there, &lowest);
    new.side = new.lowest < lowest ? 1 : 2;
    new.size = there;
    PMPI_Group_rank(group, &new.rank);
    PMPI_Group_free(&group);
    PMPI_Group_free(&other);
    return add(TRI_HANDLE(comm), new, mix(mine + theirs, 9), by);
}

tri_slot_object *tri_object_add_window(MPI_Win window, const tri_mpi_call *by) {
    MPI_Group group;
    if (PMPI_Win_get_group(window, &group) != MPI_SUCCESS) return NULL;
    return add_group(TRI_HANDLE(window), TRI_SLOT_WINDOW, group, by);
}

tri_slot_object *tri_object_add_file(MPI_File file, const tri_mpi_call *by) {
    MPI_Group group;
    if (PMPI_File_get_group(file, &group) != MPI_SUCCESS) return NULL;
    return add_group(TRI_HANDLE(file), TRI_SLOT_FILE, group, by);
}

tri_slot_object *tri_object_find(uint64_t handle) {
    for (uint64_t i = 0, at = mix(7, handle) >> 20; i < PROBES; i++, at++) {
        tri_slot_object *object = &tri_watch_slot->objects[at % TRI_SLOT_OBJECTS];
        uint64_t there = atomic_load_explicit(&object->handle, memory_order_acquire);
        if (there == handle) return object;
        if (!there) return NULL;
    }
    return NULL;
}

void tri_object_forget(uint64_t handle) {
    tri_slot_object *object = tri_object_find(handle);
    if (object) atomic_store(&object->handle, 1);
}
