/* The side that runs tasks. */
#ifndef TRIREME_POOL_WORKER_H
#define TRIREME_POOL_WORKER_H

#include "pool/digest.h"
#include "trireme/pool.h"

/* Number of threads that a worker with these options has, and its memory. */
int tri_worker_slots(const tri_pool_options *options);
size_t tri_worker_memory(const tri_pool_options *options);
/* A digest of the names of the functions, by which the two sides compare their tables. */
tri_status tri_worker_functions(const tri_pool_function *functions, uint8_t out[TRI_DIGEST]);

/* Works over a connected socket until the manager ends; closes it. `leave` is a descriptor that becomes
 * readable when the worker shall leave; -1: none. TRI_ERR_SYSTEM: the manager was lost. TRI_ERR_ENVIRONMENT:
 * what is at the other end does not have the key. */
tri_status tri_worker_run(int file, const uint8_t key[TRI_DIGEST], const tri_pool_options *options,
                          int leave);

#endif
