/* The server: one loop for all clients. Events of the pool come from its thread by a queue. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "apps/pool/serve.h"

enum {
    CLIENTS = 4096,
    TASKS = 1 << 20,    /* that are remembered */
    OUTPUT = 256 << 10, /* bytes of output that are kept of each task: the last ones */
    UNREAD = 1 << 20,   /* answers that a client may leave unread before it is not listened to any more */
    STRANGER_S = 10
};

typedef enum served_state {
    SERVED_WAITS,
    SERVED_RUNS,
    SERVED_DONE,
    SERVED_FAILED,
    SERVED_CANCELLED
} served_state;
static const char *const state_names[] = {"waiting", "running", "done", "failed", "cancelled"};

typedef struct served {
    uint64_t number;
    served_state state;
    tri_job *job;
    farm_outcome outcome;
    farm_bytes output;
    int attempts;
    double seconds;
    char host[72];
} served;

typedef struct serve_client {
    struct serve *server;
    struct bufferevent *stream;
    bool near, proven;
    char challenge[2 * SERVE_KEY + 1];
    uint64_t waits; /* number of the task that it waits for; 0: none */
    bool waits_all;
    struct serve_client *before, *after;
} serve_client;

typedef struct serve {
    const farm_options *options;
    tri_pool *pool;
    struct event_base *base;
    tri_queue *news;
    int wake;
    uint8_t key[SERVE_KEY];
    bool near, draining;
    serve_client *clients;
    size_t client_count, task_count, open;
    served **task; /* of number i at i - 1 */
    char folder[4096];
} serve;

/* An event of the pool on its way to the loop. */
typedef struct piece_of_news {
    tri_pool_what what;
    served *task;
    tri_status status;
    int attempts;
    double seconds;
    char host[72];
    size_t count;
    uint8_t bytes[];
} piece_of_news;

static void watch(void *argument, const tri_pool_event *event) {
    static const uint64_t one = 1;
    serve *s = argument;
    bool ended = event->what == TRI_POOL_ENDED;
    if (!event->tag || event->what == TRI_POOL_LOST || event->what == TRI_POOL_FAILED) return;
    const void *bytes = ended ? event->result->bytes : event->bytes;
    size_t count = ended ? event->result->count : event->count;
    piece_of_news *n = malloc(sizeof *n + count);
    if (!n) abort(); /* an event must not be lost */
    *n = (piece_of_news){.what = event->what, .task = event->tag, .attempts = event->attempt, .count = count};
    if (ended) n->status = event->result->status, n->seconds = event->result->seconds;
    snprintf(n->host, sizeof n->host, "%s", event->host);
    if (count) memcpy(n->bytes, bytes, count);
    if (tri_queue_put(s->news, n, TRI_FOREVER) != TRI_OK) free(n);
    if (write(s->wake, &one, sizeof one) < 0) {
        /* it is set already */
    }
}

/* ---- answers ---- */

static void answer(serve_client *c, json_t *object) {
    char *text = json_dumps(object, JSON_COMPACT);
    if (text) (void)evbuffer_add_printf(bufferevent_get_output(c->stream), "%s\n", text);
    free(text);
    json_decref(object);
    /* A client that does not read is not listened to, until it has. */
    if (evbuffer_get_length(bufferevent_get_output(c->stream)) > UNREAD)
        (void)bufferevent_disable(c->stream, EV_READ);
}

static json_t *refusal(const char *why) {
    return json_pack("{s:b, s:s}", "ok", 0, "error", why);
}

static json_t *describe(const served *t) {
    char why[128] = "";
    if (t->state == SERVED_FAILED || t->state == SERVED_DONE) farm_outcome_text(&t->outcome, why, sizeof why);
    return json_pack("{s:b, s:I, s:s, s:s, s:i, s:f, s:s, s:i}", "ok", 1, "task", (json_int_t)t->number,
                     "state", state_names[t->state], "end", why, "attempts", t->attempts, "seconds",
                     t->seconds, "host", t->host, "exit",
                     t->outcome.end == FARM_EXIT ? t->outcome.value : -1);
}

static void on_input(struct bufferevent *stream, void *argument);

static void tell_waiting(serve *s, const served *t) {
    for (serve_client *c = s->clients, *after; c; c = after) {
        after = c->after;
        if (c->waits == t->number) {
            c->waits = 0;
            answer(c, describe(t));
        } else if (c->waits_all && !s->open) {
            c->waits_all = false;
            answer(c, json_pack("{s:b}", "ok", 1));
        } else
            continue;
        on_input(c->stream, c); /* what it has sent meanwhile */
    }
}

static void keep_output(served *t, const piece_of_news *n) {
    farm_put(&t->output, n->bytes, n->count);
    if (t->output.count <= 2 * OUTPUT) return;
    memmove(t->output.bytes, t->output.bytes + t->output.count - OUTPUT, OUTPUT);
    t->output.count = OUTPUT;
}

/* The last answers leave first. */
static void end_soon(serve *s) {
    const struct timeval soon = {.tv_usec = 300000};
    (void)event_base_loopexit(s->base, &soon);
}

static void take_news(serve *s, const piece_of_news *n) {
    served *t = n->task;
    farm_reader r = {.at = n->bytes, .end = n->bytes + n->count};
    t->attempts = n->attempts;
    if (*n->host) snprintf(t->host, sizeof t->host, "%s", n->host);
    if (n->what == TRI_POOL_GIVEN) t->state = SERVED_RUNS;
    if (n->what == TRI_POOL_BYTES) keep_output(t, n);
    if (n->what != TRI_POOL_ENDED) return;
    t->seconds = n->seconds;
    if (!n->count || farm_outcome_get(&r, &t->outcome) != TRI_OK)
        t->outcome = (farm_outcome){.end = n->status == TRI_CANCELLED ? FARM_STOPPED : FARM_LOST};
    t->state = n->status == TRI_OK          ? SERVED_DONE
               : n->status == TRI_CANCELLED ? SERVED_CANCELLED
                                            : SERVED_FAILED;
    tri_job_destroy(&t->job);
    s->open--;
    tell_waiting(s, t);
    if (s->draining && !s->open) end_soon(s);
}

static void on_news(evutil_socket_t file, short what, void *argument) {
    serve *s = argument;
    uint64_t count;
    void *item;
    (void)what;
    if (read(file, &count, sizeof count) < 0) return;
    while (tri_queue_get(s->news, TRI_AT_ONCE, &item) == TRI_OK) {
        take_news(s, item);
        free(item);
    }
}

/* ---- requests ---- */

static served *find(const serve *s, const json_t *request) {
    json_int_t number = json_integer_value(json_object_get(request, "task"));
    return number >= 1 && (size_t)number <= s->task_count ? s->task[number - 1] : NULL;
}

static json_t *submit(serve *s, const json_t *request) {
    const json_t *word = json_object_get(request, "command"), *timeout = json_object_get(request, "timeout");
    const char *command = json_string_value(word);
    json_int_t retry = json_integer_value(json_object_get(request, "retry"));
    json_int_t cores = json_integer_value(json_object_get(request, "cores"));
    json_int_t priority = json_integer_value(json_object_get(request, "priority"));
    if (s->draining) return refusal("the pool takes no more");
    if (!command || !*command) return refusal("submit needs a command");
    if (retry < 0 || retry > 1000 || cores < 0 || cores > 65535 || llabs(priority) > 1000000 ||
        json_number_value(timeout) < 0)
        return refusal("retry, cores, priority or timeout is out of range");
    if (s->task_count == TASKS) return refusal("the pool has its limit of tasks; start another");
    served *t = calloc(1, sizeof *t);
    if (!t) return refusal("no memory");
    t->number = s->task_count + 1;
    tri_pool_how how = s->options->how;
    how.retries = (int)retry;
    how.priority = (int)priority;
    if (cores) how.cores = (int)cores;
    how.tag = t;
    farm_bytes input = {0};
    farm_command_put(&input, t->number, json_number_value(timeout), s->folder, command, strlen(command));
    tri_status status = tri_pool_submit(s->pool, "command", input.bytes, input.count, &how, &t->job);
    free(input.bytes);
    if (status != TRI_OK) {
        free(t);
        return refusal(tri_error_text());
    }
    s->task[s->task_count++] = t;
    s->open++;
    return json_pack("{s:b, s:I}", "ok", 1, "task", (json_int_t)t->number);
}

static json_t *status_of_all(const serve *s) {
    int number[5] = {0};
    for (size_t i = 0; i < s->task_count; i++)
        number[s->task[i]->state]++;
    json_t *all = json_pack("{s:b}", "ok", 1);
    for (int i = 0; i < 5; i++)
        json_object_set_new(all, state_names[i], json_integer(number[i]));
    return all;
}

static json_t *output(const served *t) {
    size_t count = t->output.count < OUTPUT ? t->output.count : OUTPUT;
    const uint8_t *from = t->output.bytes + t->output.count - count;
    char *text = malloc(count / 3 * 4 + 8);
    if (!text) return refusal("no memory");
    *text = 0;
    if (count) (void)EVP_EncodeBlock((uint8_t *)text, from, (int)count);
    json_t *all = json_pack("{s:b, s:I, s:s}", "ok", 1, "task", (json_int_t)t->number, "base64", text);
    free(text);
    return all;
}

static void drain(serve_client *c) {
    serve *s = c->server;
    s->draining = true;
    if (s->open) {
        c->waits_all = true;
        return;
    }
    answer(c, json_pack("{s:b}", "ok", 1));
    end_soon(s);
}

static void wait_task(serve_client *c, const served *t) {
    if (t->state >= SERVED_DONE)
        answer(c, describe(t));
    else
        c->waits = t->number;
}

/* One line. Returns false if the client has to go. */
static bool take_request(serve_client *c, const json_t *request) {
    serve *s = c->server;
    const char *op = json_string_value(json_object_get(request, "op"));
    const char *proof = json_string_value(json_object_get(request, "proof"));
    const char *nonce = json_string_value(json_object_get(request, "nonce"));
    char expected[2 * SERVE_KEY + 1];
    if (!c->proven) {
        if (!op || strcmp(op, "prove") != 0 || !proof || !nonce || strlen(nonce) != 2 * SERVE_KEY)
            return false;
        serve_proof(s->key, "client", c->challenge, nonce, expected);
        if (!serve_same(proof, expected)) return false;
        c->proven = true;
        (void)bufferevent_set_timeouts(c->stream, NULL, NULL);
        serve_proof(s->key, "server", c->challenge, nonce, expected);
        answer(c, json_pack("{s:b, s:s}", "ok", 1, "proof", expected));
        return true;
    }
    served *t = find(s, request);
    if (!op)
        answer(c, refusal("a request is {\"op\": \"submit|status|wait|cancel|output|drain\", ...}"));
    else if (!strcmp(op, "submit"))
        answer(c, submit(s, request));
    else if (!strcmp(op, "drain"))
        drain(c);
    else if (!strcmp(op, "status") && !json_object_get(request, "task"))
        answer(c, status_of_all(s));
    else if (!t)
        answer(c, refusal("there is no such task"));
    else if (!strcmp(op, "status"))
        answer(c, describe(t));
    else if (!strcmp(op, "wait"))
        wait_task(c, t);
    else if (!strcmp(op, "output"))
        answer(c, output(t));
    else if (!strcmp(op, "cancel")) {
        if (t->job) tri_job_cancel(t->job);
        answer(c, json_pack("{s:b}", "ok", 1));
    } else
        answer(c, refusal("there is no such op"));
    return true;
}

/* ---- clients ---- */

static void remove_client(serve_client *c) {
    serve *s = c->server;
    *(c->before ? &c->before->after : &s->clients) = c->after;
    if (c->after) c->after->before = c->before;
    s->client_count--;
    bufferevent_free(c->stream);
    free(c);
}

static void on_input(struct bufferevent *stream, void *argument) {
    serve_client *c = argument;
    struct evbuffer *input = bufferevent_get_input(stream);
    size_t length;
    /* A client that waits gets its answer first: answers come in the order of the requests. */
    while (!c->waits && !c->waits_all && bufferevent_get_enabled(stream) & EV_READ) {
        char *line = evbuffer_readln(input, &length, EVBUFFER_EOL_LF);
        if (!line) {
            size_t most = c->proven ? SERVE_LINE : 1024;
            if (evbuffer_get_length(input) > most) remove_client(c);
            return;
        }
        json_t *request = json_loadb(line, length, 0, NULL);
        free(line);
        bool stays = true;
        if (request)
            stays = take_request(c, request);
        else if (c->proven)
            answer(c, refusal("this is not a JSON object on one line"));
        else
            stays = false;
        json_decref(request);
        if (!stays) {
            remove_client(c);
            return;
        }
    }
}

/* It has read: listen again. */
static void on_output(struct bufferevent *stream, void *argument) {
    if (bufferevent_get_enabled(stream) & EV_READ) return;
    (void)bufferevent_enable(stream, EV_READ);
    on_input(stream, argument);
}

static void on_event(struct bufferevent *stream, short what, void *argument) {
    (void)stream, (void)what;
    remove_client(argument);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t file, struct sockaddr *name,
                      int length, void *argument) {
    serve *s = argument;
    struct ucred who;
    socklen_t size = sizeof who;
    (void)listener, (void)name, (void)length;
    bool own = !s->near || (!getsockopt(file, SOL_SOCKET, SO_PEERCRED, &who, &size) && who.uid == geteuid());
    serve_client *c = own && s->client_count < CLIENTS ? calloc(1, sizeof *c) : NULL;
    if (c) c->stream = bufferevent_socket_new(s->base, file, BEV_OPT_CLOSE_ON_FREE);
    if (!c || !c->stream || (!s->near && serve_random(c->challenge) != TRI_OK)) {
        if (c && c->stream)
            bufferevent_free(c->stream);
        else
            evutil_closesocket(file);
        free(c);
        return;
    }
    c->server = s;
    c->near = c->proven = s->near;
    c->after = s->clients;
    if (s->clients) s->clients->before = c;
    s->clients = c;
    s->client_count++;
    bufferevent_setcb(c->stream, on_input, on_output, on_event, c);
    const struct timeval soon = {.tv_sec = STRANGER_S};
    if (!c->proven) {
        (void)bufferevent_set_timeouts(c->stream, &soon, &soon);
        answer(c, json_pack("{s:s}", "challenge", c->challenge));
    }
    (void)bufferevent_enable(c->stream, EV_READ | EV_WRITE);
}

static void on_signal(evutil_socket_t number, short what, void *argument) {
    serve *s = argument;
    (void)number, (void)what;
    event_base_loopbreak(s->base);
}

static tri_status loop(serve *s, int file) {
    struct evconnlistener *listener =
        evconnlistener_new(s->base, on_accept, s, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 128, file);
    struct event *events[] = {event_new(s->base, s->wake, EV_READ | EV_PERSIST, on_news, s),
                              evsignal_new(s->base, SIGTERM, on_signal, s),
                              evsignal_new(s->base, SIGINT, on_signal, s)};
    tri_status status = listener ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for a listener");
    for (size_t i = 0; i < 3; i++)
        if (!events[i] || event_add(events[i], NULL))
            status = tri_fail(TRI_ERR_MEMORY, "no memory for events");
    if (status == TRI_OK) {
        if (!s->options->quiet) fprintf(stderr, "pool: listens at %s\n", s->options->listen);
        (void)event_base_dispatch(s->base);
    }
    while (s->clients)
        remove_client(s->clients);
    if (listener) evconnlistener_free(listener);
    for (size_t i = 0; i < 3; i++)
        if (events[i]) event_free(events[i]);
    return status;
}

static tri_status start(serve *s, const tri_pool_options *options, int *file) {
    tri_pool_options mine = *options;
    mine.watch = watch;
    mine.argument = s;
    s->near = !strncmp(s->options->listen, "unix:", 5);
    if (!s->near && !s->options->key)
        return tri_fail(TRI_ERR_ARGUMENT,
                        "serve on TCP needs --key FILE; make one with: openssl rand -hex 32");
    if (!s->near) TRI_TRY(serve_read_key(s->options->key, s->key));
    s->base = event_base_new();
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->task = calloc(TASKS, sizeof(served *));
    if (!s->base || s->wake < 0 || !s->task) return tri_fail(TRI_ERR_MEMORY, "no memory for a server");
    if (!getcwd(s->folder, sizeof s->folder)) *s->folder = 0;
    TRI_TRY(tri_queue_create(TRI_QUEUE_FIFO, 0, &s->news));
    TRI_TRY(serve_socket(s->options->listen, true, file));
    evutil_make_socket_nonblocking(*file);
    TRI_TRY(tri_pool_create(&mine, &s->pool));
    return s->options->address ? tri_pool_publish(s->pool, s->options->address) : TRI_OK;
}

tri_status serve_run(const farm_options *o, const tri_pool_options *options) {
    static serve s;
    int file = -1;
    void *item;
    s.options = o;
    tri_status status = start(&s, options, &file);
    if (status == TRI_OK)
        status = loop(&s, file);
    else if (file >= 0)
        close(file);
    char text[1024];
    snprintf(text, sizeof text, "%s", tri_error_text());
    size_t left = s.open;
    tri_pool_destroy(&s.pool, status);
    while (s.news && tri_queue_get(s.news, TRI_AT_ONCE, &item) == TRI_OK)
        free(item);
    if (file >= 0 && s.near) unlink(o->listen + 5);
    if (o->address && status == TRI_OK) unlink(o->address);
    for (size_t i = 0; i < s.task_count; i++) {
        tri_job_destroy(&s.task[i]->job);
        free(s.task[i]->output.bytes);
        free(s.task[i]);
    }
    free(s.task);
    tri_queue_destroy(&s.news);
    if (s.base) event_base_free(s.base);
    if (s.wake > 0) close(s.wake);
    if (status == TRI_OK && left) return tri_fail(TRI_STOPPED, "stopped with %zu tasks left", left);
    return status == TRI_OK ? TRI_OK : tri_fail(status, "%s", text);
}
