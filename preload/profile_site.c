/* From where the program calls.
 *
 * A return address says it, without a walk over the stack, unless the Fortran library of MPI lies between.
 * The frames of that library have a fixed size where it calls us, so the place of its own return address is
 * looked up once for each of its calls, and is then a fixed distance from the description of the call. */
#include <stdatomic.h>
#include <string.h>
#ifdef __x86_64__
#include <unwind.h>
#endif

#include "preload/profile.h"

enum { SLOTS = 256, PROBES = 8 };

/* Written once, then only read. */
typedef struct slot {
    atomic_uintptr_t caller;  /* in the Fortran library; 0: free */
    atomic_intptr_t distance; /* of the return address in the program from the call; 0: not known yet */
} slot;
static slot slots[SLOTS];

#ifdef __x86_64__
typedef struct walk {
    uintptr_t caller, found; /* found: where the return address in the program stands */
    int seen;
} walk;

/* The stack pointer of a frame above is just behind the return address that leads to it. */
static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *data) {
    walk *w = data;
    uintptr_t at = _Unwind_GetIP(context);
    if (at == w->caller) {
        w->seen = 1;
    } else if (w->seen && !tri_is_fortran((const void *)at)) {
        w->found = _Unwind_GetCFA(context) - sizeof at;
        return _URC_END_OF_STACK;
    }
    return _URC_NO_REASON;
}

static intptr_t distance_of(const tri_mpi_call *call) {
    walk w = {.caller = (uintptr_t)call->caller};
    _Unwind_Backtrace(step, &w);
    return w.found ? (intptr_t)(w.found - (uintptr_t)call) : 0;
}
#else
static intptr_t distance_of(const tri_mpi_call *call) {
    (void)call;
    return 0;
}
#endif

const void *tri_profile_caller(const tri_mpi_call *call) {
    if (!tri_is_fortran(call->caller)) return call->caller;
    uintptr_t caller = (uintptr_t)call->caller;
    for (size_t probe = 0, at = caller / 4; probe < PROBES; probe++) {
        slot *s = &slots[(at + probe) % SLOTS];
        uintptr_t known = atomic_load_explicit(&s->caller, memory_order_acquire);
        if (!known && atomic_compare_exchange_strong(&s->caller, &known, caller)) {
            atomic_store(&s->distance, distance_of(call));
            known = caller;
        }
        if (known != caller) continue;
        intptr_t distance = atomic_load_explicit(&s->distance, memory_order_acquire);
        const void *found = call->caller;
        if (distance) memcpy(&found, (const char *)call + distance, sizeof found);
        return found;
    }
    return call->caller;
}

static int kind_of(const tri_mpi_call *call) {
    switch (call->kind) {
    case TRI_CALL_COLLECTIVE:
    case TRI_CALL_NEIGHBOUR:
        return PROFILE_COLLECTIVE;
    case TRI_CALL_SEND:
        return PROFILE_SEND;
    case TRI_CALL_RECV:
    case TRI_CALL_MATCHED:
    case TRI_CALL_SENDRECV:
        return PROFILE_RECV;
    case TRI_CALL_PROBE:
        return call->form == TRI_MPI_BLOCKING ? PROFILE_WAIT : PROFILE_TEST;
    case TRI_CALL_WAIT:
    case TRI_CALL_WAIT_ANY:
        return PROFILE_WAIT;
    case TRI_CALL_TEST:
        return PROFILE_TEST;
    case TRI_CALL_WINDOW:
    case TRI_CALL_EPOCH:
    case TRI_CALL_ACCESS:
        return PROFILE_ONE_SIDED;
    case TRI_CALL_FILE:
    case TRI_CALL_FILE_ALL:
        return PROFILE_FILE;
    default:
        return PROFILE_OTHER;
    }
}

static void fill(profile_cell *c, const tri_mpi_call *call, const void *caller, uint32_t comm) {
    c->caller = (uintptr_t)caller;
    c->symbol = call->symbol;
    c->comm = comm;
    c->kind = (uint32_t)kind_of(call);
    c->module = tri_profile_module(caller, &c->offset);
    const char *name = tri_call_name(call);
    size_t length = strnlen(name, PROFILE_NAME - 1);
    memcpy(c->name, name, length);
    for (int i = 0; i < PROFILE_LATE; i++)
        c->late[i].rank = -1;
    __atomic_store_n(&c->ready, 1, __ATOMIC_RELEASE);
}

uint32_t tri_profile_cell(const tri_mpi_call *call, const void *caller, uint32_t comm) {
    enum { MOST = 64 };
    profile_cell *cells = tri_profiled.cells;
    uint64_t hash = ((uintptr_t)caller ^ (uint64_t)call->symbol << 40 ^ (uint64_t)comm << 52) *
                    UINT64_C(0x9E3779B97F4A7C15);
    uint32_t at = (uint32_t)(hash >> 40);
    for (int probe = 0; probe < MOST; probe++, at++) {
        uint32_t place = at % PROFILE_CELLS;
        profile_cell *c = &cells[place];
        if (!place) continue;
        if (!c->ready) fill(c, call, caller, comm);
        if (c->caller == (uintptr_t)caller && c->symbol == call->symbol && c->comm == comm) return place;
    }
    return 0;
}
