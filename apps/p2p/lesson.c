/* The first lesson: messages between two ranks, in plain MPI.
 *
 * A rank sends with MPI_Send and another receives with MPI_Recv; both name the other, and a tag. MPI_Send may return
 * before the message has arrived, because MPI may keep a copy of it (a small one usually), or it may wait until the
 * receiver is there (with a large one it must). A program that is right only because of the copy is wrong.
 *
 * Nothing here looks at what the calls return: on MPI_COMM_WORLD a call that fails ends the program.
 *
 * The rest of the program, which decides who talks to whom and what to make of the times, is in p2p_*.c.
 */
#include <string.h>
#include <time.h>

#include "apps/p2p/p2p.h"

enum { TAG = 1 };

/* There and back again: the time of one message is half of the round trip, for a single clock cannot see when a message
 * arrives elsewhere. The lower rank begins. */
static void ping_pong(MPI_Comm comm, int me, int peer, char *out, char *in, int bytes) {
    if (me < peer) {
        MPI_Send(out, bytes, MPI_CHAR, peer, TAG, comm);
        MPI_Recv(in, bytes, MPI_CHAR, peer, TAG, comm, MPI_STATUS_IGNORE);
    } else {
        MPI_Recv(in, bytes, MPI_CHAR, peer, TAG, comm, MPI_STATUS_IGNORE);
        MPI_Send(out, bytes, MPI_CHAR, peer, TAG, comm);
    }
}

/* One message after the other without waiting for an answer, WINDOW of them under way at a time: what counts is how
 * many bytes go through, not how long one takes. All may arrive in the same buffer, since nobody reads them. */
enum { WINDOW = 64 };

static void stream(MPI_Comm comm, int peer, bool sends, bool receives, char *out, char *in, int bytes,
                   int messages) {
    MPI_Request requests[2 * WINDOW];
    while (messages > 0) {
        int some = messages < WINDOW ? messages : WINDOW, started = 0;
        for (int i = 0; receives && i < some; i++)
            MPI_Irecv(in, bytes, MPI_CHAR, peer, TAG, comm, &requests[started++]);
        for (int i = 0; sends && i < some; i++)
            MPI_Isend(out, bytes, MPI_CHAR, peer, TAG, comm, &requests[started++]);
        MPI_Waitall(started, requests, MPI_STATUSES_IGNORE);
        messages -= some;
    }
}

double p2p_time(MPI_Comm comm, int peer, p2p_kind kind, char *out, char *in, int bytes, int messages) {
    int me;
    char done = 0;
    MPI_Comm_rank(comm, &me);
    bool lower = me < peer, sends = kind == P2P_both || (kind == P2P_forward) == lower;
    bool receives = kind == P2P_both || !sends;
    /* Both are there before the clock starts. */
    MPI_Sendrecv(&done, 1, MPI_CHAR, peer, TAG, &done, 1, MPI_CHAR, peer, TAG, comm, MPI_STATUS_IGNORE);
    double start = MPI_Wtime();
    if (kind == P2P_latency)
        for (int i = 0; i < messages; i++)
            ping_pong(comm, me, peer, out, in, bytes);
    else
        stream(comm, peer, sends, receives, out, in, bytes, messages);
    /* A sender is done when its messages have left; only the receiver knows that they have arrived, and says so. */
    MPI_Sendrecv(&done, 1, MPI_CHAR, peer, TAG, &done, 1, MPI_CHAR, peer, TAG, comm, MPI_STATUS_IGNORE);
    double seconds = (MPI_Wtime() - start) / messages;
    return kind == P2P_latency ? seconds / 2 : seconds;
}

/* Everybody has something for the next rank of a ring, and gets something from the one before.
 *
 *     0 > 1 > 2 > 3 > 0
 */
void p2p_ring(MPI_Comm comm, p2p_order order, bool strict, const char *out, char *in, int bytes) {
    int me, size;
    MPI_Comm_rank(comm, &me);
    MPI_Comm_size(comm, &size);
    int next = (me + 1) % size, before = (me + size - 1) % size;
    int (*send)(const void *, int, MPI_Datatype, int, int, MPI_Comm) = strict ? MPI_Ssend : MPI_Send;
    MPI_Request both[2];

    switch (order) {
    case P2P_unsafe:
        /* Each waits in its send until the next one receives, who waits in its send ... unless MPI has room for copies.
         * It works with small messages, and stops on the day that they are larger. */
        send(out, bytes, MPI_CHAR, next, TAG, comm);
        MPI_Recv(in, bytes, MPI_CHAR, before, TAG, comm, MPI_STATUS_IGNORE);
        break;
    case P2P_oddeven:
        /* Somebody must receive first. Where the number of ranks is odd, the last and the first are both even: then one
         * pair waits for the others, but no circle is closed. A single rank would wait for itself. */
        if (size == 1) {
            memcpy(in, out, (size_t)bytes);
        } else if (me % 2 == 0) {
            send(out, bytes, MPI_CHAR, next, TAG, comm);
            MPI_Recv(in, bytes, MPI_CHAR, before, TAG, comm, MPI_STATUS_IGNORE);
        } else {
            MPI_Recv(in, bytes, MPI_CHAR, before, TAG, comm, MPI_STATUS_IGNORE);
            send(out, bytes, MPI_CHAR, next, TAG, comm);
        }
        break;
    case P2P_sendrecv:
        MPI_Sendrecv(out, bytes, MPI_CHAR, next, TAG, in, bytes, MPI_CHAR, before, TAG, comm,
                     MPI_STATUS_IGNORE);
        break;
    case P2P_nonblocking:
        /* Both are started before either is waited for; the buffers must be left alone in between. */
        MPI_Irecv(in, bytes, MPI_CHAR, before, TAG, comm, &both[0]);
        if (strict)
            MPI_Issend(out, bytes, MPI_CHAR, next, TAG, comm, &both[1]);
        else
            MPI_Isend(out, bytes, MPI_CHAR, next, TAG, comm, &both[1]);
        MPI_Waitall(2, both, MPI_STATUSES_IGNORE);
        break;
    case P2P_ORDERS:
        break;
    }
}

/* Most MPI libraries wait by looking again and again, which takes a core. */
void p2p_rest(MPI_Comm comm) {
    MPI_Request all;
    int here = 0;
    MPI_Ibarrier(comm, &all);
    for (MPI_Test(&all, &here, MPI_STATUS_IGNORE); !here; MPI_Test(&all, &here, MPI_STATUS_IGNORE))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

extern const tri_app p2p_app;

int main(int argc, char **argv) {
    return tri_main(&p2p_app, argc, argv);
}
