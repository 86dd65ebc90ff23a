/* Common to all collective calls: choice of the algorithm, scratch, execution. */
#include <stdlib.h>

#include "collectives/engine/arguments.h"
#include "collectives/engine/run.h"

/* Below this size, copying through slots is as fast as exchanging addresses. */
enum { MAPPED_FROM_BYTES = 2048 };
/* All rings are made after this many short calls: many communicators have fewer. */
enum { SHORT_CALLS = 64 };

/* What distinguishes the choices of a communicator, found before the case is built. */
typedef struct wanted {
    const tri_call_spec *spec;
    int mapped, nonblocking;
} wanted;

static int is_choice_for(const tri_choice *choice, const wanted *w) {
    const tri_call_spec *spec = w->spec;
    return choice->recipe.used && choice->operation == spec->operation && choice->bytes == spec->bytes &&
           choice->unit_bytes == spec->unit_bytes && choice->uneven == spec->uneven &&
           choice->commutes == spec->commutes && choice->mapped == w->mapped &&
           choice->nonblocking == w->nonblocking;
}

/* The algorithm that is named, or NULL. */
static tri_status selected(const tri_selection *named, const tri_subcase *c, const tri_algorithm **out) {
    int fits = named->algorithm && tri_algorithm_fits(named->algorithm, c);
    if (named->strict && !fits)
        return tri_fail(TRI_ERR_ARGUMENT,
                        "%s:%s! cannot do a %s%s of %zu bytes on %d ranks of %d nodes; name another "
                        "algorithm, or leave out the '!'",
                        tri_operation_name(c->operation), named->algorithm->name,
                        c->nonblocking ? "nonblocking " : "", tri_operation_name(c->operation), c->bytes,
                        c->ranks, c->nodes);
    *out = fits ? named->algorithm : NULL;
    return TRI_OK;
}

static tri_subcase case_of(const tri_comm *comm, const wanted *w) {
    const tri_call_spec *spec = w->spec;
    tri_case asked = tri_comm_case(comm, spec->operation, spec->bytes, spec->uneven, spec->commutes);
    asked.unit_bytes = spec->unit_bytes;
    asked.mapped = w->mapped;
    /* Shared-memory algorithms execute at once and cannot be recorded in a schedule. */
    if (w->nonblocking) asked.shared = asked.single_copy = 0;
    tri_subcase c = tri_subcase_of(&asked);
    c.nonblocking = w->nonblocking;
    return c;
}

static tri_status make_choice(const tri_comm *comm, const wanted *w, tri_choice **set, tri_choice **out) {
    tri_collective_state *state = tri_state_of(comm);
    const tri_algorithm *a;
    tri_subcase c = case_of(comm, w);
    TRI_TRY(selected(&state->selected[c.operation], &c, &a));
    if (!*set) *set = calloc(TRI_CHOICES_PER_SET, sizeof **set);
    if (!*set) return tri_fail(TRI_ERR_MEMORY, "out of memory for the choice of an algorithm");
    tri_choice *choice = &(*set)[state->choices++ % TRI_CHOICES_PER_SET];
    *choice = (tri_choice){.operation = c.operation,
                           .bytes = c.bytes,
                           .unit_bytes = c.unit_bytes,
                           .uneven = c.uneven,
                           .commutes = c.commutes,
                           .mapped = c.mapped,
                           .nonblocking = c.nonblocking};
    if (!tri_choices_find(state->common, &c, &choice->recipe)) {
        tri_recipe_make(&choice->recipe, a, &c, &state->net);
        tri_choices_add(state->common, &c, &choice->recipe);
    }
    *out = choice;
    return TRI_OK;
}

/* A choice takes longer than a small call, so recent choices are cached. Each hash has several entries, so
 * that alternating calls do not evict each other. */
static tri_status choose(const tri_comm *comm, const wanted *w, const tri_recipe **out) {
    uint64_t key = (uint64_t)w->spec->bytes * TRI_OPERATION_COUNT + w->spec->operation;
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
    tri_choice **set = &tri_state_of(comm)->chosen[(hash >> 32) % TRI_CHOICES], *choice = NULL;
    for (int i = 0; *set && !choice && i < TRI_CHOICES_PER_SET; i++)
        if (is_choice_for(&(*set)[i], w)) choice = &(*set)[i];
    if (!choice) TRI_TRY(make_choice(comm, w, set, &choice));
    *out = &choice->recipe;
    return TRI_OK;
}

/* If the ranks have a shared heap, checks whether this call's vectors are in it. */
static int is_mapped(const tri_comm *comm, const tri_call_spec *spec, const tri_call *call) {
    tri_shared *shared = comm->shared;
    shared->vectors_known = 0;
    if (!shared->heap_count || comm->shape.nodes > 1 || spec->uneven || spec->bytes < MAPPED_FROM_BYTES)
        return 0;
    int receives = spec->operation != TRI_REDUCE || call->root == shared->rank;
    return tri_shared_exchange_vectors(shared, call->send, receives ? call->recv : NULL, -1);
}

/* The rings that the call needs. Short calls have a short ring, until there have been so many that a deeper
 * one pays. What the bytes of a call are on all ranks together may depend on its algorithm; no slot ever
 * holds more. */
static tri_status make_rings(tri_comm *comm, tri_collective_state *state, const tri_call_spec *spec) {
    int is_short = !spec->uneven && spec->bytes <= TRI_SMALL_PAYLOAD_BYTES / (size_t)comm->size;
    tri_rings rings = is_short && state->short_calls++ < SHORT_CALLS ? TRI_RINGS_SMALL : TRI_RINGS_ALL;
    if (comm->shared->rings >= rings) return TRI_OK;
    TRI_TRY(tri_shared_ready(comm, rings, &state->shares));
    if (!state->shares) tri_forget_choices(state);
    return TRI_OK;
}

tri_status tri_call_choose(tri_comm *comm, const tri_call_spec *spec, int nonblocking, tri_call *call) {
    tri_collective_state *state = tri_state_of(comm);
    if (!nonblocking && state->shares && comm->shared->rings < TRI_RINGS_ALL)
        TRI_TRY(make_rings(comm, state, spec));
    wanted w = {.spec = spec, .nonblocking = nonblocking};
    if (!nonblocking && state->shares) w.mapped = is_mapped(comm, spec, call);
    TRI_TRY(choose(comm, &w, &call->recipe));
    call->pick = 0;
    call->parameters = call->recipe->pick[0].parameters;
    state->last = call->recipe->pick[0].algorithm;
    return TRI_OK;
}

tri_context tri_call_prepare(tri_comm *comm, const tri_call_spec *spec, int tag, tri_engine *engine,
                             const tri_verbs *verbs) {
    engine->mpi = comm->mpi;
    engine->ranks = comm->ranks;
    engine->type = spec->type;
    engine->per_unit = spec->unit_bytes / spec->type_bytes;
    if (spec->operation >= TRI_REDUCE) engine->operands = spec->operands;
    engine->combine = comm->combine;
    engine->combine_data = comm->combine_data;
    engine->tag = comm->first_tag + tag;
    tri_context all = {.verbs = verbs,
                       .engine = engine,
                       .rank = comm->rank,
                       .size = comm->size,
                       .comm_rank = comm->rank,
                       .comm_size = comm->size,
                       .shape = &comm->shape,
                       .unit_bytes = spec->unit_bytes,
                       .commutes = spec->commutes};
    return all;
}

static tri_status scratch_of(tri_collective_state *state, size_t bytes, void **out) {
    if (bytes > state->scratch_bytes) {
        free(state->scratch);
        state->scratch_bytes = 0;
        state->scratch = malloc(bytes);
        if (!state->scratch)
            return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of scratch of a collective", bytes);
        state->scratch_bytes = bytes;
    }
    *out = state->scratch;
    return TRI_OK;
}

/* All steps of a blocking call. */
static tri_status run(tri_comm *comm, const tri_call_spec *spec, tri_call *call) {
    tri_collective_state *state = tri_state_of(comm);
    TRI_TRY(tri_call_choose(comm, spec, 0, call));
    tri_context context = tri_call_prepare(comm, spec, TRI_TAG_BLOCKING, &state->engine, &tri_verbs_execute);
    context.shared = state->shares ? comm->shared : NULL;
    size_t units = tri_call_scratch(&context, call);
    TRI_TRY(scratch_of(state, units * spec->unit_bytes, &call->scratch));
    return tri_call_execute(&context, call);
}

tri_status tri_check_root(int root, const tri_comm *comm) {
    if (root < 0 || root >= comm->size)
        return tri_fail(TRI_ERR_ARGUMENT, "root %d is not one of the %d ranks", root, comm->size);
    return TRI_OK;
}

tri_status tri_call_block(tri_comm *comm, tri_arguments *a) {
    tri_status status = tri_arguments_open(a, comm);
    if (status == TRI_OK) status = tri_arguments_load(a);
    if (status == TRI_OK) status = run(comm, &a->spec, &a->call);
    if (status == TRI_OK) status = tri_arguments_store(a);
    tri_arguments_close(a);
    return status;
}
