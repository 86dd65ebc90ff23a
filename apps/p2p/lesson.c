/* The first lesson: messages between two ranks, in plain MPI.
 *
 * One rank sends with MPI_Send, another receives with MPI_Recv. Both name the other rank and a tag.
 * MPI_Send may return before the message arrives, because MPI may copy it to a buffer; it usually does so
 * with small messages. With large messages MPI_Send waits until the receiver calls MPI_Recv. A program
 * that is correct only because of the buffer is wrong.
 *
 * The code does not check return values: on MPI_COMM_WORLD a call that fails ends the program.
 *
 * The other files of apps/p2p decide which ranks talk to each other, and evaluate the times. */
#include <string.h>
#include <time.h>

#include "apps/p2p/p2p.h"

enum { TAG = 1 };

/* A message to the peer and back. The time of one message is half the round trip, because the clock of one
 * rank does not show when a message arrives on another. The lower rank starts. */
static void ping_pong(MPI_Comm comm, int me, int peer, char *out, char *in, int bytes) {
    if (me < peer) {
        MPI_Send(out, bytes, MPI_CHAR, peer, TAG, comm);
        MPI_Recv(in, bytes, MPI_CHAR, peer, TAG, comm, MPI_STATUS_IGNORE);
    } else {
        MPI_Recv(in, bytes, MPI_CHAR, peer, TAG, comm, MPI_STATUS_IGNORE);
        MPI_Send(out, bytes, MPI_CHAR, peer, TAG, comm);
    }
}

/* Many messages without waiting for answers, WINDOW of them at a time. This measures bytes per second, not
 * the time of one message. All messages arrive in the same buffer, since only the last one is read. */
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
    /* Both ranks are ready before the clock starts. */
    MPI_Sendrecv(&done, 1, MPI_CHAR, peer, TAG, &done, 1, MPI_CHAR, peer, TAG, comm, MPI_STATUS_IGNORE);
    double start = MPI_Wtime();
    if (kind == P2P_latency)
        for (int i = 0; i < messages; i++)
            ping_pong(comm, me, peer, out, in, bytes);
    else
        stream(comm, peer, sends, receives, out, in, bytes, messages);
    /* The sends complete when the messages have left; only the receiver knows that they have arrived. It
     * answers. */
    MPI_Sendrecv(&done, 1, MPI_CHAR, peer, TAG, &done, 1, MPI_CHAR, peer, TAG, comm, MPI_STATUS_IGNORE);
    double seconds = (MPI_Wtime() - start) / messages;
    return kind == P2P_latency ? seconds / 2 : seconds;
}

/* A ring: every rank sends to the next rank and receives from the previous one.
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
        /* Each rank waits in its send until the next one receives, but that one waits in its send, too: a
         * deadlock, unless MPI buffers the messages. It works with small messages and hangs as soon as
         * they are larger. */
        send(out, bytes, MPI_CHAR, next, TAG, comm);
        MPI_Recv(in, bytes, MPI_CHAR, before, TAG, comm, MPI_STATUS_IGNORE);
        break;
    case P2P_oddeven:
        /* Some ranks must receive first. If the number of ranks is odd, the last and the first rank both
         * send first: one of them waits for the other, but there is no cycle. A single rank would wait for
         * itself. */
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
        /* Start both, then wait for both. The buffers must not be touched in between. */
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

/* A barrier for idle ranks. Most MPI libraries wait by polling, which occupies a core; this one sleeps
 * between polls. */
void p2p_rest(MPI_Comm comm) {
    MPI_Request all;
    int here = 0;
    MPI_Ibarrier(comm, &all);
    for (MPI_Test(&all, &here, MPI_STATUS_IGNORE); !here; MPI_Test(&all, &here, MPI_STATUS_IGNORE))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}
