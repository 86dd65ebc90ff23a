/* Schedules: verbs recorded as steps and executed later, from wait to wait. */
#ifndef TRI_COLLECTIVES_ENGINE_SCHEDULE_H
#define TRI_COLLECTIVES_ENGINE_SCHEDULE_H

#include "collectives/engine/execute.h"

/* Work on memory between verbs. It may not wait: it sets *blocked to 1 where it must be run again later. */
typedef struct tri_work {
    tri_status (*run)(struct tri_work *, int *blocked);
} tri_work;

/* One verb. `peer` is a rank of the communicator. */
typedef struct tri_step {
    enum {
        TRI_STEP_SEND,
        TRI_STEP_RECV,
        TRI_STEP_WAIT,
        TRI_STEP_COMBINE,
        TRI_STEP_COPY,
        TRI_STEP_WORK, /* runs the tri_work `to` */
        TRI_STEP_GATE, /* waits until the schedule `from` has passed `count` marks */
        TRI_STEP_MARK  /* a mark for the gate of another schedule */
    } verb;
    int peer;
    const void *from;
    void *to;
    size_t count;
} tri_step;

typedef struct tri_schedule {
    tri_engine engine;
    tri_context context; /* of the whole communicator; its verbs execute */
    tri_step *steps;
    size_t recorded, room; /* number of steps; capacity of `steps` */
    size_t next;           /* the step to execute next */
    size_t marks;          /* marks passed so far */
} tri_schedule;

/* The verbs that record. The context's engine must be the engine of a schedule. */
extern const tri_verbs tri_verbs_record;

tri_status tri_schedule_record(tri_schedule *schedule, tri_step step);
/* Executes steps until one would block. `test` != 0: a wait asks MPI whether its messages have completed;
 * 0: it only checks whether `engine.started` is 0. Sets *moved to 1 if a step was executed. */
tri_status tri_schedule_advance(tri_schedule *schedule, int test, int *moved);
void tri_schedule_free(tri_schedule *schedule);

#endif
