/* The manager of a farm. */
#ifndef TRIREME_APPS_POOL_MANAGE_H
#define TRIREME_APPS_POOL_MANAGE_H

#include <stdatomic.h>

#include "apps/pool/farm.h"

typedef enum farm_stop {
    FARM_STOP_NONE,
    FARM_STOP_SIGNAL,
    FARM_STOP_TIME,
    FARM_STOP_FAILURES,
    FARM_STOP_DESERTED,
    FARM_STOP_BROKEN
} farm_stop;

typedef struct farm {
    const farm_options *options;
    tri_pool *pool;
    tri_journal *journal, *store;
    farm_known *known;
    farm_source *source;
    tri_semaphore *room; /* for tasks that wait in the pool, so that memory is bounded */
    char folder[4096], host[256], why[1024];
    farm_bytes record, input; /* of the pool's thread, of the main thread */
    uint64_t numbers, old_records, old_done;
    double begin_s, end_s; /* end_s: of the job; 0: none */
    bool read_all, lost_far;
    farm_stop stop;
    atomic_ullong submitted, done, failed, skipped, attempts;
    atomic_int running, broken, deserted;
    tri_thread *progress;
    tri_event *ending;
} farm;

/* Tells the other ranks the address of the pool, or with NULL and a status that there is none. */
typedef struct farm_meeting {
    tri_status (*meet)(void *argument, tri_pool *pool, tri_status status);
    void *argument;
} farm_meeting;

/* Runs all tasks. TRI_ERR_WRONG: some have failed. TRI_STOPPED: some are left. */
tri_status farm_manage(farm *f, const tri_pool_options *options, const farm_meeting *meeting);

/* progress.c: a line on a terminal, twice a second */
void farm_progress_start(farm *f);
void farm_progress_stop(farm *f);
/* The last line, or JSON. */
void farm_summary(const farm *f, tri_status status);

#endif
