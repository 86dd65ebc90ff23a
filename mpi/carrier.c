/* Carriers: MPI communicators whose tags are divided among several communicators.
 *
 * A channel is taken where it is vacant on all ranks of the new communicator, as MPI libraries agree on
 * context ids. The ranks reduce their sets of vacant channels by "and" and take the lowest one left. Threads
 * may do that at once, for communicators with ranks in common. Only one thread of a rank offers channels at a
 * time, so that no channel is promised twice; the others offer none and try again where a rank had to. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/comm.h"

enum { WORDS = TRI_CHANNELS / 64 };

/* Bits of the first word of an offer. The vacant channels follow. */
enum { HAS_CARRIER = 1, OFFERS_CHANNELS = 2 };

static tri_status fill(tri_carrier *carrier) {
    int *last_tag, known;
    TRI_MPI(MPI_Comm_set_errhandler(carrier->mpi, MPI_ERRORS_RETURN));
    TRI_MPI(MPI_Comm_set_name(carrier->mpi, "trireme"));
    TRI_MPI(MPI_Comm_get_attr(carrier->mpi, MPI_TAG_UB, &last_tag, &known));
    carrier->channels = 1;
    if (known && *last_tag >= TRI_TAGS) carrier->channels = (int)(((int64_t)*last_tag + 1) / TRI_TAGS);
    if (carrier->channels > TRI_CHANNELS) carrier->channels = TRI_CHANNELS;
    for (int channel = 1; channel < carrier->channels; channel++)
        carrier->vacant[channel / 64] |= UINT64_C(1) << channel % 64;
    return TRI_OK;
}

/* Takes over `mpi`. The creator has channel 0. */
static tri_status take_over(MPI_Comm mpi, tri_carrier **out) {
    tri_carrier *carrier = calloc(1, sizeof *carrier);
    if (!carrier) {
        MPI_Comm_free(&mpi);
        return tri_fail(TRI_ERR_MEMORY, "out of memory for a communicator");
    }
    carrier->mpi = mpi;
    carrier->holders = carrier->users = 1;
    atomic_flag_clear(&carrier->taking);
    atomic_flag_clear(&carrier->asking);
    tri_status status = fill(carrier);
    if (status == TRI_OK)
        *out = carrier;
    else
        tri_carrier_leave(carrier);
    return status;
}

tri_status tri_carrier_create(MPI_Comm parent, tri_carrier **out) {
    MPI_Comm mpi;
    TRI_MPI(MPI_Comm_dup(parent, &mpi));
    return take_over(mpi, out);
}

tri_status tri_comm_group(const tri_comm *from, int size, const int *ranks, MPI_Comm *out) {
    MPI_Group all, some;
    int *carried = malloc((size_t)size * sizeof *carried);
    if (!carried) return tri_fail(TRI_ERR_MEMORY, "out of memory for a group of %d ranks", size);
    for (int rank = 0; rank < size; rank++)
        carried[rank] = tri_carried(from->ranks, ranks ? ranks[rank] : rank);
    MPI_Comm_group(from->mpi, &all);
    int error = MPI_Group_incl(all, size, carried, &some);
    MPI_Group_free(&all);
    free(carried);
    TRI_TRY(tri_mpi_status(error, "MPI_Group_incl"));
    error = MPI_Comm_create_group(from->mpi, some, from->first_tag + TRI_TAG_SMALL, out);
    MPI_Group_free(&some);
    return tri_mpi_status(error, "MPI_Comm_create_group");
}

tri_status tri_carrier_create_group(const tri_comm *from, int size, const int *ranks, tri_carrier **out) {
    MPI_Comm mpi;
    TRI_TRY(tri_comm_group(from, size, ranks, &mpi));
    return take_over(mpi, out);
}

int tri_carrier_join(tri_carrier *carrier) {
    int users = atomic_load(&carrier->users);
    while (users && !atomic_compare_exchange_weak(&carrier->users, &users, users + 1))
        ;
    if (users) atomic_fetch_add(&carrier->holders, 1);
    return users > 0;
}

void tri_carrier_leave(tri_carrier *carrier) {
    if (atomic_fetch_sub(&carrier->users, 1) == 1) {
        if (carrier->has_alone) MPI_Comm_free(&carrier->alone);
        MPI_Comm_free(&carrier->mpi);
    }
    tri_carrier_release(carrier);
}

void tri_carrier_release(tri_carrier *carrier) {
    if (carrier && atomic_fetch_sub(&carrier->holders, 1) == 1) free(carrier);
}

void tri_carrier_vacate(tri_carrier *carrier, int channel) {
    atomic_fetch_or(&carrier->vacant[channel / 64], UINT64_C(1) << channel % 64);
}

static int lowest(const uint64_t *vacant) {
    for (int w = 0; w < WORDS; w++)
        if (vacant[w]) return 64 * w + __builtin_ctzll(vacant[w]);
    return -1;
}

/* One try. `offer`: WORDS + 1 words, afterwards what all ranks offer. */
static tri_status try_to_take(tri_carrier *carrier, MPI_Comm parent, const tri_peers *peers, int take,
                              uint64_t *offer, int *channel) {
    int offers = carrier && !atomic_flag_test_and_set(&carrier->taking);
    memset(offer, 0, (WORDS + 1) * sizeof *offer);
    if (carrier) offer[0] = offers ? HAS_CARRIER | OFFERS_CHANNELS : HAS_CARRIER;
    for (int w = 0; offers && w < WORDS; w++)
        offer[w + 1] = atomic_load(&carrier->vacant[w]);
    tri_status status =
        peers ? tri_small_allreduce(peers, offer, WORDS + 1, MPI_UINT64_T, MPI_BAND)
              : tri_mpi_status(MPI_Allreduce(MPI_IN_PLACE, offer, WORDS + 1, MPI_UINT64_T, MPI_BAND, parent),
                               "MPI_Allreduce");
    *channel = status == TRI_OK ? lowest(offer + 1) : -1;
    if (take && *channel >= 0)
        atomic_fetch_and(&carrier->vacant[*channel / 64], ~(UINT64_C(1) << *channel % 64));
    if (offers) atomic_flag_clear(&carrier->taking);
    return status;
}

tri_status tri_carrier_take(tri_carrier *carrier, MPI_Comm parent, const tri_peers *peers, int take,
                            int *channel) {
    uint64_t offer[WORDS + 1];
    TRI_TRY(try_to_take(carrier, parent, peers, take, offer, channel));
    while (offer[0] == HAS_CARRIER) {
        sched_yield();
        TRI_TRY(try_to_take(carrier, parent, peers, take, offer, channel));
    }
    return TRI_OK;
}
