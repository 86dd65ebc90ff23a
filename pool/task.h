/* A task at the worker's side. */
#ifndef TRIREME_POOL_TASK_H
#define TRIREME_POOL_TASK_H

#include "pool/wire.h"
#include "trireme/pool.h"
#include "trireme/sync.h"

enum { TRI_TASK_DEVICES = 64 };

/* What all threads of a worker share. */
typedef struct tri_worker {
    const tri_pool_options *options;
    int file, number, slots, devices;
    char host[256];
    tri_lock *lock; /* of all that is below */
    tri_condition *tasks, *output, *room;
    tri_pool_task *first, **last; /* waiting for a slot */
    tri_pool_task *running;
    int cores_used, threads; /* threads: slots that have not ended */
    unsigned char device_used[256];
    tri_wire out; /* for the sender */
    int sending, ending, lost, leaving;
    tri_condition *ended; /* a slot has */
    tri_thread *sender, **slot;
} tri_worker;

struct tri_pool_task {
    tri_pool_task *next;
    tri_worker *worker;
    uint64_t id;
    uint32_t attempt, function, items;
    uint64_t item_bytes, out_bytes;
    int cancelled;
    tri_pool_place place;
    int device[TRI_TASK_DEVICES];
    uint8_t *result;
    size_t result_count, result_room;
    size_t count;
    uint8_t in[]; /* the input */
};

/* Queues the frame in `wire`, which is emptied, for the sender. Blocks while much is queued and `patient`. */
tri_status tri_task_queue(tri_worker *worker, tri_wire *wire, int patient);

#endif
