/* The manager's thread: orders from other threads, the workers' messages, and a tick for time limits. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pool/manager.h"
#include "pool/worker.h"

static const double grace_s = 5, stop_s = 5, late_s = 10, patience_s = 60, stranger_s = 30;

static void tell_waits(tri_manager *m) {
    while (m->waits && !m->open) {
        tri_wish *order = m->waits;
        m->waits = order->next;
        (void)tri_promise_fulfil(&order->promise, NULL);
        free(order);
    }
}

static void cancel(tri_job *job) {
    job->wanted = 0;
    if (job->state == TRI_JOB_RUNS)
        tri_give_cancel(job);
    else
        tri_job_end(job, TRI_CANCELLED, "cancelled");
    tri_job_drop(job);
}

/* The list of ready tasks is emptied by giving out, the rest here. */
static void stop(tri_manager *m, int status) {
    m->stopping = 1;
    m->end_status = status;
    /* Those that are on their way get the status when they join. */
    int late = m->numbers < m->options.expects;
    m->stop_due = tri_deadline(late ? late_s : stop_s);
    for (int i = 0; i < 2 && !late; i++)
        if (m->listener[i]) evconnlistener_disable(m->listener[i]);
    if (m->aside) {
        tri_job_end(m->aside, TRI_CANCELLED, "the pool has ended");
        tri_job_drop(m->aside);
        m->aside = NULL;
    }
    for (tri_job *job; (job = tri_ready_take(&m->ready)); tri_job_drop(job))
        if (job->state == TRI_JOB_READY) tri_job_end(job, TRI_CANCELLED, "the pool has ended");
    for (tri_member *peer = m->peers; peer; peer = peer->after) {
        while (peer->running) {
            tri_job *job = peer->running;
            tri_job_leave(job);
            tri_job_end(job, TRI_CANCELLED, "the pool has ended");
        }
        if (peer->local || peer->state == TRI_PEER_MEMBER) tri_peer_bye(peer, peer->local ? TRI_OK : status);
    }
    tell_waits(m);
}

static void take_order(tri_manager *m, tri_wish *order) {
    switch (order->kind) {
    case TRI_WISH_SUBMIT:
        if (m->stopping) order->job->wanted = 0;
        tri_job_arrive(order->job); /* the order is part of the job */
        return;
    case TRI_WISH_CANCEL:
        cancel(order->job);
        break;
    case TRI_WISH_HOLD:
        m->held = order->value;
        break;
    case TRI_WISH_WAIT:
        order->next = m->waits;
        m->waits = order;
        return;
    case TRI_WISH_STOP:
        stop(m, order->value);
        break;
    }
    free(order);
}

static void on_wake(evutil_socket_t file, short what, void *argument) {
    tri_manager *m = argument;
    uint64_t count;
    tri_mail *mail;
    (void)what;
    if (read(file, &count, sizeof count) < 0 && errno == EAGAIN) return;
    __atomic_store_n(&m->woken, 0, __ATOMIC_SEQ_CST);
    while (tri_mailbox_get(m->box, TRI_AT_ONCE, &mail) == TRI_OK)
        take_order(m, (tri_wish *)(void *)mail);
    tri_give_all(m);
    tell_waits(m);
}

/* Tells the function of a late task; a worker whose function does not listen is given up. */
static void check_limits(tri_manager *m, double now) {
    for (tri_member *peer = m->peers, *after; peer; peer = after) {
        after = peer->after;
        int lost = 0;
        for (tri_job *job = peer->running; job; job = job->run_after) {
            if (job->due > now) continue;
            if (!job->told) {
                job->told = 1;
                tri_give_cancel(job);
            } else if (job->due + grace_s < now && !peer->local)
                lost = 1;
        }
        if (lost)
            tri_peer_lose(peer, "a task did not return after its time limit");
        else if (peer->state < TRI_PEER_MEMBER && !peer->local && now - peer->since > stranger_s)
            tri_peer_lose(peer, "did not say what it is");
    }
}

/* A task that no worker is large enough for waits some time for one that is. */
static void check_aside(tri_manager *m, double now) {
    double patience = m->options.patience_s > 0 ? m->options.patience_s : patience_s;
    tri_job *job = m->aside;
    if (!job || m->held || now - m->aside_since < patience || now - m->last_joined < patience ||
        tri_give_able(m, job))
        return;
    m->aside = NULL;
    tri_job_end(job, TRI_ERR_IMPOSSIBLE, "no worker has the cores, devices or memory that the task needs");
    tri_job_drop(job);
    tri_give_all(m);
}

static void on_tick(evutil_socket_t file, short what, void *argument) {
    tri_manager *m = argument;
    double now = tri_deadline(0);
    (void)file, (void)what;
    check_limits(m, now);
    check_aside(m, now);
    tri_give_all(m);
    tell_waits(m);
    if (!m->stopping) return;
    /* A worker closes the connection when it has read the end. If we closed first, what it has sent and we
     * have not read would reset the connection, and the end with it. The local worker is joined, but the word
     * must have left for it. */
    int left = m->numbers < m->options.expects;
    for (const tri_member *peer = m->peers; peer; peer = peer->after)
        left += peer->state == TRI_PEER_MEMBER &&
                (!peer->local || evbuffer_get_length(bufferevent_get_output(peer->stream)));
    if (!left || now > m->stop_due) event_base_loopbreak(m->base);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t file, struct sockaddr *name,
                      int length, void *argument) {
    tri_manager *m = argument;
    struct ucred who;
    socklen_t size = sizeof who;
    (void)listener, (void)length;
    if (name->sa_family == AF_UNIX &&
        (getsockopt(file, SOL_SOCKET, SO_PEERCRED, &who, &size) || who.uid != geteuid())) {
        evutil_closesocket(file);
        return;
    }
    (void)tri_peer_add(m, (int)file, 0);
}

static void loop(void *argument) {
    tri_manager *m = argument;
    (void)event_base_dispatch(m->base);
    while (m->peers)
        tri_peer_lose(m->peers, "the pool has ended");
    tell_waits(m);
}

static void work_here(void *argument) {
    tri_manager *m = argument;
    (void)tri_worker_run(m->own_socket, m->address.key, &m->options, -1);
}

static tri_status start_events(tri_manager *m) {
    const struct timeval often = {.tv_usec = 100000};
    struct event_config *config = event_config_new();
    if (config) (void)event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    m->base = config ? event_base_new_with_config(config) : NULL;
    if (config) event_config_free(config);
    m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!m->base || m->wake < 0)
        return tri_fail(TRI_ERR_SYSTEM, "cannot start the manager of the pool: %s", strerror(errno));
    m->wake_event = event_new(m->base, m->wake, EV_READ | EV_PERSIST, on_wake, m);
    m->tick = event_new(m->base, -1, EV_PERSIST, on_tick, m);
    const int file[] = {m->address.near, m->address.far};
    for (int i = 0; i < 2; i++) {
        if (!m->options.listens) continue;
        m->listener[i] = evconnlistener_new(m->base, on_accept, m, LEV_OPT_CLOSE_ON_EXEC, 0, file[i]);
        if (!m->listener[i]) return tri_fail(TRI_ERR_MEMORY, "no memory for a listener");
    }
    if (!m->wake_event || !m->tick || event_add(m->wake_event, NULL) || event_add(m->tick, &often))
        return tri_fail(TRI_ERR_MEMORY, "no memory for events");
    return TRI_OK;
}

static tri_status start(tri_manager *m) {
    int ends[2];
    TRI_TRY(tri_mailbox_create(&m->box));
    TRI_TRY(tri_worker_functions(m->options.functions, m->functions));
    while (m->options.functions[m->function_count].name)
        m->function_count++;
    if (m->options.listens)
        TRI_TRY(tri_address_listen(&m->address));
    else
        TRI_TRY(tri_digest_random(m->address.key, sizeof m->address.key));
    TRI_TRY(start_events(m));
    if (tri_worker_slots(&m->options)) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
            return tri_fail(TRI_ERR_SYSTEM, "cannot make a pair of sockets: %s", strerror(errno));
        m->own_socket = ends[1];
        tri_status status = tri_peer_add(m, ends[0], 1);
        if (status != TRI_OK) {
            close(ends[1]);
            return status;
        }
    }
    TRI_TRY(tri_thread_create("pool manager", loop, m, &m->loop));
    return tri_worker_slots(&m->options) ? tri_thread_create("pool worker", work_here, m, &m->own) : TRI_OK;
}

static void destroy(tri_manager *m) {
    for (int i = 0; i < 2; i++)
        if (m->listener[i]) evconnlistener_free(m->listener[i]);
    while (m->peers)
        tri_peer_lose(m->peers, "the pool has ended");
    if (m->wake_event) event_free(m->wake_event);
    if (m->tick) event_free(m->tick);
    if (m->base) event_base_free(m->base);
    if (m->wake >= 0) close(m->wake);
    if (m->options.listens) tri_address_close(&m->address);
    tri_mail *mail;
    while (m->box && tri_mailbox_get(m->box, TRI_AT_ONCE, &mail) == TRI_OK) {
        tri_wish *order = (tri_wish *)(void *)mail;
        if (order->kind == TRI_WISH_SUBMIT) {
            order->job->wanted = 0;
            tri_job_arrive(order->job);
        } else
            take_order(m, order);
    }
    tell_waits(m);
    tri_mailbox_destroy(&m->box);
    while (m->hosts) {
        tri_host *host = m->hosts;
        m->hosts = host->next;
        free(host);
    }
    free(m->ready.job);
    free(m->wire.bytes);
    free(m);
}

tri_status tri_manager_create(const tri_pool_options *options, tri_manager **out) {
    tri_manager *m = calloc(1, sizeof *m);
    if (!m) return tri_fail(TRI_ERR_MEMORY, "no memory for a pool");
    m->options = *options;
    m->wake = -1;
    m->address.near = m->address.far = -1;
    m->last_joined = tri_deadline(0);
    tri_status status = start(m);
    if (status != TRI_OK) {
        char text[512];
        snprintf(text, sizeof text, "%s", tri_error_text());
        tri_manager_destroy(m, (int)status);
        return tri_fail(status, "%s", text);
    }
    *out = m;
    return TRI_OK;
}

void tri_manager_order(tri_manager *m, tri_wish *order) {
    static const uint64_t one = 1;
    tri_mailbox_put(m->box, &order->mail);
    if (!__atomic_exchange_n(&m->woken, 1, __ATOMIC_SEQ_CST) && write(m->wake, &one, sizeof one) < 0) {
        /* it is set already */
    }
}

void tri_manager_destroy(tri_manager *m, int status) {
    if (m->loop) {
        tri_wish *order = calloc(1, sizeof *order);
        while (!order)
            order = calloc(1, sizeof *order);
        *order = (tri_wish){.kind = TRI_WISH_STOP, .value = status};
        tri_manager_order(m, order);
        if (m->own) tri_thread_join(&m->own);
        tri_thread_join(&m->loop);
    }
    destroy(m);
}
