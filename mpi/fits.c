/* Asks MPI whether a reduction is allowed. */
#include <sched.h>

#include "mpi/comm.h"

/* A communicator of this rank, on which only this rank has to call. */
static tri_status make_alone(tri_carrier *carrier) {
    MPI_Group all, me;
    int rank;
    TRI_MPI(MPI_Comm_rank(carrier->mpi, &rank));
    TRI_MPI(MPI_Comm_group(carrier->mpi, &all));
    int error = MPI_Group_incl(all, 1, &rank, &me);
    MPI_Group_free(&all);
    TRI_TRY(tri_mpi_status(error, "MPI_Group_incl"));
    error = MPI_Comm_create_group(carrier->mpi, me, 0, &carrier->alone);
    MPI_Group_free(&me);
    TRI_TRY(tri_mpi_status(error, "MPI_Comm_create_group"));
    carrier->has_alone = 1;
    TRI_MPI(MPI_Comm_set_errhandler(carrier->alone, MPI_ERRORS_RETURN));
    return TRI_OK;
}

static tri_status ask(tri_carrier *carrier, MPI_Datatype type, MPI_Op op, int *fits) {
    char from = 0, to;
    if (!carrier->has_alone) TRI_TRY(make_alone(carrier));
    *fits = MPI_Reduce(&from, &to, 0, type, op, 0, carrier->alone) == MPI_SUCCESS;
    return TRI_OK;
}

tri_status tri_mpi_fits(const tri_comm *comm, MPI_Datatype type, MPI_Op op, int *fits) {
    tri_carrier *carrier = comm->carrier;
    /* Threads with other communicators of the carrier may ask at once. */
    while (atomic_flag_test_and_set(&carrier->asking))
        sched_yield();
    tri_status status = ask(carrier, type, op, fits);
    atomic_flag_clear(&carrier->asking);
    return status;
}
