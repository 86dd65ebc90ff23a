/* Asks MPI whether a reduction is allowed. */
#include "mpi/comm.h"

/* A communicator of this rank, on which only this rank has to call. */
static tri_status make_alone(tri_comm *comm) {
    MPI_Group all, me;
    TRI_MPI(MPI_Comm_group(comm->mpi, &all));
    int error = MPI_Group_incl(all, 1, &comm->rank, &me);
    MPI_Group_free(&all);
    TRI_TRY(tri_mpi_status(error, "MPI_Group_incl"));
    error = MPI_Comm_create_group(comm->mpi, me, 0, &comm->alone);
    MPI_Group_free(&me);
    TRI_TRY(tri_mpi_status(error, "MPI_Comm_create_group"));
    comm->has_alone = 1;
    TRI_MPI(MPI_Comm_set_errhandler(comm->alone, MPI_ERRORS_RETURN));
    return TRI_OK;
}

tri_status tri_mpi_fits(tri_comm *comm, MPI_Datatype type, MPI_Op op, int *fits) {
    char from = 0, to;
    if (!comm->has_alone) TRI_TRY(make_alone(comm));
    *fits = MPI_Reduce(&from, &to, 0, type, op, 0, comm->alone) == MPI_SUCCESS;
    return TRI_OK;
}
