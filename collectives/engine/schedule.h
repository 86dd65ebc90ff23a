/* Calls that run later: the verbs record a schedule, which is run from wait to wait. For collectives/ alone. */
#ifndef TRI_COLLECTIVES_ENGINE_LATER_H
#define TRI_COLLECTIVES_ENGINE_LATER_H

#include "collectives/engine/engine.h"
#include "collectives/engine/layout.h"
#include "trireme/request.h"

/* One verb. `peer` is a rank of the communicator. */
typedef struct tri_step {
    enum {
        TRI_STEP_SEND,
        TRI_STEP_RECV,
        TRI_STEP_WAIT,
        TRI_STEP_COMBINE,
        TRI_STEP_COPY,
        TRI_STEP_GATE,   /* waits until the schedule `from` has come through `count` times */
        TRI_STEP_THROUGH /* has come through once more */
    } verb;
    int peer;
    const void *from;
    void *to;
    size_t count;
} tri_step;

struct tri_request {
    tri_calls *calls; /* of the communicator */
    struct tri_request *next;
    tri_engine engine;
    tri_context context; /* of the communicator, acting now */
    tri_recipe recipe;
    tri_step *steps;
    size_t recorded, room, at, through;
    void *scratch, *kept; /* kept: what is sent in place of a vector that is received into; or NULL */
    tri_side send, recv;  /* opened where they have blocks; recv is stored at the end */
    int stores;
    int complete;
    tri_status status;
    char why[256]; /* of a failure in flight */
};

/* The verbs that record, on a context whose engine is that of a request. */
extern const tri_verbs tri_verbs_later;
tri_status tri_later_record(tri_request *request, tri_step step);
/* Does one step; `*blocked`: not yet possible. */
tri_status tri_later_step(tri_request *request, const tri_step *step, int *blocked);

/* Records a call and begins to run it. Takes `request` over: it is freed where this fails. */
tri_status tri_later_start(tri_comm *comm, const tri_request_for *what, tri_call *call, tri_request *request);
/* Runs as many steps as can be run without waiting. */
void tri_later_advance(tri_request *request);
void tri_later_free(tri_request *request);

#endif
