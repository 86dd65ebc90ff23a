/* The workers as the manager sees them: a connection, a handshake, then results. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "pool/manager.h"

enum { SHUN_AFTER = 10, STRANGERS_S = 60, SLOTS_MOST = 1 << 16 };

void tri_peer_tell(tri_member *peer, tri_pool_what what, const char *text) {
    const tri_manager *m = peer->manager;
    if (!m->options.watch) return;
    tri_pool_event event = {.what = what,
                            .worker = peer->number,
                            .workers = m->workers,
                            .host = peer->host ? peer->host->name : "",
                            .text = text};
    m->options.watch(m->options.argument, &event);
}

static void send_frame(tri_member *peer) {
    const tri_wire *wire = &peer->manager->wire;
    if (!wire->failed && peer->stream) (void)bufferevent_write(peer->stream, wire->bytes, wire->count);
}

static tri_wire *empty_wire(tri_member *peer) {
    tri_wire *wire = &peer->manager->wire;
    wire->count = 0, wire->failed = 0;
    return wire;
}

void tri_peer_bye(tri_member *peer, int status) {
    tri_wire *wire = empty_wire(peer);
    size_t frame = tri_wire_begin(wire, TRI_WIRE_BYE);
    tri_wire_number(wire, (uint32_t)status, 4);
    tri_wire_end(wire, frame);
    send_frame(peer);
}

static void remove_peer(tri_member *peer) {
    tri_manager *m = peer->manager;
    *(peer->before ? &peer->before->after : &m->peers) = peer->after;
    if (peer->after) peer->after->before = peer->before;
    if (m->reserved == peer) m->reserved = NULL;
    /* libevent closes it in the loop's next turn, which may never come. */
    (void)shutdown(bufferevent_getfd(peer->stream), SHUT_RDWR);
    bufferevent_free(peer->stream);
    free(peer);
}

void tri_peer_lose(tri_member *peer, const char *why) {
    tri_manager *m = peer->manager;
    int member = peer->state == TRI_PEER_MEMBER;
    tri_give_leave(peer);
    peer->state = TRI_PEER_GONE;
    if (member) {
        m->workers--;
        m->remote -= !peer->local;
        if (!m->stopping) tri_peer_tell(peer, TRI_POOL_LEFT, why);
    }
    while (peer->running) {
        tri_job *job = peer->running;
        tri_job_leave(job);
        if (job->told) /* it was beyond its time limit, and its worker was given up for that */
            tri_job_failed(job, TRI_TIMED_OUT, "beyond its time limit, and its function did not return", 0);
        else
            tri_job_failed(job, TRI_ERR_SYSTEM, why, 1);
    }
    remove_peer(peer);
}

/* ---- the handshake ---- */

static int challenge(tri_member *peer, tri_wire_reader *r) {
    uint8_t proof[TRI_DIGEST];
    const uint8_t *nonce = tri_wire_read_bytes(r, TRI_DIGEST);
    if (r->bad || r->at != r->end) return 0;
    memcpy(peer->nonce[0], nonce, TRI_DIGEST);
    if (tri_digest_random(peer->nonce[1], TRI_DIGEST) != TRI_OK ||
        tri_wire_proof(peer->manager->address.key, "manager", peer->nonce[0], peer->nonce[1], proof) !=
            TRI_OK)
        return 0;
    tri_wire *wire = empty_wire(peer);
    size_t frame = tri_wire_begin(wire, TRI_WIRE_ANSWER);
    tri_wire_bytes(wire, peer->nonce[1], TRI_DIGEST);
    tri_wire_bytes(wire, proof, TRI_DIGEST);
    tri_wire_end(wire, frame);
    send_frame(peer);
    peer->state = TRI_PEER_PROVEN; /* ours; theirs comes with HELLO */
    return 1;
}

static tri_host *find_host(tri_manager *m, const char *name, size_t length) {
    tri_host *host = m->hosts;
    for (; host; host = host->next)
        if (strlen(host->name) == length && !memcmp(host->name, name, length)) return host;
    host = calloc(1, sizeof *host);
    if (!host) return NULL;
    memcpy(host->name, name, length);
    host->next = m->hosts;
    return m->hosts = host;
}

static void welcome(tri_member *peer, const char *refusal) {
    tri_wire *wire = empty_wire(peer);
    size_t frame = tri_wire_begin(wire, TRI_WIRE_WELCOME);
    tri_wire_number(wire, (uint32_t)peer->number, 4);
    tri_wire_text(wire, refusal, strlen(refusal));
    tri_wire_end(wire, frame);
    send_frame(peer);
}

static int hello(tri_member *peer, tri_wire_reader *r) {
    tri_manager *m = peer->manager;
    uint8_t expected[TRI_DIGEST];
    size_t length;
    const uint8_t *proof = tri_wire_read_bytes(r, TRI_DIGEST);
    if (r->bad ||
        tri_wire_proof(m->address.key, "worker", peer->nonce[0], peer->nonce[1], expected) != TRI_OK ||
        !tri_digest_equal(proof, expected))
        return 0;
    uint64_t version = tri_wire_read_number(r, 4);
    const uint8_t *functions = tri_wire_read_bytes(r, TRI_DIGEST);
    peer->slots = (int)tri_wire_read_number(r, 4);
    peer->devices = (int)tri_wire_read_number(r, 4);
    peer->memory = tri_wire_read_number(r, 8);
    (void)tri_wire_read_number(r, 4); /* its process */
    const char *host = tri_wire_read_text(r, &length);
    if (r->bad || length >= sizeof peer->host->name || peer->slots < 0 || peer->slots > SLOTS_MOST ||
        peer->devices < 0)
        return 0;
    if (version != TRI_WIRE_VERSION || !tri_digest_equal(functions, m->functions)) {
        welcome(peer, "it is another version of the program");
        peer->leaving = 1;
        return 1;
    }
    peer->host = find_host(m, host, length);
    if (!peer->host) return 0;
    peer->number = peer->local ? 0 : ++m->numbers;
    peer->state = TRI_PEER_MEMBER;
    m->workers++;
    m->remote += !peer->local;
    m->last_joined = tri_deadline(0);
    welcome(peer, "");
    if (m->stopping) {
        if (!peer->local) tri_peer_bye(peer, m->end_status); /* the local worker has got it */
        return 1;
    }
    tri_peer_tell(peer, TRI_POOL_JOINED, "");
    tri_give_room(peer);
    return 1;
}

/* ---- results ---- */

static tri_job *find_running(const tri_member *peer, uint64_t id, uint32_t attempt) {
    for (tri_job *job = peer->running; job; job = job->run_after)
        if (job->id == id && (uint32_t)job->attempt == attempt) return job;
    return NULL;
}

/* A host on which nothing works, while others work, gets no more. */
static void judge_host(tri_member *peer, int fine) {
    tri_manager *m = peer->manager;
    tri_host *host = peer->host;
    host->fine |= fine;
    host->failed = fine ? 0 : host->failed + 1;
    if (host->fine || host->failed < SHUN_AFTER || host->shunned) return;
    for (const tri_host *other = m->hosts; other; other = other->next)
        if (other->fine) host->shunned = 1;
    if (!host->shunned) return;
    for (tri_member *p = m->peers; p; p = p->after)
        if (p->host == host) tri_give_leave(p);
    tri_peer_tell(peer, TRI_POOL_SHUN, "everything fails there");
}

static int result(tri_member *peer, tri_wire_reader *r) {
    tri_manager *m = peer->manager;
    uint64_t id = tri_wire_read_number(r, 8);
    uint32_t attempt = (uint32_t)tri_wire_read_number(r, 4);
    tri_status status = (tri_status)tri_wire_read_number(r, 4);
    double start_s = tri_wire_read_real(r), seconds = tri_wire_read_real(r);
    size_t length;
    const char *error = tri_wire_read_text(r, &length);
    char text[1024];
    if (r->bad) return 0;
    tri_job *job = find_running(peer, id, attempt);
    if (!job) return 1; /* of an attempt that was given up */
    snprintf(text, sizeof text, "%.*s", (int)length, error);
    size_t count = (size_t)(r->end - r->at);
    uint8_t *bytes = count ? malloc(count) : NULL;
    if (count && !bytes) return 0;
    if (count) memcpy(bytes, r->at, count);
    free((void *)job->result.bytes);
    job->result.bytes = bytes;
    job->result.count = count;
    job->result.start_s = start_s;
    job->result.seconds = seconds;
    if (status != TRI_CANCELLED)
        m->mean_s = m->mean_s > 0 ? 0.9 * m->mean_s + 0.1 * (seconds + 1e-7) : seconds + 1e-7;
    if (status == TRI_CANCELLED && job->told && job->wanted) {
        status = TRI_TIMED_OUT;
        snprintf(text, sizeof text, "beyond its time limit of %g s", job->how.limit_s);
    }
    tri_job_keep(job);
    tri_job_leave(job);
    if (status != TRI_CANCELLED) judge_host(peer, status == TRI_OK);
    if (status == TRI_OK && !job->wanted)
        tri_job_end(job, TRI_CANCELLED, "cancelled");
    else if (status == TRI_OK)
        tri_job_end(job, TRI_OK, "");
    else
        tri_job_failed(job, status, text, 0);
    tri_job_drop(job);
    if (peer->leaving && !peer->running)
        tri_peer_bye(peer, TRI_OK);
    else
        tri_give_room(peer);
    return 1;
}

static int bytes(const tri_member *peer, tri_wire_reader *r) {
    uint64_t id = tri_wire_read_number(r, 8);
    uint32_t attempt = (uint32_t)tri_wire_read_number(r, 4);
    uint32_t kind = (uint32_t)tri_wire_read_number(r, 4);
    if (r->bad) return 0;
    tri_job *job = find_running(peer, id, attempt);
    if (job) tri_job_tell(job, TRI_POOL_BYTES, kind, r->at, (size_t)(r->end - r->at));
    return 1;
}

static int leave(tri_member *peer) {
    peer->leaving = 1;
    tri_give_leave(peer);
    if (!peer->running) tri_peer_bye(peer, TRI_OK);
    return 1;
}

static int take_frame(tri_member *peer, const uint8_t *frame, size_t length) {
    tri_wire_reader r = {.at = frame + TRI_WIRE_HEAD, .end = frame + length};
    switch (peer->state) {
    case TRI_PEER_STRANGER:
        return frame[4] == TRI_WIRE_CHALLENGE && challenge(peer, &r);
    case TRI_PEER_PROVEN:
        return frame[4] == TRI_WIRE_HELLO && !peer->leaving && hello(peer, &r);
    case TRI_PEER_MEMBER:
        if (frame[4] == TRI_WIRE_RESULT) return result(peer, &r);
        if (frame[4] == TRI_WIRE_BYTES) return bytes(peer, &r);
        if (frame[4] == TRI_WIRE_LEAVE) return leave(peer);
        return 0;
    default:
        return 0;
    }
}

static void on_input(struct bufferevent *stream, void *argument) {
    tri_member *peer = argument;
    tri_manager *m = peer->manager;
    struct evbuffer *input = bufferevent_get_input(stream);
    uint8_t head[TRI_WIRE_HEAD];
    while (evbuffer_copyout(input, head, sizeof head) == (ev_ssize_t)sizeof head) {
        size_t length = tri_wire_frame(head, peer->state == TRI_PEER_MEMBER ? tri_wire_most : TRI_WIRE_SHY);
        if (length && evbuffer_get_length(input) < length) break;
        const uint8_t *frame = length ? evbuffer_pullup(input, (ev_ssize_t)length) : NULL;
        if (!frame || !take_frame(peer, frame, length)) {
            tri_peer_lose(peer, "sent what is no message");
            break;
        }
        evbuffer_drain(input, length);
    }
    tri_give_all(m);
}

static void on_event(struct bufferevent *stream, short what, void *argument) {
    tri_member *peer = argument;
    tri_manager *m = peer->manager;
    (void)stream;
    if (peer->leaving && !peer->running)
        tri_peer_lose(peer, "left");
    else
        tri_peer_lose(peer, what & BEV_EVENT_EOF ? "the connection was closed"
                                                 : evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
    tri_give_all(m);
}

tri_status tri_peer_add(tri_manager *m, int file, int local) {
    tri_member *peer = calloc(1, sizeof *peer);
    if (peer) peer->stream = bufferevent_socket_new(m->base, file, BEV_OPT_CLOSE_ON_FREE);
    if (!peer || !peer->stream) {
        free(peer);
        evutil_closesocket(file);
        return tri_fail(TRI_ERR_MEMORY, "no memory for a worker");
    }
    (void)evutil_make_socket_nonblocking(file);
    tri_address_settle(file);
    peer->manager = m;
    peer->local = local;
    peer->since = tri_deadline(0);
    peer->after = m->peers;
    if (m->peers) m->peers->before = peer;
    m->peers = peer;
    bufferevent_setcb(peer->stream, on_input, NULL, on_event, peer);
    (void)bufferevent_set_max_single_read(peer->stream, 256 << 10);
    (void)bufferevent_set_max_single_write(peer->stream, 256 << 10);
    if (bufferevent_enable(peer->stream, EV_READ | EV_WRITE)) {
        tri_peer_lose(peer, "libevent has failed");
        return tri_fail(TRI_ERR_MEMORY, "no memory for a worker");
    }
    return TRI_OK;
}
