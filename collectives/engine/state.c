/* What every collective call has in common: the state kept with a communicator, the choice, scratch, the run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectives/engine/engine.h"
#include "collectives/engine/pieces.h"
#include "mpi/shared.h"
#include "trireme/message.h"
#include "trireme/network.h"

/* Vectors below it are copied through slots as quickly as they would be told of. */
enum { MAPPED_FROM_BYTES = 2048 };

static void calls_destroy(tri_calls *calls) {
    free(calls->engine.requests);
    free(calls->scratch);
    free(calls);
}

/* What the choice goes by, as rank 0 has it: ranks may have different environments and files and must choose alike. */
typedef struct surroundings {
    char names[512]; /* TRIREME_ALGORITHM */
    tri_net net;
    char net_source[sizeof((tri_calls *)0)->net_source];
} surroundings;

static tri_status look_round(surroundings *s) {
    const char *value = getenv("TRIREME_ALGORITHM");
    const tri_algorithm *selected[TRI_OPERATION_COUNT];
    if (value && strlen(value) >= sizeof s->names)
        return tri_fail(TRI_ERR_ARGUMENT, "TRIREME_ALGORITHM is too long");
    if (value) strcpy(s->names, value);
    TRI_TRY(tri_algorithms_parse(s->names, selected));
    return tri_network_load(&s->net, s->net_source, sizeof s->net_source);
}

static tri_status look_round_together(tri_comm *comm, tri_calls *calls) {
    surroundings s = {.names = ""};
    TRI_TRY(tri_agree(comm, comm->rank == 0 ? look_round(&s) : TRI_OK));
    TRI_MPI(MPI_Bcast(&s, sizeof s, MPI_BYTE, 0, comm->mpi));
    calls->net = s.net;
    strcpy(calls->net_source, s.net_source);
    return tri_algorithms_parse(s.names, calls->selected);
}

/* What the ranks of the nodes share is used where all nodes have it: ranks must choose alike. */
static tri_status share(tri_comm *comm, tri_calls *calls) {
    tri_shared *shared;
    TRI_TRY(tri_shared_everywhere(comm, &shared, &calls->reach, &calls->cores));
    if (!shared) return TRI_OK;
    calls->shared = shared;
    shared->meanwhile = tri_calls_advance;
    shared->calls = calls;
    return TRI_OK;
}

tri_status tri_calls_of(tri_comm *comm, tri_calls **out) {
    if (comm->calls) {
        *out = comm->calls;
        return TRI_OK;
    }
    tri_calls *calls = calloc(1, sizeof *calls);
    if (!calls) return tri_fail(TRI_ERR_MEMORY, "no memory for the state of collective calls");
    calls->family = comm->family;
    calls->engine.mpi = comm->mpi;
    calls->engine.calls = calls;
    tri_status status = look_round_together(comm, calls);
    if (status == TRI_OK && comm->shape.largest > 1) status = share(comm, calls);
    if (status != TRI_OK) {
        calls_destroy(calls);
        return status;
    }
    comm->calls = calls;
    comm->calls_destroy = calls_destroy;
    *out = calls;
    return TRI_OK;
}

tri_status tri_comm_select(tri_comm *comm, const char *names) {
    tri_calls *calls;
    TRI_TRY(tri_calls_of(comm, &calls));
    TRI_TRY(tri_algorithms_parse(names, calls->selected));
    memset(calls->chosen, 0, sizeof calls->chosen);
    return TRI_OK;
}

const char *tri_comm_algorithm(const tri_comm *comm) {
    return comm->calls && comm->calls->last ? comm->calls->last->name : "";
}

void tri_comm_set_combine(tri_comm *comm, tri_combine combine, void *data) {
    comm->combine = combine;
    comm->combine_data = data;
}

tri_status tri_comm_set_net(tri_comm *comm, const tri_net *net) {
    tri_calls *calls;
    TRI_TRY(tri_calls_of(comm, &calls));
    calls->net = *net;
    strcpy(calls->net_source, "the program");
    memset(calls->chosen, 0, sizeof calls->chosen);
    return TRI_OK;
}

tri_status tri_comm_net(tri_comm *comm, tri_net *out) {
    tri_calls *calls;
    TRI_TRY(tri_calls_of(comm, &calls));
    *out = calls->net;
    return TRI_OK;
}

tri_status tri_comm_net_source(tri_comm *comm, const char **out) {
    tri_calls *calls;
    TRI_TRY(tri_calls_of(comm, &calls));
    *out = calls->net_source;
    return TRI_OK;
}

tri_case tri_comm_case(const tri_comm *comm, tri_operation operation, size_t bytes, int uneven,
                       int commutes) {
    tri_case out = {.operation = operation,
                    .ranks = comm->size,
                    .nodes = comm->shape.nodes,
                    .largest = comm->shape.largest,
                    .bytes = bytes,
                    .uneven = uneven,
                    .commutes = commutes,
                    .mixed = comm->shape.mixed};
    if (comm->calls && comm->calls->shared) {
        out.shared = 1;
        out.reach = comm->calls->reach;
        out.cores = comm->calls->cores;
    }
    return out;
}

static int is_choice_for(const tri_choice *choice, const tri_case *c) {
    return choice->recipe.used && choice->operation == c->operation && choice->bytes == c->bytes &&
           choice->unit_bytes == c->unit_bytes && choice->uneven == c->uneven &&
           choice->commutes == c->commutes && choice->mapped == c->mapped;
}

/* A choice takes longer than a small call: the last ones are kept, a few of each hash, so that calls that take turns do
 * not drive each other out. */
static const tri_recipe *choose(tri_calls *calls, const tri_case *c) {
    uint64_t hash = ((uint64_t)c->bytes * TRI_OPERATION_COUNT + c->operation) * UINT64_C(0x9e3779b97f4a7c15);
    tri_choice *row = calls->chosen[(hash >> 32) % TRI_CHOICES];
    for (int i = 0; i < TRI_CHOICES_ALIKE; i++)
        if (is_choice_for(&row[i], c)) return &row[i].recipe;
    tri_choice *choice = &row[calls->choices++ % TRI_CHOICES_ALIKE];
    const tri_algorithm *a = calls->selected[c->operation];
    if (a && a->can && !a->can(c)) a = NULL;
    *choice = (tri_choice){.operation = c->operation,
                           .bytes = c->bytes,
                           .unit_bytes = c->unit_bytes,
                           .uneven = c->uneven,
                           .commutes = c->commutes,
                           .mapped = c->mapped};
    tri_recipe_make(&choice->recipe, a, c, &calls->net);
    return &choice->recipe;
}

static tri_status scratch_of(tri_calls *calls, size_t bytes, void **out) {
    if (bytes > calls->scratch_bytes) {
        free(calls->scratch);
        calls->scratch_bytes = 0;
        calls->scratch = malloc(bytes);
        if (!calls->scratch)
            return tri_fail(TRI_ERR_MEMORY, "no memory for %zu bytes of a collective's scratch", bytes);
        calls->scratch_bytes = bytes;
    }
    *out = calls->scratch;
    return TRI_OK;
}

/* Where the ranks have a shared heap, they find out whether this call's vectors are from it. */
static void look_for_heap(tri_shared *shared, tri_case *c, const tri_call *call) {
    shared->met = 0;
    if (!shared->heap_count || c->nodes > 1 || c->uneven || c->bytes < MAPPED_FROM_BYTES) return;
    int receives = c->operation != TRI_REDUCE || call->root == shared->rank;
    c->mapped = tri_shared_meet(shared, call->send, receives ? call->recv : NULL, -1);
}

int tri_calls_tag(tri_calls *calls) {
    return TRI_TAG_LAST + 1 + (int)(calls->calls++ % ((TRI_TAG_LAST + 1) / TRI_STRANDS)) * TRI_STRANDS;
}

tri_context tri_calls_context(const tri_comm *comm, const tri_request_for *what, tri_engine *engine,
                              const tri_verbs *verbs) {
    tri_context all = {.verbs = verbs,
                       .engine = engine,
                       .rank = comm->rank,
                       .size = comm->size,
                       .comm_rank = comm->rank,
                       .comm_size = comm->size,
                       .shape = &comm->shape,
                       .unit_bytes = what->unit_bytes,
                       .commutes = what->commutes};
    return all;
}

tri_status tri_calls_run(tri_comm *comm, const tri_request_for *what, tri_call *call) {
    tri_calls *calls;
    TRI_TRY(tri_calls_of(comm, &calls));
    tri_case asked = tri_comm_case(comm, what->operation, what->bytes, what->uneven, what->commutes);
    asked.unit_bytes = what->unit_bytes;
    if (calls->shared) look_for_heap(calls->shared, &asked, call);
    call->recipe = choose(calls, &asked);
    call->pick = 0;
    calls->last = call->recipe->pick[0].algorithm;
    call->parameters = call->recipe->pick[0].parameters;

    tri_engine *engine = &calls->engine;
    engine->type = what->type;
    engine->op = what->op;
    engine->combine = comm->combine;
    engine->combine_data = comm->combine_data;
    engine->tag = tri_calls_tag(calls);
    tri_context context = tri_calls_context(comm, what, engine, &tri_verbs_now);
    context.shared = calls->shared;
    size_t units = tri_pick_scratch(&context, call);
    TRI_TRY(scratch_of(calls, units * what->unit_bytes, &call->scratch));
    return tri_pick_run(&context, call);
}

tri_status tri_check_root(int root, const tri_comm *comm) {
    if (root < 0 || root >= comm->size)
        return tri_fail(TRI_ERR_ARGUMENT, "root %d is not one of the %d ranks", root, comm->size);
    return TRI_OK;
}
