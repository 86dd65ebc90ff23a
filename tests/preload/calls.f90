! The calls that the three Fortran bindings share. MPI_IN_PLACE, an operation of the program, and MPI_BOTTOM's
! kin are other addresses here than in C.
    integer :: ierror, rank, ranks, x(4), y(4), i
    double precision :: d(2), e(2)
    call MPI_Init(ierror)
    call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierror)
    call MPI_Comm_size(MPI_COMM_WORLD, ranks, ierror)
    x = rank
    call MPI_Allreduce(x, y, 4, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierror)
    if (any(y /= ranks * (ranks - 1) / 2)) stop 11
    call MPI_Allreduce(MPI_IN_PLACE, x, 4, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierror)
    if (any(x /= y)) stop 12
    d = (/ 1d0 * rank, -1d0 * rank /)
    call MPI_Allreduce(d, e, 2, MPI_DOUBLE_PRECISION, MPI_MAX, MPI_COMM_WORLD, ierror)
    if (e(1) /= ranks - 1 .or. e(2) /= 0) stop 13
    call MPI_Op_create(larger, .true., operation, ierror)
    x = rank + 7
    call MPI_Allreduce(x, y, 4, MPI_INTEGER, operation, MPI_COMM_WORLD, ierror)
    if (any(y /= ranks + 6)) stop 14
    call MPI_Op_free(operation, ierror)
    call MPI_Comm_dup(MPI_COMM_WORLD, copy, ierror)
    x = rank
    call MPI_Bcast(x, 4, MPI_INTEGER, ranks - 1, copy, ierror)
    if (any(x /= ranks - 1)) stop 15
    call MPI_Comm_free(copy, ierror)
    call MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN, ierror)
    call MPI_Bcast(x, 4, MPI_INTEGER, 99, MPI_COMM_WORLD, ierror)
    if (ierror == MPI_SUCCESS) stop 16
    do i = 1, 10
        call MPI_Barrier(MPI_COMM_WORLD, ierror)
    end do
    call MPI_Finalize(ierror)
