/* The arguments of a call, in the shape that its blocking, nonblocking and persistent form share. Only for
 * engine/. */
#ifndef TRI_COLLECTIVES_ENGINE_ARGUMENTS_H
#define TRI_COLLECTIVES_ENGINE_ARGUMENTS_H

#include <stddef.h>
#include <string.h>

#include "collectives/engine/engine.h"
#include "collectives/engine/layout.h"
#include "trireme/persistent.h"
#include "trireme/request.h"

typedef struct tri_arguments {
    tri_call call; /* tri_arguments_open() sets its buffers and layout from the sides that exist */
    /* MPI_IN_PLACE: the rank's own block is already in place on the other side. */
    int send_in_place, recv_in_place;
    int keeps;              /* the result overwrites the input, so a copy of the input is sent */
    int loads, stores;      /* whether recv holds input, or results */
    void *kept;             /* the copy */
    ptrdiff_t *kept_displs; /* its blocks; NULL: equal blocks */
    ptrdiff_t *displs;      /* of the blocks of reduce_scatter; or NULL */
    /* Not cleared from here on, for a small call takes a few hundred instructions. */
    tri_call_spec spec;
    char token[2]; /* messages of a barrier carry one byte that is not read */
    /* The user's buffers. A side with 0 blocks does not exist on this rank, or an operation that combines
     * data uses it as it is; then its other fields are not set. */
    tri_side send, recv;
    /* Of a neighbourhood collective; not set by others. */
    struct tri_neighbours *neighbours;
    int same; /* all destinations get the same block */
} tri_arguments;

/* Clears the arguments. The caller sets `spec`; its operands only where data are combined. */
static inline void tri_arguments_clear(tri_arguments *a) {
    memset(a, 0, offsetof(tri_arguments, spec));
    a->send.blocks = a->recv.blocks = 0;
}

/* The parts of the functions below that most small calls do not need. */
tri_status tri_sides_open(tri_arguments *a, const tri_comm *comm);
tri_status tri_sides_load(const tri_arguments *a);
void tri_sides_close(tri_arguments *a);

/* Makes the buffers that the algorithm uses. Afterwards the arguments must not move, and call
 * tri_arguments_close(), even after an error. */
static inline tri_status tri_arguments_open(tri_arguments *a, const tri_comm *comm) {
    if (a->spec.operation == TRI_BARRIER) a->call.send = &a->token[0], a->call.recv = &a->token[1];
    return a->send.blocks || a->recv.blocks ? tri_sides_open(a, comm) : TRI_OK;
}
/* Input from the user's buffers before an execution, results to them after it. */
static inline tri_status tri_arguments_load(const tri_arguments *a) {
    int copies = a->keeps || (a->send.blocks && tri_side_copies(&a->send)) ||
                 (a->loads && a->recv.blocks && tri_side_copies(&a->recv));
    return copies ? tri_sides_load(a) : TRI_OK;
}
static inline tri_status tri_arguments_store(const tri_arguments *a) {
    return a->stores && a->recv.blocks && tri_side_copies(&a->recv) ? tri_side_store(&a->recv) : TRI_OK;
}
static inline void tri_arguments_close(tri_arguments *a) {
    if ((a->send.blocks && tri_side_owns(&a->send)) || (a->recv.blocks && tri_side_owns(&a->recv)) ||
        a->keeps || a->displs)
        tri_sides_close(a);
}

/* Records a call that is not a single algorithm. record: fills an empty schedule, with what it allocates in
 * *memory, even after an error. The arguments exist until destroy() frees that, after the schedule. */
struct tri_schedule;
typedef struct tri_recorder {
    tri_status (*record)(tri_comm *comm, tri_arguments *a, int tag, struct tri_schedule *schedule,
                         void **memory);
    void (*destroy)(void *memory);
} tri_recorder;

/* The forms of a call. They take over what `a` owns. `by`: NULL: an algorithm is chosen. */
tri_status tri_call_block(tri_comm *comm, tri_arguments *a);
tri_status tri_call_start(tri_comm *comm, tri_arguments *a, const tri_recorder *by, tri_request **out);
tri_status tri_call_init(tri_comm *comm, tri_arguments *a, const tri_recorder *by, tri_request **out);

/* Defines tri_NAME(), tri_iNAME() and tri_NAME_init(). `describe`: the call that fills the arguments `a`;
 * `block`: what makes a blocking call of them; `by`: a recorder, or NULL; the rest: the parameters, up to
 * `comm`. */
#define TRI_FORMS_BY(name, describe, block, by, ...)                                                         \
    tri_status tri_##name(__VA_ARGS__) {                                                                     \
        tri_arguments a;                                                                                     \
        tri_status status = describe;                                                                        \
        if (status == TRI_OK) status = block;                                                                \
        return status;                                                                                       \
    }                                                                                                        \
    tri_status tri_i##name(__VA_ARGS__, tri_request **out) {                                                 \
        tri_arguments a;                                                                                     \
        tri_status status = describe;                                                                        \
        if (status == TRI_OK) status = tri_call_start(comm, &a, by, out);                                    \
        return status;                                                                                       \
    }                                                                                                        \
    tri_status tri_##name##_init(__VA_ARGS__, tri_request **out) {                                           \
        tri_arguments a;                                                                                     \
        tri_status status = describe;                                                                        \
        if (status == TRI_OK) status = tri_call_init(comm, &a, by, out);                                     \
        return status;                                                                                       \
    }
#define TRI_FORMS(name, describe, ...)                                                                       \
    TRI_FORMS_BY(name, describe, tri_call_block(comm, &a), NULL, __VA_ARGS__)

#endif
