#include "mpi/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mpi/shared.h"

/* Labels each rank with the lowest rank of its shared-memory node. */
static tri_status label_nodes(tri_comm *comm, int *label_of) {
    MPI_Comm node;
    TRI_MPI(MPI_Comm_split_type(comm->mpi, MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL, &node));
    int label = comm->rank;
    int error = MPI_Bcast(&label, 1, MPI_INT, 0, node);
    MPI_Comm_free(&node);
    TRI_TRY(tri_mpi_status(error, "MPI_Bcast"));
    TRI_MPI(MPI_Allgather(&label, 1, MPI_INT, label_of, 1, MPI_INT, comm->mpi));
    return TRI_OK;
}

static tri_status find_shape(tri_comm *comm, MPI_Comm parent, const int *node_of) {
    if (!node_of) TRI_TRY(tri_facts_find(parent, &comm->facts));
    if (!comm->facts) {
        TRI_TRY(tri_facts_create(comm->size, &comm->facts));
        if (!node_of) TRI_TRY(label_nodes(comm, comm->facts->label_of));
    }
    return tri_shape_create(comm, node_of ? node_of : comm->facts->label_of);
}

static tri_status comm_fill(tri_comm *comm, MPI_Comm parent, const int *node_of, tri_family *family) {
    comm->family = family ? family : calloc(1, sizeof *family);
    if (!comm->family) return tri_fail(TRI_ERR_MEMORY, "out of memory for a communicator");
    comm->family->members++;
    TRI_MPI(MPI_Comm_set_errhandler(comm->mpi, MPI_ERRORS_RETURN));
    TRI_MPI(MPI_Comm_set_name(comm->mpi, "trireme"));
    TRI_MPI(MPI_Comm_rank(comm->mpi, &comm->rank));
    TRI_MPI(MPI_Comm_size(comm->mpi, &comm->size));
    if (gethostname(comm->host, sizeof comm->host - 1)) strcpy(comm->host, "unknown");
    comm->host[strcspn(comm->host, ".")] = 0;
    return find_shape(comm, parent, node_of);
}

tri_status tri_comm_open(MPI_Comm parent, const int *node_of, tri_family *family, tri_comm **out) {
    tri_comm *comm = calloc(1, sizeof *comm);
    if (!comm) return tri_fail(TRI_ERR_MEMORY, "out of memory for a communicator");
    tri_status status = tri_mpi_status(MPI_Comm_dup(parent, &comm->mpi), "MPI_Comm_dup");
    if (status != TRI_OK) {
        free(comm);
        return status;
    }
    status = comm_fill(comm, parent, node_of, family);
    if (status == TRI_OK)
        *out = comm;
    else
        tri_comm_destroy(&comm);
    return status;
}

void tri_comm_destroy(tri_comm **comm) {
    if (!comm || !*comm) return;
    if ((*comm)->above) (*comm)->above_destroy((*comm)->above);
    tri_shared_destroy(&(*comm)->shared);
    free((*comm)->shape_arrays);
    tri_facts_release((*comm)->facts);
    if ((*comm)->family && !--(*comm)->family->members) free((*comm)->family);
    if ((*comm)->has_alone) MPI_Comm_free(&(*comm)->alone);
    MPI_Comm_free(&(*comm)->mpi);
    free(*comm);
    *comm = NULL;
}

MPI_Comm tri_comm_mpi(const tri_comm *comm) {
    return comm->mpi;
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
