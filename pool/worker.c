#include "pool/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pool/slots.h"

enum { HANDSHAKE_MS = 60000, GRACE_S = 10 };

/* ---- before the threads: blocking, a frame at a time ---- */

static tri_status lost(void) {
    return tri_fail(TRI_ERR_SYSTEM,
                    "the manager of the pool is lost; resume from its journal, if there is one");
}

static tri_status send_all(int file, tri_wire *wire) {
    for (size_t at = 0; at < wire->count;) {
        ssize_t sent = send(file, wire->bytes + at, wire->count - at, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) return lost();
        if (sent > 0) at += (size_t)sent;
    }
    wire->count = 0;
    return TRI_OK;
}

/* Reads exactly `count` bytes, and waits some seconds for each part. */
static tri_status receive(int file, uint8_t *bytes, size_t count) {
    for (size_t at = 0; at < count;) {
        struct pollfd wait = {.fd = file, .events = POLLIN};
        if (poll(&wait, 1, HANDSHAKE_MS) == 0)
            return tri_fail(TRI_ERR_ENVIRONMENT, "what listens at the address of the pool does not answer");
        ssize_t got = recv(file, bytes + at, count - at, 0);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) return lost();
        if (got > 0) at += (size_t)got;
    }
    return TRI_OK;
}

static tri_status receive_frame(int file, tri_wire_type type, uint8_t *frame, size_t room,
                                tri_wire_reader *reader) {
    TRI_TRY(receive(file, frame, TRI_WIRE_HEAD));
    size_t length = tri_wire_frame(frame, TRI_WIRE_SHY);
    if (!length || length > room || frame[4] != type)
        return tri_fail(TRI_ERR_ENVIRONMENT, "what listens at the address of the pool is another program");
    TRI_TRY(receive(file, frame + TRI_WIRE_HEAD, length - TRI_WIRE_HEAD));
    *reader = (tri_wire_reader){.at = frame + TRI_WIRE_HEAD, .end = frame + length};
    return TRI_OK;
}

static void write_hello(tri_worker *w, const uint8_t proof[TRI_DIGEST], const uint8_t functions[TRI_DIGEST],
                        tri_wire *wire) {
    size_t frame = tri_wire_begin(wire, TRI_WIRE_HELLO);
    tri_wire_bytes(wire, proof, TRI_DIGEST);
    tri_wire_number(wire, TRI_WIRE_VERSION, 4);
    tri_wire_bytes(wire, functions, TRI_DIGEST);
    tri_wire_number(wire, (uint32_t)w->slots, 4);
    tri_wire_number(wire, (uint32_t)w->devices, 4);
    tri_wire_number(wire, tri_worker_memory(w->options), 8);
    tri_wire_number(wire, (uint32_t)getpid(), 4);
    tri_wire_text(wire, w->host, strlen(w->host));
    tri_wire_end(wire, frame);
}

static tri_status shake_hands(tri_worker *w, const uint8_t key[TRI_DIGEST], tri_wire *wire, int *number) {
    uint8_t mine[TRI_DIGEST], proof[TRI_DIGEST], functions[TRI_DIGEST], frame[TRI_WIRE_SHY + 8];
    tri_wire_reader reader;
    TRI_TRY(tri_digest_random(mine, sizeof mine));
    TRI_TRY(tri_worker_functions(w->options->functions, functions));
    size_t begin = tri_wire_begin(wire, TRI_WIRE_CHALLENGE);
    tri_wire_bytes(wire, mine, sizeof mine);
    tri_wire_end(wire, begin);
    TRI_TRY(send_all(w->file, wire));
    TRI_TRY(receive_frame(w->file, TRI_WIRE_ANSWER, frame, sizeof frame, &reader));
    const uint8_t *theirs = tri_wire_read_bytes(&reader, TRI_DIGEST);
    const uint8_t *shown = tri_wire_read_bytes(&reader, TRI_DIGEST);
    if (reader.bad) return tri_fail(TRI_ERR_ENVIRONMENT, "the pool has another version");
    TRI_TRY(tri_wire_proof(key, "manager", mine, theirs, proof));
    if (!tri_digest_equal(proof, shown))
        return tri_fail(TRI_ERR_ENVIRONMENT, "what listens at the address of the pool does not have its key");
    TRI_TRY(tri_wire_proof(key, "worker", mine, theirs, proof));
    write_hello(w, proof, functions, wire);
    TRI_TRY(send_all(w->file, wire));
    TRI_TRY(receive_frame(w->file, TRI_WIRE_WELCOME, frame, sizeof frame, &reader));
    *number = (int)tri_wire_read_number(&reader, 4);
    size_t length;
    const char *text = tri_wire_read_text(&reader, &length);
    if (length) return tri_fail(TRI_ERR_ENVIRONMENT, "the pool refuses this worker: %.*s", (int)length, text);
    return TRI_OK;
}

/* ---- afterwards ---- */

static tri_status add_task(tri_worker *w, int number, tri_wire_reader *r) {
    uint64_t id = tri_wire_read_number(r, 8);
    uint32_t attempt = (uint32_t)tri_wire_read_number(r, 4), function = (uint32_t)tri_wire_read_number(r, 2);
    uint32_t items = (uint32_t)tri_wire_read_number(r, 4);
    uint64_t item_bytes = tri_wire_read_number(r, 8), out_bytes = tri_wire_read_number(r, 8);
    double limit_s = tri_wire_read_real(r);
    int cores = (int)tri_wire_read_number(r, 2), devices = (int)tri_wire_read_number(r, 2);
    size_t count = (size_t)(r->end - r->at);
    if (r->bad || (items && (item_bytes > count || item_bytes * items != count))) return lost();
    for (uint32_t i = 0; i <= function; i++)
        if (!w->options->functions[i].name) return lost();
    tri_pool_task *task = malloc(sizeof *task + count + 1);
    if (!task) return tri_fail(TRI_ERR_MEMORY, "no memory for a task of %zu bytes", count);
    *task = (tri_pool_task){.worker = w,
                            .id = id,
                            .attempt = attempt,
                            .function = function,
                            .items = items,
                            .item_bytes = item_bytes,
                            .out_bytes = out_bytes,
                            .count = count};
    task->place = (tri_pool_place){.task = id,
                                   .attempt = (int)attempt,
                                   .worker = number,
                                   .cores = cores,
                                   .devices = devices < TRI_TASK_DEVICES ? devices : TRI_TASK_DEVICES,
                                   .device = task->device,
                                   .limit_s = limit_s,
                                   .host = w->host};
    memcpy(task->in, r->at, count);
    tri_slots_add(w, task);
    return TRI_OK;
}

/* One frame. *bye is the status with which the manager ends, or -1. */
static tri_status take_frame(tri_worker *w, int number, const uint8_t *frame, size_t length, int *bye) {
    tri_wire_reader r = {.at = frame + TRI_WIRE_HEAD, .end = frame + length};
    switch (frame[4]) {
    case TRI_WIRE_TASK:
        return add_task(w, number, &r);
    case TRI_WIRE_CANCEL: {
        uint64_t id = tri_wire_read_number(&r, 8);
        tri_slots_cancel(w, id, (uint32_t)tri_wire_read_number(&r, 4));
        return TRI_OK;
    }
    case TRI_WIRE_BYE:
        *bye = (int)tri_wire_read_number(&r, 4);
        return TRI_OK;
    default:
        return lost();
    }
}

/* The word that this worker wants no more tasks. */
static void say_leave(tri_worker *w) {
    tri_wire wire = {0};
    tri_wire_end(&wire, tri_wire_begin(&wire, TRI_WIRE_LEAVE));
    (void)tri_task_queue(w, &wire, 0);
    free(wire.bytes);
}

/* Waits for bytes, and for the wish to leave. */
static void wait_input(tri_worker *w, int *leave) {
    struct pollfd wait[] = {{.fd = w->file, .events = POLLIN}, {.fd = *leave, .events = POLLIN}};
    if (*leave < 0) return;
    if (poll(wait, 2, -1) > 0 && wait[1].revents) {
        *leave = -1;
        say_leave(w);
    }
}

static tri_status read_always(tri_worker *w, int number, int leave, int *bye) {
    size_t room = 64 << 10, count = 0;
    uint8_t *bytes = malloc(room);
    tri_status status = bytes ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for messages");
    while (status == TRI_OK && *bye < 0) {
        wait_input(w, &leave);
        ssize_t got = recv(w->file, bytes + count, room - count, leave >= 0 ? MSG_DONTWAIT : 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0) {
            status = lost();
            break;
        }
        count += (size_t)got;
        size_t at = 0, length = 0;
        while (status == TRI_OK && *bye < 0 && count - at >= TRI_WIRE_HEAD) {
            length = tri_wire_frame(bytes + at, tri_wire_most);
            if (!length) status = lost();
            if (!length || count - at < length) break;
            status = take_frame(w, number, bytes + at, length, bye);
            at += length, length = 0;
        }
        memmove(bytes, bytes + at, count - at);
        count -= at;
        if (status == TRI_OK && length > room) {
            uint8_t *more = realloc(bytes, length);
            if (more)
                bytes = more, room = length;
            else
                status = tri_fail(TRI_ERR_MEMORY, "no memory for a task of %zu bytes", length);
        }
    }
    free(bytes);
    return status;
}

static void destroy(tri_worker *w) {
    close(w->file);
    tri_condition_destroy(&w->ended);
    tri_condition_destroy(&w->room);
    tri_condition_destroy(&w->output);
    tri_condition_destroy(&w->tasks);
    tri_lock_destroy(&w->lock);
    free(w->out.bytes);
    free(w->slot);
    free(w);
}

tri_status tri_worker_run(int file, const uint8_t key[TRI_DIGEST], const tri_pool_options *options,
                          int leave) {
    tri_worker *w = calloc(1, sizeof *w);
    if (!w) {
        close(file);
        return tri_fail(TRI_ERR_MEMORY, "no memory for a worker");
    }
    w->options = options, w->file = file;
    w->slots = tri_worker_slots(options);
    w->devices =
        options->devices < (int)sizeof w->device_used ? options->devices : (int)sizeof w->device_used;
    if (gethostname(w->host, sizeof w->host - 1)) snprintf(w->host, sizeof w->host, "localhost");
    tri_wire wire = {0};
    int number = 0, bye = -1;
    tri_status status = shake_hands(w, key, &wire, &number);
    free(wire.bytes);
    if (status == TRI_OK) status = tri_slots_start(w);
    if (status == TRI_OK) status = read_always(w, number, leave, &bye);
    if (w->lock) tri_slots_end(w, bye < 0);
    if (status == TRI_OK && bye != TRI_OK) status = tri_fail((tri_status)bye, "the pool has ended so");
    char text[512];
    snprintf(text, sizeof text, "%s", tri_error_text());
    /* The manager of this very process waits for us in any case. */
    double deadline = bye < 0 ? tri_deadline(GRACE_S) : TRI_FOREVER;
    if (tri_slots_join(w, deadline)) destroy(w);
    return status == TRI_OK ? TRI_OK : tri_fail(status, "%s", text);
}
