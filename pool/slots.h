/* The threads of a worker: one for each slot, and one that sends. */
#ifndef TRIREME_POOL_SLOTS_H
#define TRIREME_POOL_SLOTS_H

#include "pool/task.h"

tri_status tri_slots_start(tri_worker *worker);
/* Adds a task, which belongs to the slots from now on. */
void tri_slots_add(tri_worker *worker, tri_pool_task *task);
/* Drops a task that waits, or tells one that runs. */
void tri_slots_cancel(tri_worker *worker, uint64_t id, uint32_t attempt);
/* Tells all slots. lost: the manager reads no more. */
void tri_slots_end(tri_worker *worker, int lost);
/* Ends the threads. 0: a task has not returned by the deadline, and the worker must not be freed. */
int tri_slots_join(tri_worker *worker, double deadline);

#endif
