/* Gives tasks to workers. Those that may have room stand in a line; the first gets a task and goes to its
 * end, so that tasks are spread. A worker gets short tasks in advance, as many as it does in 2 ms, so that it
 * does not wait for the next message.
 *
 * The most urgent task may need more than any worker has free. Then the worker that could do it gets no other
 * task until it has room, and the others go on. */
#include <event2/bufferevent.h>
#include <stdio.h>

#include "pool/manager.h"

static const double advance_s = 2e-3;
enum { ADVANCE_MOST = 512 };

static int cores_of(const tri_job *job, const tri_member *peer) {
    /* What was lost with a worker may have killed it: it runs alone, so that the next loss is its own. */
    if (job->losses && peer->slots > job->how.cores) return peer->slots;
    return job->how.cores > 1 ? job->how.cores : 1;
}

/* Whether an idle worker could do it. */
static int could(const tri_member *peer, const tri_job *job) {
    return peer->state == TRI_PEER_MEMBER && !peer->leaving && !peer->host->shunned && peer->slots > 0 &&
           job->how.cores <= peer->slots && job->how.devices <= peer->devices &&
           job->how.memory_bytes <= peer->memory && !(job->losses && peer->local && peer->manager->remote);
}

static int advance(const tri_member *peer, const tri_job *job) {
    const tri_manager *m = peer->manager;
    if (job->losses || job->how.cores > 1 || job->how.devices || job->how.memory_bytes || m->mean_s <= 0)
        return 0;
    double most = advance_s * peer->slots / m->mean_s;
    /* Near the end of the list the rest is shared evenly. */
    double share = (double)m->ready.count / (2.0 * m->workers);
    if (most > share) most = share;
    return most < ADVANCE_MOST ? (int)most : ADVANCE_MOST;
}

static int has_room(const tri_member *peer, const tri_job *job) {
    return peer->busy + cores_of(job, peer) <= peer->slots + advance(peer, job) &&
           peer->devices_busy + job->how.devices <= peer->devices &&
           peer->memory_busy + job->how.memory_bytes <= peer->memory;
}

void tri_give_leave(tri_member *peer) {
    tri_manager *m = peer->manager;
    if (!peer->in_line) return;
    *(peer->line_before ? &peer->line_before->line_after : &m->line) = peer->line_after;
    *(peer->line_after ? &peer->line_after->line_before : &m->line_end) = peer->line_before;
    peer->line_before = peer->line_after = NULL;
    peer->in_line = 0;
}

void tri_give_room(tri_member *peer) {
    tri_manager *m = peer->manager;
    if (peer->in_line || peer->state != TRI_PEER_MEMBER || peer->leaving || peer->host->shunned) return;
    peer->in_line = 1;
    peer->line_before = m->line_end;
    *(m->line_end ? &m->line_end->line_after : &m->line) = peer;
    m->line_end = peer;
}

static void write_task(const tri_job *job, tri_wire *wire) {
    wire->count = 0, wire->failed = 0;
    size_t frame = tri_wire_begin(wire, TRI_WIRE_TASK);
    tri_wire_number(wire, job->id, 8);
    tri_wire_number(wire, (uint32_t)job->attempt, 4);
    tri_wire_number(wire, job->function, 2);
    tri_wire_number(wire, job->items, 4);
    tri_wire_number(wire, job->item_bytes, 8);
    tri_wire_number(wire, job->out_bytes, 8);
    tri_wire_real(wire, job->how.limit_s);
    tri_wire_number(wire, (uint32_t)(job->how.cores > 1 ? job->how.cores : 1), 2);
    tri_wire_number(wire, (uint32_t)job->how.devices, 2);
    tri_wire_bytes(wire, job->in, job->bytes);
    tri_wire_end(wire, frame);
}

static void give(tri_member *peer, tri_job *job) {
    tri_manager *m = peer->manager;
    job->attempt++;
    job->told = 0;
    write_task(job, &m->wire);
    if (m->wire.failed || bufferevent_write(peer->stream, m->wire.bytes, m->wire.count)) {
        tri_job_end(job, TRI_ERR_MEMORY, "no memory to send the task");
        return;
    }
    job->state = TRI_JOB_RUNS;
    job->peer = peer;
    job->run_before = NULL;
    job->run_after = peer->running;
    if (peer->running) peer->running->run_before = job;
    peer->running = job;
    peer->busy += job->how.cores > 1 ? job->how.cores : 1;
    peer->devices_busy += job->how.devices;
    peer->memory_busy += job->how.memory_bytes;
    job->given = tri_deadline(0);
    /* What is given in advance begins when those before it have ended, each within its own limit. */
    job->due = job->how.limit_s > 0 ? job->given + (1 + (double)peer->busy / peer->slots) * job->how.limit_s
                                    : TRI_FOREVER;
    job->result.worker = peer->number;
    job->result.host = job->host;
    snprintf(job->host, sizeof job->host, "%.71s", peer->host->name);
    tri_job_tell(job, TRI_POOL_GIVEN, 0, NULL, 0);
}

void tri_give_cancel(tri_job *job) {
    tri_wire *wire = &job->manager->wire;
    wire->count = 0, wire->failed = 0;
    size_t frame = tri_wire_begin(wire, TRI_WIRE_CANCEL);
    tri_wire_number(wire, job->id, 8);
    tri_wire_number(wire, (uint32_t)job->attempt, 4);
    tri_wire_end(wire, frame);
    (void)bufferevent_write(job->peer->stream, wire->bytes, wire->count);
}

/* Needs nothing but a slot. */
static int is_plain(const tri_job *job) {
    return !job->losses && job->how.cores <= 1 && !job->how.devices && !job->how.memory_bytes;
}

/* The first worker of the line with room for the job. Those without room for a plain one leave the line; the
 * next result brings them back. */
static tri_member *find_room(tri_manager *m, const tri_job *job) {
    int plain = is_plain(job);
    for (tri_member *peer = m->line, *after; peer; peer = after) {
        after = peer->line_after;
        if (peer == m->reserved || !could(peer, job)) continue;
        if (has_room(peer, job)) return peer;
        if (plain) tri_give_leave(peer);
    }
    return NULL;
}

tri_member *tri_give_able(const tri_manager *m, const tri_job *job) {
    for (tri_member *peer = m->peers; peer; peer = peer->after)
        if (could(peer, job)) return peer;
    return NULL;
}

/* The one that is set aside goes first. Returns 0 if nothing else can be given out after it. */
static int give_aside(tri_manager *m) {
    tri_job *job = m->aside;
    if (!job) return 1;
    if (job->state == TRI_JOB_READY) {
        tri_member *peer = is_plain(job) ? find_room(m, job) : m->reserved;
        if (is_plain(job) && !peer) return 0;
        if (!peer || !could(peer, job)) peer = m->reserved = tri_give_able(m, job);
        if (!peer || !has_room(peer, job)) return 1;
        m->reserved = NULL;
        tri_give_leave(peer);
        give(peer, job);
        tri_give_room(peer);
    }
    m->aside = NULL;
    m->reserved = NULL;
    tri_job_drop(job);
    return 1;
}

void tri_give_all(tri_manager *m) {
    if (m->held || m->stopping) return;
    while (m->line && give_aside(m)) {
        tri_job *job = tri_ready_take(&m->ready);
        if (!job) break;
        if (job->state != TRI_JOB_READY) { /* cancelled meanwhile */
            tri_job_drop(job);
            continue;
        }
        tri_member *peer = find_room(m, job);
        if (peer) {
            tri_give_leave(peer);
            give(peer, job);
            tri_give_room(peer);
            tri_job_drop(job);
        } else if (!m->aside) {
            m->aside = job;
            m->aside_since = tri_deadline(0);
        } else {
            tri_ready_add(&m->ready, job);
            break;
        }
    }
}
