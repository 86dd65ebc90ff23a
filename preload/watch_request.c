/* The requests of a rank, by handle: what a rank that waits for a request waits for. A bucket has few places,
 * so that a look-up is short; the oldest goes where one is full. */
#include "preload/watch.h"

enum { BUCKETS = TRI_SLOT_REQUESTS / TRI_SLOT_WAYS };

static tri_slot_request *bucket(uint64_t handle) {
    uint64_t hash = handle * UINT64_C(0x9e3779b97f4a7c15);
    return &tri_watch_slot->requests[(hash >> 40) % BUCKETS * TRI_SLOT_WAYS];
}

tri_slot_request *tri_request_find(uint64_t handle) {
    tri_slot_request *b = bucket(handle);
    for (int i = 0; i < TRI_SLOT_WAYS; i++)
        if (atomic_load_explicit(&b[i].handle, memory_order_acquire) == handle) return &b[i];
    return NULL;
}

/* A place, with 1 in `handle`: this thread fills it. */
static tri_slot_request *take(uint64_t handle) {
    tri_slot_request *b = bucket(handle);
    tri_slot_request *old = tri_request_find(handle); /* completed in a way that was not seen */
    if (old) return old;
    for (int i = 0; i < TRI_SLOT_WAYS; i++) {
        uint64_t free = 0;
        if (atomic_compare_exchange_strong(&b[i].handle, &free, 1)) return &b[i];
    }
    atomic_fetch_add_explicit(&tri_watch_slot->lost, 1, memory_order_relaxed);
    return NULL;
}

void tri_requests_add(const tri_mpi_call *call, const tri_slot_call *as) {
    MPI_Request request = *call->requests;
    if (request == MPI_REQUEST_NULL) return;
    tri_slot_request *r = take(TRI_HANDLE(request));
    if (!r) return;
    r->call = *as;
    r->persistent = call->form == TRI_MPI_PERSISTENT;
    r->active = !r->persistent;
    r->cancelled = 0;
    atomic_store_explicit(&r->handle, TRI_HANDLE(request), memory_order_release);
}

void tri_requests_note(tri_slot_lane *lane, const tri_mpi_call *call) {
    uint32_t n = 0;
    int most = call->request_count < UINT16_MAX ? call->request_count : UINT16_MAX;
    for (int i = 0; i < most && n < TRI_SLOT_WAITING; i++) {
        if (call->requests[i] == MPI_REQUEST_NULL) continue;
        tri_slot_request *r = tri_request_find(TRI_HANDLE(call->requests[i]));
        if (!r || !r->active) continue;
        lane->waiting[n] = (uint16_t)(r - tri_watch_slot->requests);
        lane->waiting_at[n++] = (uint16_t)i;
    }
    lane->waiting_count = n;
}

/* Persistent requests keep their handle: the call names those that are done. */
static void end_named(const tri_mpi_call *call) {
    int some = call->function == TRI_MPI_Waitsome || call->function == TRI_MPI_Testsome;
    int named = some ? *call->done : 1;
    if (named == MPI_UNDEFINED) return;
    for (int i = 0; i < named; i++) {
        int at = call->index[i];
        if (at < 0 || at >= call->request_count || call->requests[at] == MPI_REQUEST_NULL) continue;
        tri_slot_request *r = tri_request_find(TRI_HANDLE(call->requests[at]));
        if (r) r->active = 0;
    }
}

void tri_requests_done(tri_slot_lane *lane, const tri_mpi_call *call) {
    int all = call->kind == TRI_CALL_WAIT || (call->kind == TRI_CALL_TEST && !call->index && *call->done);
    if (call->kind == TRI_CALL_TEST && call->function != TRI_MPI_Testsome && !*call->done) return;
    if (call->function == TRI_MPI_Request_get_status) return; /* it stays */
    for (uint32_t i = 0; i < lane->waiting_count; i++) {
        tri_slot_request *r = &tri_watch_slot->requests[lane->waiting[i]];
        if (r->persistent)
            r->active = all ? 0 : r->active;
        else if (all || call->requests[lane->waiting_at[i]] == MPI_REQUEST_NULL)
            atomic_store_explicit(&r->handle, 0, memory_order_release);
    }
    if (!all) end_named(call);
    lane->waiting_count = 0;
}

void tri_requests_start(const tri_mpi_call *call) {
    for (int i = 0; i < call->request_count; i++) {
        tri_slot_request *r = tri_request_find(TRI_HANDLE(call->requests[i]));
        if (r) r->active = 1;
    }
}
