/* The requests of clients, and what the server answers. */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "apps/pool/server.h"

enum {
    OUTPUT = 256 << 10, /* bytes of output that are kept of each task: the last ones */
    UNREAD = 1 << 20    /* answers that a client may leave unread before it is not listened to any more */
};

static const char *const state_names[] = {"waiting", "running", "done", "failed", "cancelled"};

/* ---- answers ---- */

void serve_answer(serve_client *c, json_t *object) {
    char *text = json_dumps(object, JSON_COMPACT);
    if (text) (void)evbuffer_add_printf(bufferevent_get_output(c->stream), "%s\n", text);
    free(text);
    json_decref(object);
    /* A client that does not read is not listened to, until it has. */
    if (evbuffer_get_length(bufferevent_get_output(c->stream)) > UNREAD)
        (void)bufferevent_disable(c->stream, EV_READ);
}

json_t *serve_refusal(const char *why) {
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

static void tell_waiting(serve *s, const served *t) {
    for (serve_client *c = s->clients, *after; c; c = after) {
        after = c->after;
        if (c->waits == t->number) {
            c->waits = 0;
            serve_answer(c, describe(t));
        } else if (c->waits_all && !s->open) {
            c->waits_all = false;
            serve_answer(c, json_pack("{s:b}", "ok", 1));
        } else
            continue;
        s->input(c->stream, c); /* what it has sent meanwhile */
    }
}

static void keep_output(served *t, const serve_news *n) {
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

void serve_take_news(serve *s, const serve_news *n) {
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
    if (s->draining) return serve_refusal("the pool takes no more");
    if (!command || !*command) return serve_refusal("submit needs a command");
    if (retry < 0 || retry > 1000 || cores < 0 || cores > 65535 || llabs(priority) > 1000000 ||
        json_number_value(timeout) < 0)
        return serve_refusal("retry, cores, priority or timeout is out of range");
    if (s->task_count == SERVE_TASKS) return serve_refusal("the pool has its limit of tasks; start another");
    served *t = calloc(1, sizeof *t);
    if (!t) return serve_refusal("no memory");
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
        return serve_refusal(tri_error_text());
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
    if (!text) return serve_refusal("no memory");
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
    serve_answer(c, json_pack("{s:b}", "ok", 1));
    end_soon(s);
}

static void wait_task(serve_client *c, const served *t) {
    if (t->state >= SERVED_DONE)
        serve_answer(c, describe(t));
    else
        c->waits = t->number;
}

bool serve_request(serve_client *c, const json_t *request) {
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
        serve_answer(c, json_pack("{s:b, s:s}", "ok", 1, "proof", expected));
        return true;
    }
    served *t = find(s, request);
    if (!op)
        serve_answer(c,
                     serve_refusal("a request is {\"op\": \"submit|status|wait|cancel|output|drain\", ...}"));
    else if (!strcmp(op, "submit"))
        serve_answer(c, submit(s, request));
    else if (!strcmp(op, "drain"))
        drain(c);
    else if (!strcmp(op, "status") && !json_object_get(request, "task"))
        serve_answer(c, status_of_all(s));
    else if (!t)
        serve_answer(c, serve_refusal("there is no such task"));
    else if (!strcmp(op, "status"))
        serve_answer(c, describe(t));
    else if (!strcmp(op, "wait"))
        wait_task(c, t);
    else if (!strcmp(op, "output"))
        serve_answer(c, output(t));
    else if (!strcmp(op, "cancel")) {
        if (t->job) tri_job_cancel(t->job);
        serve_answer(c, json_pack("{s:b}", "ok", 1));
    } else
        serve_answer(c, serve_refusal("there is no such op"));
    return true;
}
