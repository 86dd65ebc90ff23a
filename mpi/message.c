#include "trireme/message.h"

#include <limits.h>
#include <sched.h>

#include "mpi/comm.h"

/* Elements per chunk of a big type: fits an int and keeps the number of chunks small. */
enum { CHUNK = 1 << 30 };

tri_status tri_big_type(size_t count, MPI_Datatype type, MPI_Datatype *out) {
    MPI_Aint lower, extent;
    if (type == MPI_DATATYPE_NULL) return tri_fail(TRI_ERR_ARGUMENT, "the type is MPI_DATATYPE_NULL");
    TRI_MPI(MPI_Type_get_extent(type, &lower, &extent));
    size_t chunks = count / CHUNK;
    if (chunks > INT_MAX) return tri_fail(TRI_ERR_ARGUMENT, "a message of %zu elements is too long", count);
    MPI_Datatype chunk, types[2];
    TRI_MPI(MPI_Type_contiguous(CHUNK, type, &chunk));
    TRI_MPI(MPI_Type_contiguous((int)chunks, chunk, &types[0]));
    TRI_MPI(MPI_Type_contiguous((int)(count % CHUNK), type, &types[1]));
    MPI_Aint displs[2] = {0, (MPI_Aint)(chunks * CHUNK) * extent};
    TRI_MPI(MPI_Type_create_struct(2, (int[]){1, 1}, displs, types, out));
    TRI_MPI(MPI_Type_commit(out));
    MPI_Type_free(&chunk);
    MPI_Type_free(&types[0]);
    MPI_Type_free(&types[1]);
    return TRI_OK;
}

tri_status tri_start_send(const void *data, size_t count, MPI_Datatype type, int peer, int tag, MPI_Comm mpi,
                          MPI_Request *out) {
    if (count <= INT_MAX)
        return tri_mpi_status(MPI_Isend(data, (int)count, type, peer, tag, mpi, out), "MPI_Isend");
    MPI_Datatype big;
    TRI_TRY(tri_big_type(count, type, &big));
    int error = MPI_Isend(data, 1, big, peer, tag, mpi, out);
    MPI_Type_free(&big);
    return tri_mpi_status(error, "MPI_Isend");
}

tri_status tri_start_recv(void *data, size_t count, MPI_Datatype type, int peer, int tag, MPI_Comm mpi,
                          MPI_Request *out) {
    if (count <= INT_MAX)
        return tri_mpi_status(MPI_Irecv(data, (int)count, type, peer, tag, mpi, out), "MPI_Irecv");
    MPI_Datatype big;
    TRI_TRY(tri_big_type(count, type, &big));
    int error = MPI_Irecv(data, 1, big, peer, tag, mpi, out);
    MPI_Type_free(&big);
    return tri_mpi_status(error, "MPI_Irecv");
}

tri_status tri_wait_messages(tri_family *family, int count, MPI_Request *requests, MPI_Status *statuses) {
    while (tri_family_is_pending(family)) {
        int arrived;
        TRI_MPI(MPI_Testall(count, requests, &arrived, statuses));
        if (arrived) return TRI_OK;
        family->progress(family);
        sched_yield();
    }
    return tri_mpi_status(MPI_Waitall(count, requests, statuses), "MPI_Waitall");
}

static tri_status check(MPI_Datatype type, int tag) {
    if (type == MPI_DATATYPE_NULL) return tri_fail(TRI_ERR_ARGUMENT, "the type is MPI_DATATYPE_NULL");
    if (tag < 0 || tag > TRI_TAG_LAST)
        return tri_fail(TRI_ERR_ARGUMENT, "tag %d is not between 0 and %d", tag, TRI_TAG_LAST);
    return TRI_OK;
}

tri_status tri_isend(const void *data, size_t count, MPI_Datatype type, int peer, int tag, tri_comm *comm,
                     MPI_Request *out) {
    TRI_TRY(check(type, tag));
    return tri_start_send(data, count, type, tri_carried(comm->ranks, peer), comm->first_tag + tag, comm->mpi,
                          out);
}

tri_status tri_irecv(void *data, size_t count, MPI_Datatype type, int peer, int tag, tri_comm *comm,
                     MPI_Request *out) {
    TRI_TRY(check(type, tag));
    return tri_start_recv(data, count, type, tri_carried(comm->ranks, peer), comm->first_tag + tag, comm->mpi,
                          out);
}

/* The received length must equal the buffer's. MPI itself rejects only longer messages. */
static tri_status check_length(const MPI_Status *status, size_t count, MPI_Datatype type, int peer) {
    int type_bytes;
    MPI_Count bytes;
    if (status->MPI_SOURCE == MPI_PROC_NULL) return TRI_OK;
    TRI_MPI(MPI_Type_size(type, &type_bytes));
    TRI_MPI(MPI_Get_elements_x(status, MPI_BYTE, &bytes));
    if (type_bytes && (size_t)bytes != count * (size_t)type_bytes)
        return tri_fail(TRI_ERR_MPI, "received %lld bytes from rank %d, expected %zu", (long long)bytes, peer,
                        count * (size_t)type_bytes);
    return TRI_OK;
}

tri_status tri_send(const void *data, size_t count, MPI_Datatype type, int peer, int tag, tri_comm *comm) {
    MPI_Request request;
    TRI_TRY(tri_isend(data, count, type, peer, tag, comm, &request));
    return tri_wait_messages(comm->family, 1, &request, MPI_STATUSES_IGNORE);
}

tri_status tri_recv(void *data, size_t count, MPI_Datatype type, int peer, int tag, tri_comm *comm) {
    MPI_Request request;
    MPI_Status status;
    TRI_TRY(tri_irecv(data, count, type, peer, tag, comm, &request));
    TRI_TRY(tri_wait_messages(comm->family, 1, &request, &status));
    return check_length(&status, count, type, peer);
}

tri_status tri_exchange(const void *send, size_t send_count, int to, void *recv, size_t recv_count, int from,
                        MPI_Datatype type, int tag, tri_comm *comm) {
    MPI_Request requests[2];
    MPI_Status statuses[2];
    TRI_TRY(tri_irecv(recv, recv_count, type, from, tag, comm, &requests[0]));
    TRI_TRY(tri_isend(send, send_count, type, to, tag, comm, &requests[1]));
    TRI_TRY(tri_wait_messages(comm->family, 2, requests, statuses));
    return check_length(&statuses[0], recv_count, type, from);
}
