/* What calls are, without MPI's types. */
#ifndef TRI_PRELOAD_KINDS_H
#define TRI_PRELOAD_KINDS_H

/* What a call does, for modes that treat functions alike. Each rank of the communicator, of the window or of
 * the file comes to a COLLECTIVE, NEIGHBOUR, COMM (makes one), COMM_FREE, WINDOW, FILE_ALL or FINALIZE.
 * WAIT: for all of its requests; WAIT_ANY: for one. TEST, and PROBE of the form NONBLOCKING: do not wait. */
typedef enum tri_call_kind {
    TRI_CALL_COLLECTIVE,
    TRI_CALL_NEIGHBOUR,
    TRI_CALL_COMM,
    TRI_CALL_COMM_FREE,
    TRI_CALL_SEND,
    TRI_CALL_RECV,
    TRI_CALL_MATCHED, /* receives what Mprobe found */
    TRI_CALL_SENDRECV,
    TRI_CALL_PROBE,
    TRI_CALL_START,
    TRI_CALL_WAIT,
    TRI_CALL_WAIT_ANY,
    TRI_CALL_TEST,
    TRI_CALL_REQUEST,
    TRI_CALL_TYPE,
    TRI_CALL_TYPE_FREE,
    TRI_CALL_WINDOW,
    TRI_CALL_EPOCH,
    TRI_CALL_ACCESS,
    TRI_CALL_FILE,
    TRI_CALL_FILE_ALL,
    TRI_CALL_BUFFER,
    TRI_CALL_FINALIZE,
    TRI_CALL_ABORT
} tri_call_kind;

typedef enum tri_mpi_form { TRI_MPI_BLOCKING, TRI_MPI_NONBLOCKING, TRI_MPI_PERSISTENT } tri_mpi_form;

#endif
