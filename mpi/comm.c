#include "mpi/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mpi/shared.h"

/* Asks each rank for its node and, within nodes, for what the ranks may share. */
static tri_status ask_node(tri_comm *comm, MPI_Comm node) {
    int label = comm->rank;
    TRI_MPI(MPI_Bcast(&label, 1, MPI_INT, 0, node));
    TRI_MPI(MPI_Allgather(&label, 1, MPI_INT, comm->facts->label_of, 1, MPI_INT, comm->mpi));
    if (!comm->shape_arrays) TRI_TRY(tri_shape_create(comm, comm->facts->label_of));
    return tri_facts_ask(comm->facts, node, comm->mpi);
}

/* The carrier is new: no other communicator uses it. */
static tri_status find_shape(tri_comm *comm, const int *node_of) {
    MPI_Comm node;
    TRI_TRY(tri_facts_create(comm->size, &comm->facts));
    if (node_of) TRI_TRY(tri_shape_create(comm, node_of));
    if (node_of)
        TRI_MPI(MPI_Comm_split(comm->mpi, comm->shape.node, comm->rank, &node));
    else
        TRI_MPI(MPI_Comm_split_type(comm->mpi, MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL, &node));
    tri_status status = ask_node(comm, node);
    MPI_Comm_free(&node);
    return status;
}

static tri_status fill(tri_comm *comm, tri_family *family) {
    comm->own = calloc(1, sizeof *comm->own);
    comm->family = family ? family : calloc(1, sizeof *family);
    if (comm->family) comm->family->members++;
    if (!comm->own || !comm->family) return tri_fail(TRI_ERR_MEMORY, "out of memory for a communicator");
    comm->own->mpi = MPI_COMM_NULL;
    if (gethostname(comm->host, sizeof comm->host - 1)) strcpy(comm->host, "unknown");
    comm->host[strcspn(comm->host, ".")] = 0;
    TRI_MPI(MPI_Comm_rank(comm->mpi, &comm->rank));
    TRI_MPI(MPI_Comm_size(comm->mpi, &comm->size));
    return TRI_OK;
}

/* Takes over a user of the carrier, and the channel, even after an error. The communicator has all ranks of
 * the carrier, and no shape yet. */
static tri_status comm_create(tri_carrier *carrier, int channel, tri_family *family, tri_comm **out) {
    tri_comm *comm = calloc(1, sizeof *comm);
    if (!comm) {
        tri_carrier_vacate(carrier, channel);
        tri_carrier_leave(carrier);
        return tri_fail(TRI_ERR_MEMORY, "out of memory for a communicator");
    }
    comm->carrier = carrier;
    comm->mpi = carrier->mpi;
    comm->channel = channel;
    comm->first_tag = channel * TRI_TAGS;
    tri_status status = fill(comm, family);
    if (status == TRI_OK)
        *out = comm;
    else
        tri_comm_destroy(&comm);
    return status;
}

/* A channel of the carrier that an earlier communicator from the same parent left with it, or of a new
 * one. */
static tri_status find_carrier(MPI_Comm parent, const tri_facts *known, tri_carrier **out, int *channel) {
    tri_carrier *carrier = known ? known->carrier : NULL;
    if (carrier && !tri_carrier_join(carrier)) carrier = NULL;
    *channel = -1;
    if (known) {
        tri_status status = tri_carrier_take(carrier, parent, NULL, 1, channel);
        if (*channel < 0 && carrier) tri_carrier_leave(carrier);
        TRI_TRY(status);
    }
    if (*channel < 0) {
        TRI_TRY(tri_carrier_create(parent, &carrier));
        *channel = 0;
    }
    *out = carrier;
    return TRI_OK;
}

tri_status tri_comm_open(MPI_Comm parent, const int *node_of, tri_comm **out) {
    tri_facts *known = NULL;
    tri_carrier *carrier;
    tri_comm *comm = NULL;
    int channel;
    if (!node_of) TRI_TRY(tri_facts_find(parent, &known));
    tri_status status = find_carrier(parent, known, &carrier, &channel);
    if (status == TRI_OK) status = comm_create(carrier, channel, NULL, &comm);
    if (status != TRI_OK) {
        tri_facts_release(known);
        return status;
    }
    comm->facts = known;
    status = known ? tri_shape_create(comm, known->label_of) : find_shape(comm, node_of);
    if (status == TRI_OK) {
        tri_facts_carry(comm->facts, carrier);
        *out = comm;
    } else {
        tri_comm_destroy(&comm);
    }
    return status;
}

/* The new communicator's nodes and processes, from those of `from`. Local. */
static tri_status inherit(tri_comm *comm, const tri_comm *from, const int *ranks) {
    int *label_of = malloc((size_t)comm->size * sizeof *label_of);
    if (!label_of) return tri_fail(TRI_ERR_MEMORY, "out of memory for the nodes of %d ranks", comm->size);
    for (int rank = 0; rank < comm->size; rank++)
        label_of[rank] = from->shape.node_of[ranks[rank]];
    tri_status status = tri_shape_create(comm, label_of);
    free(label_of);
    if (status == TRI_OK) status = tri_facts_create(comm->size, &comm->facts);
    if (status == TRI_OK) status = tri_facts_derive(from, ranks, comm, comm->facts);
    return status;
}

/* A communicator of the ranks ranks[] of `from`, in the given channel of its carrier; channel -1: of a new
 * one. */
static tri_status derive(const tri_comm *from, int channel, int size, const int *ranks, tri_family *family,
                         tri_comm **out) {
    tri_carrier *carrier = from->carrier;
    tri_comm *comm = NULL;
    int apart = channel < 0;
    if (apart)
        TRI_TRY(tri_carrier_create_group(from, size, ranks, &carrier));
    else
        (void)tri_carrier_join(carrier); /* `from` is a user */
    TRI_TRY(comm_create(carrier, apart ? 0 : channel, family, &comm));
    tri_status status = TRI_OK;
    if (!apart) {
        comm->ranks = malloc((size_t)size * sizeof *comm->ranks);
        if (!comm->ranks) status = tri_fail(TRI_ERR_MEMORY, "out of memory for a group of %d ranks", size);
        comm->size = size;
        for (int rank = 0; rank < size; rank++) {
            if (comm->ranks) comm->ranks[rank] = tri_carried(from->ranks, ranks[rank]);
            if (ranks[rank] == from->rank) comm->rank = rank;
        }
    }
    if (status == TRI_OK) status = inherit(comm, from, ranks);
    if (status == TRI_OK)
        *out = comm;
    else
        tri_comm_destroy(&comm);
    return status;
}

/* The same, agreed on by the new communicator's ranks. */
static tri_status derive_together(const tri_comm *from, int channel, int size, const int *ranks,
                                  tri_family *family, tri_comm **out) {
    tri_comm *comm = NULL;
    TRI_TRY(derive(from, channel, size, ranks, family, &comm));
    tri_peers peers = tri_peers_of(comm);
    tri_status status = TRI_OK;
    if (comm->shape.nodes > 1) status = tri_small_allreduce(&peers, &comm->facts->cores, 1, MPI_INT, MPI_MIN);
    if (status == TRI_OK)
        *out = comm;
    else
        tri_comm_destroy(&comm);
    return status;
}

/* The ranks of `parent` in `from`. */
static tri_status find_ranks(MPI_Comm parent, const tri_comm *from, int size, int *ranks) {
    MPI_Group mine, carried;
    int all;
    TRI_MPI(MPI_Comm_size(from->mpi, &all));
    int *place = malloc((size_t)(all + size) * sizeof *place), *same = place + all;
    if (!place) return tri_fail(TRI_ERR_MEMORY, "out of memory for a group of %d ranks", size);
    for (int rank = 0; rank < all; rank++)
        place[rank] = from->ranks ? -1 : rank;
    for (int rank = 0; from->ranks && rank < from->size; rank++)
        place[from->ranks[rank]] = rank;
    for (int rank = 0; rank < size; rank++)
        same[rank] = rank;
    MPI_Comm_group(parent, &mine);
    MPI_Comm_group(from->mpi, &carried);
    int error = MPI_Group_translate_ranks(mine, size, same, carried, ranks);
    MPI_Group_free(&mine);
    MPI_Group_free(&carried);
    tri_status status = tri_mpi_status(error, "MPI_Group_translate_ranks");
    for (int rank = 0; rank < size && status == TRI_OK; rank++) {
        ranks[rank] = ranks[rank] == MPI_UNDEFINED ? -1 : place[ranks[rank]];
        if (ranks[rank] < 0)
            status = tri_fail(TRI_ERR_ARGUMENT, "rank %d of the parent is not in the carrier", rank);
    }
    free(place);
    return status;
}

tri_status tri_comm_open_over(MPI_Comm parent, const tri_comm *from, tri_comm **out) {
    int size, channel = -1;
    TRI_MPI(MPI_Comm_size(parent, &size));
    int *ranks = malloc((size_t)size * sizeof *ranks);
    if (!ranks) return tri_fail(TRI_ERR_MEMORY, "out of memory for a group of %d ranks", size);
    tri_status status = find_ranks(parent, from, size, ranks);
    if (status == TRI_OK) status = tri_carrier_take(from->carrier, parent, NULL, 1, &channel);
    if (status == TRI_OK) status = derive_together(from, channel, size, ranks, NULL, out);
    free(ranks);
    return status;
}

tri_status tri_comm_open_group(tri_comm *from, const tri_peers *peers, int size, const int *ranks,
                               tri_comm **out) {
    int channel;
    *out = NULL;
    TRI_TRY(tri_carrier_take(from->carrier, MPI_COMM_NULL, peers, size > 0, &channel));
    return size ? derive_together(from, channel, size, ranks, from->family, out) : TRI_OK;
}

tri_status tri_comm_open_like(tri_comm *comm, tri_comm **out) {
    tri_peers peers = tri_peers_of(comm);
    int *ranks = malloc((size_t)comm->size * sizeof *ranks);
    if (!ranks) return tri_fail(TRI_ERR_MEMORY, "out of memory for a group of %d ranks", comm->size);
    for (int rank = 0; rank < comm->size; rank++)
        ranks[rank] = rank;
    tri_status status = tri_comm_open_group(comm, &peers, comm->size, ranks, out);
    free(ranks);
    return status;
}

void tri_comm_destroy(tri_comm **comm) {
    if (!comm || !*comm) return;
    tri_comm *c = *comm;
    if (c->above) c->above_destroy(c->above);
    tri_shared_destroy(&c->shared);
    free(c->shape_arrays);
    tri_facts_release(c->facts);
    if (c->family && !--c->family->members) free(c->family);
    if (c->own && c->own->mpi != MPI_COMM_NULL) MPI_Comm_free(&c->own->mpi);
    free(c->own);
    free(c->ranks);
    tri_carrier_vacate(c->carrier, c->channel);
    tri_carrier_leave(c->carrier);
    free(c);
    *comm = NULL;
}

/* All ranks have called before MPI is asked, so that none waits there for a call of ours to progress. */
static tri_status make_own(const tri_comm *comm) {
    tri_peers peers = tri_peers_of(comm);
    int none = 0;
    MPI_Comm own;
    TRI_TRY(tri_small_allreduce(&peers, &none, 1, MPI_INT, MPI_MAX));
    TRI_TRY(tri_comm_group(comm, comm->size, NULL, &own));
    comm->own->mpi = own;
    TRI_MPI(MPI_Comm_set_errhandler(own, MPI_ERRORS_RETURN));
    TRI_MPI(MPI_Comm_set_name(own, "trireme"));
    return TRI_OK;
}

MPI_Comm tri_comm_mpi(const tri_comm *comm) {
    if (comm->own->mpi == MPI_COMM_NULL && make_own(comm) != TRI_OK) return MPI_COMM_NULL;
    return comm->own->mpi;
}

MPI_Comm tri_comm_ordered(const tri_comm *comm) {
    return !comm->ranks && !comm->channel ? comm->mpi : comm->own->mpi;
}

int tri_comm_rank(const tri_comm *comm) {
    return comm->rank;
}

int tri_comm_size(const tri_comm *comm) {
    return comm->size;
}

const char *tri_comm_host(const tri_comm *comm) {
    return comm->host;
}

const tri_shape *tri_comm_shape(const tri_comm *comm) {
    return &comm->shape;
}
