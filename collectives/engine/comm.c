/* Creation of communicators, and the collective state kept with them. */
#include <stdlib.h>
#include <string.h>

#include "collectives/engine/engine.h"
#include "collectives/network/load.h"
#include "trireme/select.h"

static void state_destroy(void *state) {
    tri_collective_state *s = state;
    if (!s) return;
    free(s->engine.requests);
    free(s->scratch);
    free(s);
}

/* The settings that the choice depends on, as rank 0 finds them: environments and files may differ between
 * ranks, but all ranks must choose alike. */
typedef struct settings {
    char algorithms[512];
    tri_network net;
    char network_source[sizeof((tri_collective_state *)0)->network_source];
} settings;

static tri_status settings_find(const tri_comm_options *options, settings *out) {
    const char *names = options->algorithms ? options->algorithms : getenv("TRIREME_ALGORITHM");
    tri_selection selected[TRI_OPERATION_COUNT];
    if (names && strlen(names) >= sizeof out->algorithms)
        return tri_fail(TRI_ERR_ARGUMENT, "the list of algorithms is longer than %zu bytes",
                        sizeof out->algorithms - 1);
    if (names) strcpy(out->algorithms, names);
    TRI_TRY(tri_algorithms_parse(out->algorithms, selected));
    const char *file = options->network ? options->network : getenv("TRIREME_NETWORK");
    return tri_network_load(file, &out->net, out->network_source, sizeof out->network_source);
}

/* `status`: of this rank so far. */
static tri_status settings_agree(tri_comm *comm, const tri_comm_options *options, tri_status status,
                                 tri_collective_state *state) {
    settings s = {.algorithms = ""};
    if (status == TRI_OK && comm->rank == 0) status = settings_find(options, &s);
    TRI_TRY(tri_agree(comm, status));
    TRI_MPI(MPI_Bcast(&s, sizeof s, MPI_BYTE, 0, comm->mpi));
    state->net = s.net;
    strcpy(state->network_source, s.network_source);
    return tri_algorithms_parse(s.algorithms, state->selected);
}

/* `parent`: the communicator whose settings are inherited; NULL: rank 0 finds them. */
static tri_status state_create(tri_comm *comm, const tri_comm_options *options,
                               const tri_collective_state *parent) {
    tri_collective_state *state = calloc(1, sizeof *state);
    tri_status status =
        state ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "out of memory for the state of collective calls");
    comm->above = state;
    comm->above_destroy = state_destroy;
    TRI_TRY(parent ? tri_agree(comm, status) : settings_agree(comm, options, status, state));
    state->engine.family = comm->family;
    int *last_tag, known;
    TRI_MPI(MPI_Comm_get_attr(comm->mpi, MPI_TAG_UB, &last_tag, &known));
    state->last_tag = known ? *last_tag : TRI_TAG_LEAST_LAST;
    if (parent) {
        memcpy(state->selected, parent->selected, sizeof state->selected);
        state->net = parent->net;
        strcpy(state->network_source, parent->network_source);
    }
    /* Shared memory is used only if all nodes have it: ranks must choose alike. */
    if (comm->shape.largest > 1)
        TRI_TRY(tri_shared_everywhere(comm, &state->shared, &state->single_copy, &state->cores));
    return TRI_OK;
}

static tri_status create(MPI_Comm mpi, const tri_comm_options *options, tri_comm *parent, tri_comm **out) {
    tri_comm *comm;
    TRI_TRY(tri_comm_open(mpi, options->node_of, parent ? parent->family : NULL, &comm));
    tri_status status = state_create(comm, options, parent ? tri_state_of(parent) : NULL);
    if (status == TRI_OK && !options->node_of) status = tri_facts_keep(mpi, comm->facts);
    if (status == TRI_OK)
        *out = comm;
    else
        tri_comm_destroy(&comm);
    return status;
}

tri_status tri_comm_create_with(MPI_Comm parent, const tri_comm_options *options, tri_comm **out) {
    return create(parent, options, NULL, out);
}

tri_status tri_comm_create(MPI_Comm parent, tri_comm **out) {
    tri_comm_options none = {.node_of = NULL};
    return create(parent, &none, NULL, out);
}

tri_status tri_comm_split(tri_comm *comm, int colour, tri_comm **out) {
    tri_comm_options none = {.node_of = NULL};
    MPI_Comm group;
    TRI_MPI(MPI_Comm_split(comm->mpi, colour < 0 ? MPI_UNDEFINED : colour, 0, &group));
    if (group == MPI_COMM_NULL) {
        *out = NULL;
        return TRI_OK;
    }
    tri_status status = create(group, &none, comm, out);
    MPI_Comm_free(&group);
    return status;
}

static void forget_choices(tri_collective_state *state) {
    memset(state->chosen, 0, sizeof state->chosen);
}

tri_status tri_comm_select(tri_comm *comm, const char *names) {
    TRI_TRY(tri_algorithms_parse(names, tri_state_of(comm)->selected));
    forget_choices(tri_state_of(comm));
    return TRI_OK;
}

const char *tri_comm_algorithm(const tri_comm *comm) {
    const tri_algorithm *last = tri_state_of(comm)->last;
    return last ? last->name : "";
}

void tri_comm_set_combine(tri_comm *comm, tri_combine combine, void *data) {
    comm->combine = combine;
    comm->combine_data = data;
}

void tri_comm_set_network(tri_comm *comm, const tri_network *net) {
    tri_collective_state *state = tri_state_of(comm);
    state->net = *net;
    strcpy(state->network_source, "the program");
    forget_choices(state);
}

const tri_network *tri_comm_network(const tri_comm *comm) {
    return &tri_state_of(comm)->net;
}

const char *tri_comm_network_source(const tri_comm *comm) {
    return tri_state_of(comm)->network_source;
}

tri_case tri_comm_case(const tri_comm *comm, tri_operation operation, size_t bytes, int uneven,
                       int commutes) {
    const tri_collective_state *state = tri_state_of(comm);
    tri_case out = {.operation = operation,
                    .ranks = comm->size,
                    .nodes = comm->shape.nodes,
                    .largest = comm->shape.largest,
                    .bytes = bytes,
                    .uneven = uneven,
                    .commutes = commutes,
                    .irregular = comm->shape.irregular};
    if (state->shared) {
        out.shared = 1;
        out.single_copy = state->single_copy;
        out.cores = state->cores;
    }
    return out;
}
