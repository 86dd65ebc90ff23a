/* hang CASE: programs that wait for ever, one for each mistake. Under plain MPI they hang or are aborted. */
#include "cases.h"

#define SEND(to)   MPI_Send(buffer[0], BIG, MPI_DOUBLE, to, 0, w)
#define RECV(from) MPI_Recv(buffer[1], BIG, MPI_DOUBLE, from, 0, w, MPI_STATUS_IGNORE)
#define SUM        MPI_Allreduce(buffer[0], buffer[1], 1, MPI_DOUBLE, MPI_SUM, w)

/* ---- collectives that do not fit ---- */
CASE(bcast_allreduce) {
    if (rank == 0)
        MPI_Bcast(buffer[0], 1, MPI_DOUBLE, 0, w);
    else
        SUM;
    MPI_Barrier(w);
}
CASE(barrier_allreduce) {
    if (rank == ranks - 1)
        MPI_Barrier(w);
    else
        SUM;
}
CASE(reduce_bcast) {
    if (rank == 1)
        MPI_Reduce(buffer[0], buffer[1], 1, MPI_DOUBLE, MPI_SUM, 0, w);
    else
        MPI_Bcast(buffer[0], 1, MPI_DOUBLE, 1, w);
    MPI_Barrier(w);
}
CASE(roots_of_bcast) {
    MPI_Bcast(buffer[0], BIG, MPI_DOUBLE, rank == 0, w);
    MPI_Barrier(w);
}
CASE(roots_of_reduce) {
    MPI_Reduce(buffer[0], buffer[1], BIG, MPI_DOUBLE, MPI_SUM, rank % 2, w);
    MPI_Barrier(w);
}
CASE(roots_of_gather) {
    MPI_Gather(buffer[0], 9000, MPI_DOUBLE, buffer[1], 9000, MPI_DOUBLE, rank == 0, w);
    MPI_Barrier(w);
}
CASE(roots_of_scatter) {
    MPI_Scatter(buffer[0], 9000, MPI_DOUBLE, buffer[1], 9000, MPI_DOUBLE, rank == 0, w);
    MPI_Barrier(w);
}
CASE(zero_against_eight) {
    MPI_Allreduce(buffer[0], buffer[1], rank != 0, MPI_DOUBLE, MPI_SUM, w);
    MPI_Barrier(w);
    MPI_Allreduce(buffer[0], buffer[1], 1, MPI_DOUBLE, MPI_SUM, w);
    if (rank == 0) RECV(1);
}
CASE(missing_barrier) {
    for (int i = 0; i < 10; i++)
        SUM;
    if (rank != ranks - 1) MPI_Barrier(w);
}
CASE(missing_allreduce) {
    if (rank != 0) SUM;
}
CASE(one_more) {
    for (int i = 0; i < 5 + (rank == 0); i++)
        MPI_Barrier(w);
}
CASE(missing_bcast) {
    if (rank == 0) return;
    MPI_Bcast(buffer[0], 1, MPI_DOUBLE, 0, w);
}
CASE(nonblocking_order) {
    MPI_Request r;
    if (rank == 0) {
        MPI_Ibarrier(w, &r);
        MPI_Wait(&r, MPI_STATUS_IGNORE);
        SUM;
    } else {
        SUM;
        MPI_Ibarrier(w, &r);
        MPI_Wait(&r, MPI_STATUS_IGNORE);
    }
}
CASE(nonblocking_missing) {
    MPI_Request r;
    if (rank == 0) RECV(1);
    MPI_Iallreduce(buffer[0], buffer[1], 1, MPI_DOUBLE, MPI_SUM, w, &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
}
CASE(ibcast_against_bcast) {
    MPI_Request r;
    if (rank == 0) {
        MPI_Ibcast(buffer[0], BIG, MPI_DOUBLE, 0, w, &r);
        MPI_Wait(&r, MPI_STATUS_IGNORE);
    } else
        MPI_Bcast(buffer[0], BIG, MPI_DOUBLE, 0, w);
    MPI_Barrier(w);
}
CASE(split_missing) {
    MPI_Comm half;
    if (rank == 0)
        MPI_Barrier(w);
    else
        MPI_Comm_split(w, 0, 0, &half);
}
CASE(dup_against_barrier) {
    MPI_Comm copy;
    if (rank == 0)
        MPI_Comm_dup(w, &copy);
    else
        MPI_Barrier(w);
}
CASE(free_missing) {
    MPI_Comm copy;
    MPI_Comm_dup(w, &copy);
    if (rank)
        MPI_Comm_free(&copy);
    else
        MPI_Barrier(copy);
    SUM;
}
CASE(order_of_comms) {
    MPI_Comm a, b;
    MPI_Comm_dup(w, &a);
    MPI_Comm_dup(w, &b);
    MPI_Barrier(rank == 0 ? a : b);
    MPI_Barrier(rank == 0 ? b : a);
}
CASE(order_in_halves) {
    MPI_Comm a;
    MPI_Comm_split(w, 0, -rank, &a);
    if (rank == 0) MPI_Allreduce(buffer[0], buffer[1], 1, MPI_DOUBLE, MPI_SUM, a);
    SUM;
    if (rank) MPI_Allreduce(buffer[0], buffer[1], 1, MPI_DOUBLE, MPI_SUM, a);
}
CASE(scan_exscan) {
    if (rank == 0) RECV(1);
    MPI_Scan(buffer[0], buffer[1], 1, MPI_DOUBLE, MPI_SUM, w);
}
CASE(alltoall_missing) {
    if (rank == 0) {
        RECV(ranks - 1);
        return;
    }
    MPI_Alltoall(buffer[0], 1, MPI_DOUBLE, buffer[1], 1, MPI_DOUBLE, w);
}
CASE(alltoall_allgather) {
    if (rank == 0)
        MPI_Alltoall(buffer[0], 9000, MPI_DOUBLE, buffer[1], 9000, MPI_DOUBLE, w);
    else
        MPI_Allgather(buffer[0], 9000, MPI_DOUBLE, buffer[1], 9000, MPI_DOUBLE, w);
    MPI_Barrier(w);
    if (rank == 0) RECV(1);
}
CASE(gather_missing) {
    if (rank == 1) {
        RECV(0);
        return;
    }
    MPI_Gather(buffer[0], 1, MPI_DOUBLE, buffer[1], 1, MPI_DOUBLE, 0, w);
    MPI_Barrier(w);
}

/* ---- cycles ---- */
CASE(recv_recv) {
    RECV(before());
    SEND(next());
}
CASE(send_send) {
    SEND(next());
    RECV(before());
}
CASE(ssend_ssend) {
    MPI_Ssend(buffer[0], 1, MPI_DOUBLE, next(), 0, w);
    RECV(before());
}
CASE(irecv_wait) {
    MPI_Request r;
    MPI_Irecv(buffer[1], 1, MPI_DOUBLE, before(), 0, w, &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    SEND(next());
}
CASE(issend_wait) {
    MPI_Request r;
    MPI_Issend(buffer[1], 1, MPI_DOUBLE, next(), 0, w, &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    RECV(before());
}
CASE(waitall) {
    MPI_Request r[2];
    MPI_Irecv(buffer[1], 1, MPI_DOUBLE, before(), 1, w, &r[0]);
    MPI_Irecv(buffer[0], 1, MPI_DOUBLE, next(), 2, w, &r[1]);
    MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
}
CASE(waitany) {
    MPI_Request r[2];
    int at;
    MPI_Irecv(buffer[1], 1, MPI_DOUBLE, before(), 1, w, &r[0]);
    MPI_Irecv(buffer[0], 1, MPI_DOUBLE, next(), 2, w, &r[1]);
    MPI_Waitany(2, r, &at, MPI_STATUS_IGNORE);
}
CASE(waitsome) {
    MPI_Request r[2];
    int n, at[2];
    MPI_Irecv(buffer[1], 1, MPI_DOUBLE, before(), 1, w, &r[0]);
    MPI_Irecv(buffer[0], 1, MPI_DOUBLE, next(), 2, w, &r[1]);
    MPI_Waitsome(2, r, &n, at, MPI_STATUSES_IGNORE);
}
CASE(persistent) {
    MPI_Request r;
    MPI_Recv_init(buffer[1], 1, MPI_DOUBLE, before(), 0, w, &r);
    MPI_Start(&r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
}
CASE(sendrecv_order) {
    if (rank == 0)
        MPI_Sendrecv(buffer[0], 1, MPI_DOUBLE, 1, 0, buffer[1], 1, MPI_DOUBLE, 1, 5, w, MPI_STATUS_IGNORE);
    else
        RECV(before());
    RECV(before());
}
CASE(tags) {
    if (rank == 0) {
        MPI_Send(buffer[0], 1, MPI_DOUBLE, 1, 7, w);
        RECV(1);
    } else
        MPI_Recv(buffer[1], 1, MPI_DOUBLE, before(), 8, w, MPI_STATUS_IGNORE);
}
CASE(probe) {
    MPI_Probe(before(), 3, w, MPI_STATUS_IGNORE);
}
CASE(mprobe) {
    MPI_Message m;
    MPI_Mprobe(before(), 3, w, &m, MPI_STATUS_IGNORE);
}
CASE(other_comm) {
    MPI_Comm copy;
    MPI_Comm_dup(w, &copy);
    if (rank == 0) MPI_Send(buffer[0], 1, MPI_DOUBLE, 1, 0, copy);
    if (rank == 1) RECV(0);
    MPI_Barrier(w);
}
CASE(wildcard) {
    MPI_Recv(buffer[1], 1, MPI_DOUBLE, MPI_ANY_SOURCE, MPI_ANY_TAG, w, MPI_STATUS_IGNORE);
}
CASE(wildcard_and_barrier) {
    if (rank == 0) MPI_Recv(buffer[1], 1, MPI_DOUBLE, MPI_ANY_SOURCE, 4, w, MPI_STATUS_IGNORE);
    MPI_Barrier(w);
}
CASE(wildcard_probe) {
    MPI_Probe(MPI_ANY_SOURCE, MPI_ANY_TAG, w, MPI_STATUS_IGNORE);
}
CASE(wildcard_request) {
    MPI_Request r;
    MPI_Irecv(buffer[1], 1, MPI_DOUBLE, MPI_ANY_SOURCE, 6, w, &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
}
CASE(recv_and_barrier) {
    if (rank == 0) RECV(1);
    MPI_Barrier(w);
}
CASE(send_and_barrier) {
    if (rank == 0) SEND(1);
    MPI_Barrier(w);
}
CASE(wait_and_barrier) {
    MPI_Request r;
    if (rank == 0) {
        MPI_Irecv(buffer[1], 1, MPI_DOUBLE, 1, 0, w, &r);
        MPI_Wait(&r, MPI_STATUS_IGNORE);
    }
    MPI_Barrier(w);
    if (rank == 1) SEND(0);
}
CASE(in_halves) {
    MPI_Comm half;
    MPI_Comm_split(w, rank % 2, rank, &half);
    int r, n;
    MPI_Comm_rank(half, &r);
    MPI_Comm_size(half, &n);
    MPI_Recv(buffer[1], 1, MPI_DOUBLE, (r + n - 1) % n, 0, half, MPI_STATUS_IGNORE);
}
CASE(self) {
    if (rank == 0) MPI_Ssend(buffer[0], 1, MPI_DOUBLE, 0, 0, w);
    MPI_Barrier(w);
}
CASE(self_recv) {
    if (rank == 0) MPI_Recv(buffer[0], 1, MPI_DOUBLE, 0, 0, w, MPI_STATUS_IGNORE);
    MPI_Barrier(w);
}
CASE(philosophers) {
    /* Each takes the fork on its left, then that on its right: even ranks dine, odd ones are forks. */
    if (rank % 2 == 0) {
        MPI_Ssend(buffer[0], 1, MPI_DOUBLE, next(), 1, w);
        MPI_Barrier(w);
        MPI_Ssend(buffer[0], 1, MPI_DOUBLE, before(), 1, w);
    } else {
        MPI_Recv(buffer[0], 1, MPI_DOUBLE, before(), 1, w, MPI_STATUS_IGNORE);
        MPI_Recv(buffer[0], 1, MPI_DOUBLE, before(), 2, w, MPI_STATUS_IGNORE);
    }
}

/* ---- ranks that have left ---- */
CASE(recv_from_left) {
    if (rank == 0) RECV(1);
}
CASE(send_to_left) {
    if (rank == 0) SEND(1);
}
CASE(ssend_to_left) {
    if (rank == 1) MPI_Ssend(buffer[0], 1, MPI_DOUBLE, 0, 0, w);
}
CASE(wait_for_left) {
    MPI_Request r;
    if (rank) return;
    MPI_Irecv(buffer[1], 1, MPI_DOUBLE, 1, 0, w, &r);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
}
CASE(wildcard_left) {
    if (rank == 0) MPI_Recv(buffer[1], 1, MPI_DOUBLE, MPI_ANY_SOURCE, 0, w, MPI_STATUS_IGNORE);
}
CASE(comm_of_left) {
    MPI_Comm copy;
    MPI_Comm_dup(w, &copy);
    if (rank == 0) MPI_Barrier(copy);
}

/* ---- one-sided ---- */
static MPI_Win window(void) {
    static double memory[4];
    MPI_Win win;
    MPI_Win_create(memory, sizeof memory, sizeof *memory, MPI_INFO_NULL, w, &win);
    return win;
}
CASE(fence_missing) {
    MPI_Win win = window();
    MPI_Win_fence(0, win);
    if (rank == 0)
        MPI_Barrier(w);
    else
        MPI_Win_fence(0, win);
    MPI_Win_free(&win);
}
CASE(free_of_window) {
    MPI_Win win = window();
    if (rank == 0) RECV(1);
    MPI_Win_free(&win);
}
CASE(wait_without_complete) {
    MPI_Win win = window();
    MPI_Group all;
    MPI_Comm_group(w, &all);
    MPI_Win_post(all, 0, win);
    MPI_Win_wait(win);
    MPI_Win_free(&win);
}
CASE(lock_held) {
    MPI_Win win = window();
    if (rank == 0) MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
    MPI_Barrier(w);
    if (rank) {
        double one = 1;
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
        MPI_Put(&one, 1, MPI_DOUBLE, 0, 0, 1, MPI_DOUBLE, win);
        MPI_Win_unlock(0, win);
    }
    MPI_Barrier(w);
    if (rank == 0) MPI_Win_unlock(0, win);
    MPI_Win_free(&win);
}

/* ---- files ---- */
static MPI_File file(void) {
    MPI_File f;
    MPI_File_open(w, "hang.data", MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL,
                  &f);
    return f;
}
CASE(write_all_missing) {
    MPI_File f = file();
    MPI_File_set_view(f, rank * 8, MPI_DOUBLE, MPI_DOUBLE, "native", MPI_INFO_NULL);
    if (rank == 0) RECV(1);
    MPI_File_write_all(f, buffer[0], 1, MPI_DOUBLE, MPI_STATUS_IGNORE);
    MPI_File_close(&f);
}
CASE(close_missing) {
    MPI_File f = file();
    if (rank == 0)
        MPI_Barrier(w);
    else
        MPI_File_close(&f);
}
CASE(open_against_barrier) {
    if (rank == 0)
        MPI_Barrier(w);
    else
        file();
}

/* ---- threads ---- */
static void *in_thread(void *unused) {
    (void)unused;
    RECV(next());
    return NULL;
}
CASE(threads) {
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, NULL);
    MPI_Barrier(w);
    MPI_Recv(buffer[0], 1, MPI_DOUBLE, next(), 9, w, MPI_STATUS_IGNORE);
    pthread_join(thread, NULL);
}

/* ---- deaths ---- */
CASE(killed) {
    if (rank == 1) {
        sleep(1);
        kill(getpid(), SIGKILL);
    }
    RECV(1);
}

/* ---- what cannot be proven ---- */
CASE(test_loop) {
    MPI_Request r;
    int done = 0;
    MPI_Irecv(buffer[1], 1, MPI_DOUBLE, before(), 0, w, &r);
    while (!done)
        MPI_Test(&r, &done, MPI_STATUS_IGNORE);
}
CASE(iprobe_loop) {
    int done = 0;
    while (rank == 0 && !done)
        MPI_Iprobe(MPI_ANY_SOURCE, 0, w, &done, MPI_STATUS_IGNORE);
    MPI_Barrier(w);
}
CASE(computes) {
    volatile double x = 1;
    while (rank == 0)
        x = x * 1.0000001 + 1e-9;
    MPI_Barrier(w);
}
CASE(sleeps) {
    if (rank == 0) sleep(1000);
    MPI_Barrier(w);
}

/* clang-format off */
#define CASES(X) \
    X(bcast_allreduce) X(barrier_allreduce) X(reduce_bcast) X(roots_of_bcast) X(roots_of_reduce) \
    X(roots_of_gather) X(roots_of_scatter) X(zero_against_eight) X(missing_barrier) \
    X(missing_allreduce) X(one_more) X(missing_bcast) X(nonblocking_order) X(nonblocking_missing) \
    X(ibcast_against_bcast) X(split_missing) X(dup_against_barrier) X(free_missing) \
    X(order_of_comms) X(order_in_halves) X(scan_exscan) X(alltoall_missing) X(alltoall_allgather) \
    X(gather_missing) X(recv_recv) X(send_send) X(ssend_ssend) X(irecv_wait) X(issend_wait) \
    X(waitall) X(waitany) X(waitsome) X(persistent) X(sendrecv_order) X(tags) X(probe) X(mprobe) \
    X(other_comm) X(wildcard) X(wildcard_and_barrier) X(wildcard_probe) X(wildcard_request) \
    X(recv_and_barrier) X(send_and_barrier) X(wait_and_barrier) X(in_halves) X(self) X(self_recv) \
    X(philosophers) X(recv_from_left) X(send_to_left) X(ssend_to_left) X(wait_for_left) \
    X(wildcard_left) X(comm_of_left) X(fence_missing) X(free_of_window) X(wait_without_complete) \
    X(lock_held) X(write_all_missing) X(close_missing) X(open_against_barrier) X(threads) X(killed) \
    X(test_loop) X(iprobe_loop) X(computes) X(sleeps)
/* clang-format on */

int main(int argc, char **argv) {
    static const a_case cases[] = {CASES(ROW)};
    begin(&argc, &argv, argc > 1 && !strcmp(argv[1], "threads") ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE);
    run_cases(cases, sizeof cases / sizeof *cases, argc, argv);
    MPI_Finalize();
    return 0;
}
