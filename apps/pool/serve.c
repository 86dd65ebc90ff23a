/* The server: one loop for all clients. Events of the pool come from its thread by a queue. */
#include <errno.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/pool/server.h"

enum { CLIENTS = 4096, STRANGER_S = 10 };

/* ---- events of the pool ---- */

static void watch(void *argument, const tri_pool_event *event) {
    static const uint64_t one = 1;
    serve *s = argument;
    bool ended = event->what == TRI_POOL_ENDED;
    if (!event->tag || event->what == TRI_POOL_LOST || event->what == TRI_POOL_FAILED) return;
    const void *bytes = ended ? event->result->bytes : event->bytes;
    size_t count = ended ? event->result->count : event->count;
    serve_news *n = malloc(sizeof *n + count);
    if (!n) abort(); /* an event must not be lost */
    *n = (serve_news){.what = event->what, .task = event->tag, .attempts = event->attempt, .count = count};
    if (ended) n->status = event->result->status, n->seconds = event->result->seconds;
    snprintf(n->host, sizeof n->host, "%s", event->host);
    if (count) memcpy(n->bytes, bytes, count);
    if (tri_queue_put(s->news, n, TRI_FOREVER) != TRI_OK) free(n);
    if (write(s->wake, &one, sizeof one) < 0) {
        /* it is set already */
    }
}

static void on_news(evutil_socket_t file, short what, void *argument) {
    serve *s = argument;
    uint64_t count;
    void *item;
    (void)what;
    if (read(file, &count, sizeof count) < 0) return;
    while (tri_queue_get(s->news, TRI_AT_ONCE, &item) == TRI_OK) {
        serve_take_news(s, item);
        free(item);
    }
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
            stays = serve_request(c, request);
        else if (c->proven)
            serve_answer(c, serve_refusal("this is not a JSON object on one line"));
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
        serve_answer(c, json_pack("{s:s}", "challenge", c->challenge));
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
    s->task = calloc(SERVE_TASKS, sizeof(served *));
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
    s.input = on_input;
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
