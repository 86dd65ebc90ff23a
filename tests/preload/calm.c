/* calm CASE... [pause=SECONDS]: right programs in which ranks wait for long, or in ways that look like a
 * hang. "all": each case. A watcher must not find fault with any. */
#include "cases.h"

#include <sys/wait.h>
#include <time.h>

static double seconds = 1;

static void pause_for(double s) {
    struct timespec time = {(time_t)s, (long)(1e9 * (s - (double)(time_t)s))};
    while (nanosleep(&time, &time)) {
    }
}
static void rest(void) {
    pause_for(seconds);
}
static void compute(void) {
    double end = MPI_Wtime() + seconds;
    volatile double x = 1;
    while (MPI_Wtime() < end)
        for (int i = 0; i < 1000; i++)
            x = x * 1.0000001 + 1e-9;
}

CASE(slow_rank) {
    if (rank == 0) rest();
    MPI_Barrier(w);
}
CASE(computing_rank) {
    if (rank == ranks - 1) compute();
    MPI_Allreduce(buffer[0], buffer[1], 1, MPI_DOUBLE, MPI_SUM, w);
}
CASE(ring) {
    if (rank == 0) rest();
    if (rank) MPI_Recv(buffer[1], 1, MPI_DOUBLE, before(), 0, w, IGNORE);
    MPI_Send(buffer[0], 1, MPI_DOUBLE, next(), 0, w);
    if (!rank) MPI_Recv(buffer[1], 1, MPI_DOUBLE, before(), 0, w, IGNORE);
}
CASE(server) {
    if (rank == 0)
        for (int i = 0; i < 2 * (ranks - 1); i++)
            MPI_Recv(buffer[1], 1, MPI_DOUBLE, MPI_ANY_SOURCE, MPI_ANY_TAG, w, IGNORE);
    else
        for (int i = 0; i < 2; i++) {
            pause_for(seconds / 2);
            MPI_Send(buffer[0], 1, MPI_DOUBLE, 0, rank, w);
        }
}
CASE(server_probes) {
    if (rank == 0)
        for (int i = 0; i < ranks - 1; i++) {
            MPI_Status status;
            MPI_Probe(MPI_ANY_SOURCE, 5, w, &status);
            MPI_Recv(buffer[1], 1, MPI_DOUBLE, status.MPI_SOURCE, 5, w, IGNORE);
        }
    else {
        rest();
        MPI_Ssend(buffer[0], 1, MPI_DOUBLE, 0, 5, w);
    }
}
CASE(polling) {
    MPI_Request r;
    int done = 0;
    MPI_Irecv(buffer[1], 1, MPI_DOUBLE, before(), 0, w, &r);
    if (rank == 0) rest();
    MPI_Send(buffer[0], 1, MPI_DOUBLE, next(), 0, w);
    while (!done)
        MPI_Test(&r, &done, IGNORE);
}
CASE(polling_probe) {
    int done = 0;
    if (rank == 0) rest();
    MPI_Send(buffer[0], 1, MPI_DOUBLE, next(), 3, w);
    while (!done)
        MPI_Iprobe(before(), 3, w, &done, IGNORE);
    MPI_Recv(buffer[1], 1, MPI_DOUBLE, before(), 3, w, IGNORE);
}
CASE(one_polls_others_wait) {
    MPI_Request r;
    int done = 0;
    if (rank == 0) {
        double end = MPI_Wtime() + seconds;
        MPI_Irecv(buffer[1], 1, MPI_DOUBLE, before(), 0, w, &r);
        while (MPI_Wtime() < end)
            MPI_Test(&r, &done, IGNORE);
        for (int i = 1; i < ranks; i++)
            MPI_Send(buffer[0], 1, MPI_DOUBLE, i, 1, w);
        if (!done) MPI_Wait(&r, IGNORE);
    } else {
        MPI_Recv(buffer[1], 1, MPI_DOUBLE, 0, 1, w, IGNORE);
        if (rank == ranks - 1) MPI_Send(buffer[0], 1, MPI_DOUBLE, 0, 0, w);
    }
}
CASE(rendezvous) {
    MPI_Request r;
    MPI_Isend(buffer[0], BIG, MPI_DOUBLE, next(), 0, w, &r);
    if (rank == 0) rest();
    MPI_Recv(buffer[1], BIG, MPI_DOUBLE, before(), 0, w, IGNORE);
    MPI_Wait(&r, IGNORE);
}
CASE(late_receiver) {
    if (rank == 0) MPI_Send(buffer[0], BIG, MPI_DOUBLE, 1, 0, w);
    if (rank == 1) {
        rest();
        MPI_Recv(buffer[1], BIG, MPI_DOUBLE, 0, 0, w, IGNORE);
    }
}
CASE(waitsome) {
    MPI_Request r[2];
    int n, left = 2, at[2];
    MPI_Irecv(buffer[1], 1, MPI_DOUBLE, before(), 1, w, &r[0]);
    MPI_Irecv(buffer[0], 1, MPI_DOUBLE, before(), 2, w, &r[1]);
    if (rank == 0) rest();
    MPI_Send(buffer[0] + 9, 1, MPI_DOUBLE, next(), 2, w);
    if (rank == 0) rest();
    MPI_Send(buffer[0] + 9, 1, MPI_DOUBLE, next(), 1, w);
    for (; left; left -= n)
        MPI_Waitsome(2, r, &n, at, MPI_STATUSES_IGNORE);
}
CASE(waitany) {
    MPI_Request r[2];
    int at;
    MPI_Irecv(buffer[1], 1, MPI_DOUBLE, before(), 1, w, &r[0]);
    MPI_Irecv(buffer[0], 1, MPI_DOUBLE, before(), 2, w, &r[1]);
    if (rank == 0) rest();
    for (int i = 1; i <= 2; i++)
        MPI_Send(buffer[0] + 9, 1, MPI_DOUBLE, next(), i, w);
    MPI_Waitany(2, r, &at, IGNORE);
    MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
}
CASE(persistent) {
    MPI_Request r[2];
    MPI_Recv_init(buffer[1], 1, MPI_DOUBLE, before(), 0, w, &r[0]);
    MPI_Send_init(buffer[0], 1, MPI_DOUBLE, next(), 0, w, &r[1]);
    for (int i = 0; i < 3; i++) {
        if (rank == i % ranks) pause_for(seconds / 2);
        MPI_Startall(2, r);
        MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
    }
    MPI_Request_free(&r[0]);
    MPI_Request_free(&r[1]);
}
CASE(sendrecv) {
    if (rank == 0) rest();
    MPI_Sendrecv(buffer[0], BIG, MPI_DOUBLE, next(), 0, buffer[1], BIG, MPI_DOUBLE, before(), 0, w, IGNORE);
    MPI_Sendrecv_replace(buffer[0], 9, MPI_DOUBLE, next(), 0, before(), 0, w, IGNORE);
}
CASE(overlap) {
    MPI_Request r;
    MPI_Iallreduce(buffer[0], buffer[1], 9, MPI_DOUBLE, MPI_SUM, w, &r);
    if (rank == 0) compute();
    MPI_Wait(&r, IGNORE);
}
CASE(consensus) {
    MPI_Request r;
    int done = 0;
    if (rank == 0) rest();
    MPI_Ibarrier(w, &r);
    while (!done) {
        int there;
        MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, w, &there, IGNORE);
        MPI_Test(&r, &done, IGNORE);
    }
}
CASE(two_in_flight) {
    MPI_Request r[2];
    MPI_Ibarrier(w, &r[0]);
    MPI_Ibcast(buffer[0], 5, MPI_DOUBLE, 0, w, &r[1]);
    if (rank == ranks - 1) rest();
    MPI_Wait(&r[1], IGNORE);
    MPI_Wait(&r[0], IGNORE);
}
CASE(freed_request) {
    MPI_Request r;
    MPI_Isend(buffer[0], 1, MPI_DOUBLE, next(), 8, w, &r);
    MPI_Request_free(&r);
    if (rank == 0) rest();
    MPI_Recv(buffer[1], 1, MPI_DOUBLE, before(), 8, w, IGNORE);
}
CASE(cancelled) {
    MPI_Request r;
    MPI_Irecv(buffer[1], 1, MPI_DOUBLE, before(), 77, w, &r);
    if (rank == 0) rest();
    MPI_Cancel(&r);
    MPI_Wait(&r, IGNORE);
    MPI_Barrier(w);
}
CASE(nobody) {
    MPI_Recv(buffer[1], 1, MPI_DOUBLE, MPI_PROC_NULL, 0, w, IGNORE);
    MPI_Send(buffer[1], 1, MPI_DOUBLE, MPI_PROC_NULL, 0, w);
    if (rank == 0) rest();
    MPI_Barrier(w);
}
CASE(matched) {
    MPI_Message m;
    if (rank == 0) rest();
    MPI_Request r;
    MPI_Isend(buffer[0], 1, MPI_DOUBLE, next(), 4, w, &r);
    MPI_Mprobe(before(), 4, w, &m, IGNORE);
    MPI_Mrecv(buffer[1], 1, MPI_DOUBLE, &m, IGNORE);
    MPI_Wait(&r, IGNORE);
}
CASE(buffered) {
    static char space[1 << 16];
    void *old;
    int size;
    MPI_Buffer_attach(space, sizeof space);
    MPI_Bsend(buffer[0], 1, MPI_DOUBLE, next(), 2, w);
    if (rank == 0) rest();
    MPI_Recv(buffer[1], 1, MPI_DOUBLE, before(), 2, w, IGNORE);
    MPI_Buffer_detach(&old, &size);
}
CASE(halves) {
    MPI_Comm half;
    MPI_Comm_split(w, rank % 2, rank, &half);
    if (rank == 0) rest();
    for (int i = 0; i < 5 + rank % 2; i++)
        MPI_Barrier(half);
    MPI_Comm_free(&half);
}
CASE(undefined_colour) {
    MPI_Comm part;
    MPI_Comm_split(w, rank ? 1 : MPI_UNDEFINED, rank, &part);
    if (rank == 1) rest();
    if (rank) MPI_Barrier(part);
    if (rank) MPI_Comm_free(&part);
}
CASE(group_of_some) {
    MPI_Group all, some;
    MPI_Comm made;
    int range[1][3] = {{0, ranks > 2 ? ranks - 2 : 0, 1}};
    MPI_Comm_group(w, &all);
    MPI_Group_range_incl(all, 1, range, &some);
    if (rank <= range[0][1]) {
        if (rank == 0) rest();
        MPI_Comm_create_group(w, some, 3, &made);
        MPI_Barrier(made);
        MPI_Comm_free(&made);
    }
    MPI_Group_free(&all);
    MPI_Group_free(&some);
    MPI_Barrier(w);
}
CASE(made_and_freed) {
    MPI_Comm copy[6];
    for (int i = 0; i < 6; i++) {
        MPI_Comm_dup(w, &copy[i]);
        MPI_Barrier(copy[i]);
        if (i % 2) MPI_Comm_free(&copy[i]);
    }
    if (rank == 0) rest();
    for (int i = 0; i < 6; i += 2) {
        MPI_Barrier(copy[i]);
        MPI_Comm_free(&copy[i]);
    }
}
CASE(duplicated_later) {
    MPI_Comm copy;
    MPI_Request r;
    MPI_Comm_idup(w, &copy, &r);
    MPI_Wait(&r, IGNORE);
    if (rank == 0) rest();
    MPI_Barrier(copy);
    MPI_Comm_free(&copy);
}
CASE(between_groups) {
    MPI_Comm half, inter, both;
    if (ranks < 2) return;
    MPI_Comm_split(w, rank % 2, rank, &half);
    MPI_Intercomm_create(half, 0, w, 1 - rank % 2, 6, &inter);
    if (rank == 0) rest();
    MPI_Barrier(inter);
    if (rank == 0) MPI_Send(buffer[0], 1, MPI_DOUBLE, 0, 1, inter);
    if (rank == 1) MPI_Recv(buffer[1], 1, MPI_DOUBLE, 0, 1, inter, IGNORE);
    MPI_Intercomm_merge(inter, rank % 2, &both);
    MPI_Barrier(both);
    MPI_Comm_free(&both);
    MPI_Comm_free(&inter);
    MPI_Comm_free(&half);
}
CASE(neighbours) {
    MPI_Comm cart;
    int sizes[1] = {ranks}, periods[1] = {1};
    double got[2];
    MPI_Cart_create(w, 1, sizes, periods, 0, &cart);
    if (rank == 0) rest();
    MPI_Neighbor_allgather(buffer[0], 1, MPI_DOUBLE, got, 1, MPI_DOUBLE, cart);
    MPI_Comm_free(&cart);
}
CASE(uneven) {
    int counts[64], starts[64];
    for (int i = 0, at = 0; i < ranks; at += counts[i++]) {
        counts[i] = i + 1;
        starts[i] = at;
    }
    if (rank == 0) rest();
    MPI_Allgatherv(buffer[0], rank + 1, MPI_DOUBLE, buffer[1], counts, starts, MPI_DOUBLE, w);
    MPI_Gatherv(buffer[0], rank + 1, MPI_DOUBLE, buffer[1], counts, starts, MPI_DOUBLE, 0, w);
}
CASE(types) {
    MPI_Datatype pair;
    MPI_Type_vector(2, 1, 3, MPI_DOUBLE, &pair);
    MPI_Type_commit(&pair);
    if (rank == 0) rest();
    if (rank == 0)
        MPI_Bcast(buffer[0], 1, pair, 0, w);
    else
        MPI_Bcast(buffer[0], 2, MPI_DOUBLE, 0, w);
    MPI_Scatter(buffer[0], 1, pair, rank ? buffer[1] : MPI_IN_PLACE, 2, MPI_DOUBLE, 0, w);
    MPI_Type_free(&pair);
    MPI_Barrier(w);
}
CASE(in_place) {
    if (rank == 0) rest();
    if (rank == 0)
        MPI_Reduce(MPI_IN_PLACE, buffer[0], 3, MPI_DOUBLE, MPI_SUM, 0, w);
    else
        MPI_Reduce(buffer[0], NULL, 3, MPI_DOUBLE, MPI_SUM, 0, w);
    if (rank == 0)
        MPI_Gather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, buffer[1], 2, MPI_DOUBLE, 0, w);
    else
        MPI_Gather(buffer[0], 2, MPI_DOUBLE, NULL, 0, MPI_DATATYPE_NULL, 0, w);
}
CASE(errors_return) {
    MPI_Comm copy;
    MPI_Comm_dup(w, &copy);
    MPI_Comm_set_errhandler(copy, MPI_ERRORS_RETURN);
    if (rank == 0) MPI_Bcast(buffer[0], 1, MPI_DOUBLE, 99, copy);
    if (rank == 0) rest();
    MPI_Barrier(copy);
    MPI_Comm_free(&copy);
}
CASE(fences) {
    MPI_Win win;
    MPI_Win_create(buffer[0], 80, 8, MPI_INFO_NULL, w, &win);
    MPI_Win_fence(0, win);
    if (rank == 0) rest();
    MPI_Put(buffer[1], 1, MPI_DOUBLE, next(), 0, 1, MPI_DOUBLE, win);
    MPI_Win_fence(0, win);
    MPI_Win_free(&win);
}
CASE(locks) {
    MPI_Win win;
    MPI_Win_create(buffer[0], 80, 8, MPI_INFO_NULL, w, &win);
    MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
    if (rank == 0) rest();
    MPI_Put(buffer[1], 1, MPI_DOUBLE, 0, 0, 1, MPI_DOUBLE, win);
    MPI_Win_unlock(0, win);
    MPI_Win_free(&win);
}
CASE(post_start) {
    MPI_Win win;
    MPI_Group all, one;
    int from = before(), to = next();
    MPI_Win_create(buffer[0], 80, 8, MPI_INFO_NULL, w, &win);
    MPI_Comm_group(w, &all);
    MPI_Group_incl(all, 1, &from, &one);
    MPI_Win_post(one, 0, win);
    MPI_Group_free(&one);
    MPI_Group_incl(all, 1, &to, &one);
    if (rank == 0) rest();
    MPI_Win_start(one, 0, win);
    MPI_Put(buffer[1], 1, MPI_DOUBLE, to, 0, 1, MPI_DOUBLE, win);
    MPI_Win_complete(win);
    MPI_Win_wait(win);
    MPI_Group_free(&one);
    MPI_Group_free(&all);
    MPI_Win_free(&win);
}
CASE(files) {
    MPI_File f;
    MPI_File_open(w, "calm.data", MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL,
                  &f);
    MPI_File_set_view(f, rank * 80, MPI_DOUBLE, MPI_DOUBLE, "native", MPI_INFO_NULL);
    if (rank == 0) rest();
    MPI_File_write_all(f, buffer[0], 10, MPI_DOUBLE, IGNORE);
    if (rank == ranks - 1) rest();
    MPI_File_close(&f);
}
static void *in_thread(void *unused) {
    (void)unused;
    rest();
    MPI_Send(buffer[0], 1, MPI_DOUBLE, next(), 21, w);
    return NULL;
}
CASE(thread_sends) {
    int level;
    pthread_t thread;
    MPI_Query_thread(&level);
    if (level < MPI_THREAD_MULTIPLE) return;
    pthread_create(&thread, NULL, in_thread, NULL);
    MPI_Recv(buffer[1], 1, MPI_DOUBLE, before(), 21, w, IGNORE);
    pthread_join(thread, NULL);
}
CASE(stopped) {
    /* A child stops this rank for some time, as a debugger does. */
    if (rank == 0) {
        pid_t child = fork();
        if (child == 0) {
            pid_t parent = getppid();
            kill(parent, SIGSTOP);
            pause_for(2 * seconds);
            kill(parent, SIGCONT);
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    MPI_Barrier(w);
}
CASE(all_stopped) {
    double start = MPI_Wtime();
    pid_t child = fork();
    if (child == 0) {
        pid_t parent = getppid();
        pause_for(0.1);
        kill(parent, SIGSTOP);
        pause_for(2 * seconds);
        kill(parent, SIGCONT);
        _exit(0);
    }
    for (int more = 1; more;) {
        int mine = MPI_Wtime() < start + 3 * seconds;
        MPI_Sendrecv(buffer[0], 9, MPI_DOUBLE, next(), 0, buffer[1], 9, MPI_DOUBLE, before(), 0, w, IGNORE);
        MPI_Allreduce(&mine, &more, 1, MPI_INT, MPI_MIN, w);
    }
    waitpid(child, NULL, 0);
}
CASE(one_sends_much) {
    if (rank == 0)
        for (int i = 0; i < 20000; i++)
            MPI_Send(buffer[0], 1, MPI_DOUBLE, 1, 0, w);
    if (rank == 1) {
        rest();
        for (int i = 0; i < 20000; i++)
            MPI_Recv(buffer[1], 1, MPI_DOUBLE, 0, 0, w, IGNORE);
    }
}
CASE(many_requests) {
    enum { MANY = 6000 };
    static MPI_Request r[2 * MANY];
    for (int i = 0; i < MANY; i++) {
        MPI_Irecv(&buffer[1][i], 1, MPI_DOUBLE, before(), i, w, &r[i]);
        MPI_Isend(&buffer[0][i], 1, MPI_DOUBLE, next(), i, w, &r[MANY + i]);
    }
    if (rank == 0) rest();
    MPI_Waitall(2 * MANY, r, MPI_STATUSES_IGNORE);
}
CASE(self_message) {
    MPI_Request r;
    MPI_Irecv(buffer[1], 1, MPI_DOUBLE, rank, 0, w, &r);
    if (rank == 0) rest();
    MPI_Ssend(buffer[0], 1, MPI_DOUBLE, rank, 0, w);
    MPI_Wait(&r, IGNORE);
    MPI_Barrier(MPI_COMM_SELF);
}
CASE(pipeline) {
    for (int i = 0; i < 3; i++) {
        if (rank) MPI_Recv(buffer[1], 1, MPI_DOUBLE, rank - 1, i, w, IGNORE);
        pause_for(seconds / 4);
        if (rank + 1 < ranks) MPI_Send(buffer[0], 1, MPI_DOUBLE, rank + 1, i, w);
    }
}
CASE(bcast_without_waiting) {
    /* The root may go on, to what others wait for. */
    MPI_Bcast(buffer[0], 1, MPI_DOUBLE, 0, w);
    if (rank == 0) rest();
    if (rank == 0) MPI_Send(buffer[0], 1, MPI_DOUBLE, 1, 0, w);
    if (rank == 1) MPI_Recv(buffer[1], 1, MPI_DOUBLE, 0, 0, w, IGNORE);
}
CASE(last_rank_is_late) {
    /* The others are in MPI_Finalize by then, where this is the last case. */
    if (rank == 0) rest();
}

/* clang-format off */
#define CASES(X) \
    X(slow_rank) X(computing_rank) X(ring) X(server) X(server_probes) X(polling) X(polling_probe) \
    X(one_polls_others_wait) X(rendezvous) X(late_receiver) X(waitsome) X(waitany) X(persistent) \
    X(sendrecv) X(overlap) X(consensus) X(two_in_flight) X(freed_request) X(cancelled) X(nobody) \
    X(matched) X(buffered) X(halves) X(undefined_colour) X(group_of_some) X(made_and_freed) \
    X(duplicated_later) X(between_groups) X(neighbours) X(uneven) X(types) X(in_place) \
    X(errors_return) X(fences) X(locks) X(post_start) X(files) X(thread_sends) X(stopped) \
    X(all_stopped) X(one_sends_much) X(many_requests) X(self_message) X(pipeline) \
    X(bcast_without_waiting) X(last_rank_is_late)
/* clang-format on */

int main(int argc, char **argv) {
    static const a_case cases[] = {CASES(ROW)};
    for (int i = 1; i < argc; i++)
        if (!strncmp(argv[i], "pause=", 6)) seconds = atof(argv[i] + 6);
    begin(&argc, &argv, MPI_THREAD_MULTIPLE);
    int ran = run_cases(cases, sizeof cases / sizeof *cases, argc, argv);
    MPI_Finalize();
    if (rank == 0) printf("%d cases\n", ran);
    return 0;
}
