/* The insides of the server: its tasks and clients. serve.c has the loop, requests.c the answers. */
#ifndef TRIREME_APPS_POOL_SERVER_H
#define TRIREME_APPS_POOL_SERVER_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "apps/pool/serve.h"

enum { SERVE_TASKS = 1 << 20 }; /* that are remembered */

typedef enum served_state {
    SERVED_WAITS,
    SERVED_RUNS,
    SERVED_DONE,
    SERVED_FAILED,
    SERVED_CANCELLED
} served_state;

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
    bufferevent_data_cb input; /* takes what a client, its argument, has sent */
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
typedef struct serve_news {
    tri_pool_what what;
    served *task;
    tri_status status;
    int attempts;
    double seconds;
    char host[72];
    size_t count;
    uint8_t bytes[];
} serve_news;

/* Takes an event of the pool into the task, and answers who waits for it. */
void serve_take_news(serve *s, const serve_news *n);
/* One request. Returns false if the client has to go. */
bool serve_request(serve_client *c, const json_t *request);
/* Sends an object, which it takes over. */
void serve_answer(serve_client *c, json_t *object);
json_t *serve_refusal(const char *why);

#endif
