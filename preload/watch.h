/* The parts of the mode watch (slot.h: what they write). */
#ifndef TRI_PRELOAD_WATCH_H
#define TRI_PRELOAD_WATCH_H

#include "preload/settings.h"
#include "preload/slot.h"

extern const tri_mode tri_watch_mode;

extern tri_board *tri_watch_board;
extern tri_slot *tri_watch_slot; /* of this rank */

/* A handle as a number; never 0 or 1 for a handle of MPI. */
#define TRI_HANDLE(handle) ((uint64_t)(uintptr_t)(handle))

/* Maps the board, and claims the slot of this rank. Collective over MPI_COMM_WORLD; 0 on all ranks where one
 * cannot. *file: descriptor of the board. */
int tri_slot_open(int *file);

/* ---- communicators, windows and files ---- */

/* Adds one; `made_by`: symbol of the call. NULL: the table is full. */
tri_slot_object *tri_object_add_comm(MPI_Comm comm, const tri_mpi_call *by);
tri_slot_object *tri_object_add_window(MPI_Win window, const tri_mpi_call *by);
tri_slot_object *tri_object_add_file(MPI_File file, const tri_mpi_call *by);
/* Finds one by its handle; NULL: unknown. */
tri_slot_object *tri_object_find(uint64_t handle);
void tri_object_forget(uint64_t handle);

/* ---- types and operations ---- */

void tri_codes_init(tri_board *board);
uint32_t tri_code_of_type(MPI_Datatype type);
uint16_t tri_code_of_op(MPI_Op op);
void tri_code_forget_types(void);

/* ---- requests ---- */

void tri_requests_add(const tri_mpi_call *call, const tri_slot_call *as);
/* Before a call that waits or tests: notes the requests in the lane. */
void tri_requests_note(tri_slot_lane *lane, const tri_mpi_call *call);
/* After it: drops those that are done. */
void tri_requests_done(tri_slot_lane *lane, const tri_mpi_call *call);
void tri_requests_start(const tri_mpi_call *call);
tri_slot_request *tri_request_find(uint64_t handle);

/* ---- the thread of each rank ---- */

/* Threads that exist when MPI_Init returns are the MPI library's; those that come later, and have not called
 * MPI, may do so: counts those that do not sleep until another thread wakes them. */
void tri_strangers_init(void);
int tri_strangers_count(void);

/* Starts it. `file`: descriptor of the board. */
int tri_watcher_start(int file);

#endif
