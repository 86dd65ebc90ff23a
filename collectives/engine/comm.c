/* Creation of communicators, and the collective state kept with them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectives/engine/engine.h"
#include "collectives/network/load.h"
#include "trireme/select.h"

static void state_destroy(void *state) {
    tri_collective_state *s = state;
    if (!s) return;
    tri_forget_choices(s);
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

/* The settings of the last communicator made from the same one. They hold as long as rank 0 finds the same
 * names and the same file: reading it takes longer than all else. */
typedef struct kept_settings {
    settings found;
    char names[2048];          /* what rank 0 found in the options and the environment */
    tri_network_origin origin; /* the file */
    tri_choices *choices;      /* by these settings */
} kept_settings;

static const char *or_variable(const char *option, const char *variable) {
    const char *value = option ? option : getenv(variable);
    return value ? value : "";
}

/* Returns 0 where the names are too long to be kept. */
static int write_names(const tri_comm_options *options, char *out, size_t room) {
    int length = snprintf(out, room, "%s\n%s\n%s\n%s", or_variable(options->algorithms, "TRIREME_ALGORITHM"),
                          or_variable(options->network, "TRIREME_NETWORK"),
                          or_variable(NULL, "XDG_CONFIG_HOME"), or_variable(NULL, "HOME"));
    return (size_t)length < room;
}

/* Sets *same to 0 if the settings are not those found before. On rank 0. */
static tri_status settings_find(const tri_comm_options *options, kept_settings *kept, int *same) {
    char now[sizeof kept->names];
    const char *names = or_variable(options->algorithms, "TRIREME_ALGORITHM");
    tri_selection selected[TRI_OPERATION_COUNT];
    int fits = write_names(options, now, sizeof now);
    *same = fits && *kept->names && !strcmp(now, kept->names) && tri_network_unchanged(&kept->origin);
    if (*same) return TRI_OK;
    *kept->names = 0;
    if (strlen(names) >= sizeof kept->found.algorithms)
        return tri_fail(TRI_ERR_ARGUMENT, "the list of algorithms is longer than %zu bytes",
                        sizeof kept->found.algorithms - 1);
    strcpy(kept->found.algorithms, names);
    TRI_TRY(tri_algorithms_parse(names, selected));
    TRI_TRY(tri_network_load(or_variable(options->network, "TRIREME_NETWORK"), &kept->found.net,
                             kept->found.network_source, sizeof kept->found.network_source, &kept->origin));
    if (fits) strcpy(kept->names, now);
    return TRI_OK;
}

static void kept_destroy(void *kept) {
    tri_choices_leave(((kept_settings *)kept)->choices);
    free(kept);
}

/* `status`: of this rank so far. */
static tri_status settings_agree(tri_comm *comm, const tri_comm_options *options, tri_status status,
                                 tri_collective_state *state) {
    enum { SAME, CHANGED, FAILED };
    tri_peers peers = tri_peers_of(comm);
    int same = 1, worst;
    kept_settings *kept = comm->facts->above;
    if (!kept) kept = comm->facts->above = calloc(1, sizeof *kept);
    comm->facts->above_destroy = kept_destroy;
    if (!kept) status = tri_fail(TRI_ERR_MEMORY, "out of memory for the settings of a communicator");
    if (status == TRI_OK && comm->rank == 0) status = settings_find(options, kept, &same);
    TRI_TRY(tri_largest(comm, status != TRI_OK ? FAILED : same ? SAME : CHANGED, &worst));
    if (worst == FAILED) return tri_agree(comm, status);
    if (worst == CHANGED) {
        TRI_TRY(tri_small_bcast(&peers, &kept->found, sizeof kept->found, 0));
        tri_choices_leave(kept->choices);
        kept->choices = tri_choices_create();
    }
    state->common = tri_choices_join(kept->choices);
    state->net = kept->found.net;
    strcpy(state->network_source, kept->found.network_source);
    return tri_algorithms_parse(kept->found.algorithms, state->selected);
}

/* `parent`: the communicator whose settings are inherited; NULL: rank 0 finds them. */
static tri_status state_create(tri_comm *comm, const tri_comm_options *options,
                               const tri_collective_state *parent) {
    tri_collective_state *state = calloc(1, sizeof *state);
    tri_shared *shared;
    tri_status status =
        state ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "out of memory for the state of collective calls");
    if (status == TRI_OK && comm->facts->processes && comm->shape.largest > 1) {
        status = tri_shared_of(comm, &shared);
        state->shares = status == TRI_OK;
    }
    comm->above = state;
    comm->above_destroy = state_destroy;
    TRI_TRY(parent ? tri_agree(comm, status) : settings_agree(comm, options, status, state));
    state->engine.family = comm->family;
    state->last_tag = TRI_TAGS - 1;
    if (parent) {
        memcpy(state->selected, parent->selected, sizeof state->selected);
        state->net = parent->net;
        state->common = tri_choices_join(parent->common);
        strcpy(state->network_source, parent->network_source);
    }
    return TRI_OK;
}

/* Gives the communicator the state of collective calls; destroys it after an error. */
static tri_status finish(tri_comm *comm, const tri_comm_options *options, const tri_comm *parent,
                         tri_comm **out) {
    tri_status status = state_create(comm, options, parent ? tri_state_of(parent) : NULL);
    if (status == TRI_OK)
        *out = comm;
    else
        tri_comm_destroy(&comm);
    return status;
}

tri_status tri_comm_create_with(MPI_Comm parent, const tri_comm_options *options, tri_comm **out) {
    const tri_comm_options none = {.node_of = NULL};
    tri_comm *comm;
    if (!options) options = &none;
    if (options->carrier) {
        TRI_TRY(tri_comm_open_over(parent, options->carrier, &comm));
        return finish(comm, options, options->carrier, out);
    }
    TRI_TRY(tri_comm_open(parent, options->node_of, &comm));
    TRI_TRY(finish(comm, options, NULL, &comm));
    tri_status status = options->node_of ? TRI_OK : tri_facts_keep(parent, comm->facts);
    if (status == TRI_OK)
        *out = comm;
    else
        tri_comm_destroy(&comm);
    return status;
}

tri_status tri_comm_create(MPI_Comm parent, tri_comm **out) {
    return tri_comm_create_with(parent, NULL, out);
}

/* One rank of a split. */
typedef struct place {
    int colour, key, rank;
} place;

static int by_key(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* The ranks of my colour, in the order of their keys. Returns their number; 0 without a colour. */
static int members_of(place *all, int ranks, int mine, int *out) {
    int size = 0;
    for (int rank = 0; rank < ranks && mine >= 0; rank++)
        if (all[rank].colour == mine) all[size++] = (place){mine, all[rank].key, rank};
    qsort(all, (size_t)size, sizeof *all, by_key);
    for (int i = 0; i < size; i++)
        out[i] = all[i].rank;
    return size;
}

static tri_status exchange_places(const tri_comm *comm, int colour, int key, place *all) {
    tri_peers peers = tri_peers_of(comm);
    size_t ints = (size_t)comm->size * sizeof *all / sizeof(int);
    for (int rank = 0; rank < comm->size; rank++)
        all[rank] = (place){INT_MIN, INT_MIN, INT_MIN};
    all[comm->rank] = (place){colour, key, comm->rank};
    return tri_small_allreduce(&peers, all, ints, MPI_INT, MPI_MAX);
}

tri_status tri_comm_split(tri_comm *comm, int colour, int key, tri_comm **out) {
    const tri_comm_options none = {.node_of = NULL};
    tri_peers peers = tri_peers_of(comm);
    tri_comm *group = NULL;
    place *all = malloc((size_t)comm->size * sizeof *all);
    int *ranks = malloc((size_t)comm->size * sizeof *ranks);
    tri_status status = all && ranks ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "out of memory for a split");
    status = tri_agree(comm, status);
    if (status == TRI_OK) status = exchange_places(comm, colour, key, all);
    if (status == TRI_OK) {
        int size = members_of(all, comm->size, colour, ranks);
        status = tri_comm_open_group(comm, &peers, size, ranks, &group);
    }
    free(all);
    free(ranks);
    TRI_TRY(status);
    *out = NULL;
    return group ? finish(group, &none, comm, out) : TRI_OK;
}

/* The ranks as `peers` of a group of their own. TRI_ERR_ARGUMENT: they are no group with this rank. */
static tri_status check_group(const tri_comm *comm, int count, const int *ranks, int *carried, int *mine) {
    *mine = -1;
    for (int i = 0; i < count; i++) {
        if (ranks[i] < 0 || ranks[i] >= comm->size)
            return tri_fail(TRI_ERR_ARGUMENT, "%d is not one of the %d ranks", ranks[i], comm->size);
        for (int j = 0; j < i; j++)
            if (ranks[i] == ranks[j]) return tri_fail(TRI_ERR_ARGUMENT, "rank %d is named twice", ranks[i]);
        if (ranks[i] == comm->rank) *mine = i;
        carried[i] = tri_carried(comm->ranks, ranks[i]);
    }
    if (*mine < 0) return tri_fail(TRI_ERR_ARGUMENT, "rank %d is not in the group that it makes", comm->rank);
    return TRI_OK;
}

tri_status tri_comm_create_group(tri_comm *comm, int count, const int *ranks, tri_comm **out) {
    const tri_comm_options none = {.node_of = NULL};
    tri_peers peers = tri_peers_of(comm);
    tri_comm *group = NULL;
    int *carried = malloc((size_t)(count > 0 ? count : 1) * sizeof *carried);
    if (!carried) return tri_fail(TRI_ERR_MEMORY, "out of memory for a group of %d ranks", count);
    tri_status status = check_group(comm, count, ranks, carried, &peers.rank);
    peers.ranks = carried;
    peers.size = count;
    if (status == TRI_OK) status = tri_comm_open_group(comm, &peers, count, ranks, &group);
    free(carried);
    TRI_TRY(status);
    return finish(group, &none, comm, out);
}

void tri_forget_choices(tri_collective_state *state) {
    for (int i = 0; i < TRI_CHOICES; i++) {
        free(state->chosen[i]);
        state->chosen[i] = NULL;
    }
    tri_choices_leave(state->common);
    state->common = NULL;
}

tri_status tri_comm_select(tri_comm *comm, const char *names) {
    TRI_TRY(tri_algorithms_parse(names, tri_state_of(comm)->selected));
    tri_forget_choices(tri_state_of(comm));
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
    tri_forget_choices(state);
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
    if (state->shares) {
        out.shared = 1;
        out.single_copy = comm->facts->single_copy;
        out.cores = comm->facts->cores;
    }
    return out;
}
