/* The manager's side. All of it belongs to its thread; other threads send it wishes by a mailbox. */
#ifndef TRIREME_POOL_MANAGER_H
#define TRIREME_POOL_MANAGER_H

#include "pool/address.h"
#include "pool/wire.h"
#include "trireme/pool.h"
#include "trireme/sync.h"

typedef struct tri_member tri_member;
typedef struct tri_manager tri_manager;

typedef enum tri_wish_kind {
    TRI_WISH_SUBMIT,
    TRI_WISH_CANCEL,
    TRI_WISH_HOLD,
    TRI_WISH_WAIT,
    TRI_WISH_STOP
} tri_wish_kind;

/* What another thread wants. `mail` is first. */
typedef struct tri_wish {
    tri_mail mail;
    tri_wish_kind kind;
    int value;
    tri_job *job;
    tri_promise *promise; /* of TRI_WISH_WAIT */
    struct tri_wish *next;
} tri_wish;

typedef enum tri_job_state {
    TRI_JOB_WAITS,
    TRI_JOB_READY,
    TRI_JOB_RUNS,
    TRI_JOB_FAILS,
    TRI_JOB_ENDED
} tri_job_state;

struct tri_job {
    tri_wish order; /* its submission; first */
    int references; /* the user's handle, the manager, jobs that come after */
    tri_manager *manager;
    uint64_t id;
    tri_job_state state;
    int attempt, losses, failures, wanted; /* wanted: 0 after a cancel */
    uint32_t function, items;
    uint64_t item_bytes, out_bytes;
    tri_pool_how how; /* `after` is copied */
    tri_job **after;
    size_t before;  /* jobs that have to end first */
    tri_job **next; /* jobs that come after this one */
    size_t next_count, next_room;
    tri_member *peer; /* that runs it */
    tri_job *run_before, *run_after;
    double due, given; /* moments */
    int told;          /* was cancelled at its worker because it is late */
    tri_pool_result result;
    char host[72];
    tri_promise *promise;
    tri_future *future;
    uint8_t *in;
    size_t bytes;
};

/* A host, and whether tasks do well there. */
typedef struct tri_host {
    char name[256];
    int failed, fine, shunned; /* failed: in a row, since the last success */
    struct tri_host *next;
} tri_host;

typedef enum tri_peer_state {
    TRI_PEER_STRANGER,
    TRI_PEER_PROVEN,
    TRI_PEER_MEMBER,
    TRI_PEER_GONE
} tri_peer_state;

struct tri_member {
    tri_manager *manager;
    struct bufferevent *stream;
    tri_peer_state state;
    int number, local, leaving, slots, busy, devices, devices_busy;
    uint64_t memory, memory_busy;
    uint8_t nonce[2][TRI_DIGEST]; /* the worker's, ours */
    tri_host *host;
    tri_job *running; /* a list by run_after */
    int in_line;      /* in the line of those that may have room */
    tri_member *line_before, *line_after;
    tri_member *before, *after; /* all peers */
    double since;
};

/* The jobs that can be given out, the most urgent first. */
typedef struct tri_ready {
    tri_job **job;
    size_t count, room;
} tri_ready;

struct tri_manager {
    tri_pool_options options;
    uint8_t functions[TRI_DIGEST];
    size_t function_count;
    tri_address address;
    char *public_address;
    tri_mailbox *box;
    int wake, woken; /* eventfd, and whether it is set */
    struct event_base *base;
    struct event *wake_event, *tick;
    struct evconnlistener *listener[2];
    tri_thread *loop, *own;
    int own_socket;
    uint64_t last_id; /* atomic */
    size_t open;      /* jobs that have not ended */
    tri_ready ready;
    tri_job *aside; /* the most urgent, which waits until `reserved` has room */
    double aside_since;
    tri_member *reserved;
    tri_member *peers, *line, *line_end;
    tri_host *hosts;
    int workers, remote, numbers, held, stopping, end_status;
    double mean_s, stop_due, last_joined;
    tri_wish *waits;
    tri_wire wire;
};

/* job.c */
void tri_job_keep(tri_job *job);
void tri_job_drop(tri_job *job);
void tri_job_tell(tri_job *job, tri_pool_what what, uint32_t kind, const void *bytes, size_t count);
void tri_job_arrive(tri_job *job);
/* Ends a job with a result; jobs that come after it become ready or are cancelled. */
void tri_job_end(tri_job *job, tri_status status, const char *error);
/* An attempt has ended without success. lost: with its worker. */
void tri_job_failed(tri_job *job, tri_status status, const char *error, int lost);
/* Takes it off its worker. */
void tri_job_leave(tri_job *job);

/* ready.c */
/* Room for `count` jobs is made when they arrive, so that adding never fails. */
tri_status tri_ready_reserve(tri_ready *ready, size_t count);
void tri_ready_add(tri_ready *ready, tri_job *job);
tri_job *tri_ready_take(tri_ready *ready);

/* give.c: gives out what it can. */
void tri_give_all(tri_manager *manager);
void tri_give_room(tri_member *peer);
void tri_give_leave(tri_member *peer);
void tri_give_cancel(tri_job *job);
/* A worker that could do the job if it were idle, or NULL. */
tri_member *tri_give_able(const tri_manager *manager, const tri_job *job);

/* peer.c */
tri_status tri_peer_add(tri_manager *manager, int file, int local);
void tri_peer_lose(tri_member *peer, const char *why);
void tri_peer_tell(tri_member *peer, tri_pool_what what, const char *text);
void tri_peer_bye(tri_member *peer, int status);

/* manager.c */
tri_status tri_manager_create(const tri_pool_options *options, tri_manager **out);
void tri_manager_destroy(tri_manager *manager, int status);
void tri_manager_order(tri_manager *manager, tri_wish *order);

#endif
