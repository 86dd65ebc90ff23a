/* Schedules: the verbs are recorded as steps and executed later, from wait to wait. */
#ifndef TRI_COLLECTIVES_ENGINE_SCHEDULE_H
#define TRI_COLLECTIVES_ENGINE_SCHEDULE_H

#include "collectives/engine/execute.h"

/* One verb. `peer` is a rank of the communicator. */
typedef struct tri_step {
    enum {
        TRI_STEP_SEND,
        TRI_STEP_RECV,
        TRI_STEP_WAIT,
        TRI_STEP_COMBINE,
        TRI_STEP_COPY,
        TRI_STEP_GATE, /* waits until the schedule `from` has passed `count` marks */
        TRI_STEP_MARK  /* a mark that a gate of another schedule waits for */
    } verb;
    int peer;
    const void *from;
    void *to;
    size_t count;
} tri_step;

typedef struct tri_schedule {
    tri_engine engine;
    tri_context context; /* of the whole communicator; executes */
    tri_step *steps;
    size_t recorded, room; /* steps; entries that `steps` has room for */
    size_t next;           /* the step to execute next */
    size_t marks;          /* passed so far */
} tri_schedule;

/* The verbs that record, on a context whose engine is that of a schedule. */
extern const tri_verbs tri_verbs_record;

tri_status tri_schedule_record(tri_schedule *schedule, tri_step step);
/* Executes steps until one cannot go on without waiting. With `test`, a wait asks MPI whether its messages have arrived;
 * without, it only looks whether any are left in `engine.started`. `*moved` becomes 1 where a step was done. */
tri_status tri_schedule_advance(tri_schedule *schedule, int test, int *moved);
void tri_schedule_free(tri_schedule *schedule);

#endif
