/* The modes that see every call, in the order in which they were put in the list. */
#include <stdatomic.h>

#include "preload/settings.h"

int tri_mode_count;

static const tri_mode *modes[TRI_MODES];

void tri_mode_add(const tri_mode *mode) {
    if (tri_mode_count < TRI_MODES) modes[tri_mode_count++] = mode;
}

void tri_modes_enter(tri_mpi_call *call) {
    for (int i = 0; i < tri_mode_count; i++)
        if (modes[i]->enter) modes[i]->enter(call, i);
}

void tri_modes_leave(tri_mpi_call *call, int result) {
    for (int i = tri_mode_count - 1; i >= 0; i--)
        if (modes[i]->leave) modes[i]->leave(call, result, i);
}

void tri_modes_made(MPI_Comm parent, MPI_Comm made) {
    for (int i = 0; i < tri_mode_count; i++)
        if (modes[i]->made) modes[i]->made(parent, made);
}

/* MPI_Finalize deletes the attributes of MPI_COMM_SELF first, while MPI works. */
static int on_finalize(MPI_Comm mpi, int keyval, void *value, void *extra) {
    (void)mpi, (void)keyval, (void)value, (void)extra;
    for (int i = tri_mode_count - 1; i >= 0; i--)
        if (modes[i]->end) modes[i]->end();
    return MPI_SUCCESS;
}

void tri_modes_init(void) {
    static atomic_flag begun = ATOMIC_FLAG_INIT;
    int key;
    if (!tri_mode_count || atomic_flag_test_and_set(&begun)) return;
    if (!tri_present_everywhere()) tri_mode_count = 0;
    for (int i = 0; i < tri_mode_count; i++)
        if (modes[i]->init) modes[i]->init();
    if (!tri_mode_count) return;
    if (PMPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, on_finalize, &key, NULL) == MPI_SUCCESS)
        PMPI_Comm_set_attr(MPI_COMM_SELF, key, NULL);
}
