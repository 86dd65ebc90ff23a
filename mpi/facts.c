/* What communicators of the same ranks need to know about the machine, found once and kept with the MPI
 * communicator that they were made from. */
#include <stdatomic.h>
#include <stdlib.h>

#include "mpi/comm.h"

static atomic_int keyval = MPI_KEYVAL_INVALID;

static int forget(MPI_Comm mpi, int key, void *facts, void *state) {
    (void)mpi, (void)key, (void)state;
    tri_facts_release(facts);
    return MPI_SUCCESS;
}

/* Threads may make communicators at once: the first key stays. */
static tri_status find_keyval(int *out) {
    int known = atomic_load(&keyval), mine;
    if (known == MPI_KEYVAL_INVALID) {
        TRI_MPI(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, forget, &mine, NULL));
        if (atomic_compare_exchange_strong(&keyval, &known, mine))
            known = mine;
        else
            MPI_Comm_free_keyval(&mine);
    }
    *out = known;
    return TRI_OK;
}

tri_status tri_facts_create(int size, tri_facts **out) {
    tri_facts *facts = calloc(1, sizeof *facts);
    if (facts) facts->label_of = calloc((size_t)size, sizeof *facts->label_of);
    if (!facts || !facts->label_of) {
        free(facts);
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the nodes of %d ranks", size);
    }
    facts->owners = 1;
    *out = facts;
    return TRI_OK;
}

void tri_facts_release(tri_facts *facts) {
    if (!facts || --facts->owners) return;
    tri_carrier_release(facts->carrier);
    free(facts->label_of);
    free(facts->process);
    if (facts->above) facts->above_destroy(facts->above);
    free(facts);
}

void tri_facts_carry(tri_facts *facts, tri_carrier *carrier) {
    if (facts->carrier == carrier) return;
    tri_carrier_release(facts->carrier);
    facts->carrier = carrier;
    atomic_fetch_add(&carrier->holders, 1);
}

tri_status tri_facts_find(MPI_Comm parent, tri_facts **out) {
    int key, found = 0;
    tri_facts *facts = NULL;
    TRI_TRY(find_keyval(&key));
    TRI_MPI(MPI_Comm_get_attr(parent, key, &facts, &found));
    *out = found ? facts : NULL;
    if (found) facts->owners++;
    return TRI_OK;
}

tri_status tri_facts_keep(MPI_Comm parent, tri_facts *facts) {
    int key;
    if (!facts->separate || facts->kept) return TRI_OK;
    TRI_TRY(find_keyval(&key));
    TRI_MPI(MPI_Comm_set_attr(parent, key, facts));
    facts->kept = 1;
    facts->owners++;
    return TRI_OK;
}
