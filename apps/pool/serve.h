/* A pool that takes commands from outside: one JSON object on each line, doc/pool.md. */
#ifndef TRIREME_APPS_POOL_SERVE_H
#define TRIREME_APPS_POOL_SERVE_H

#include <jansson.h>

#include "apps/pool/farm.h"

enum { SERVE_KEY = 32, SERVE_LINE = 1 << 20 };

/* ---- wire.c: what server and client share ---- */

/* Reads 64 hexadecimal digits from a file that its owner alone can read. */
tri_status serve_read_key(const char *path, uint8_t key[SERVE_KEY]);
/* HMAC-SHA-256 of the word of a side and of both sides' numbers, as 64 digits. */
void serve_proof(const uint8_t key[SERVE_KEY], const char *side, const char *server, const char *client,
                 char out[2 * SERVE_KEY + 1]);
bool serve_same(const char *a, const char *b);
tri_status serve_random(char out[2 * SERVE_KEY + 1]);
/* A socket for unix:PATH or tcp:ADDRESS:PORT, bound or connected. */
tri_status serve_socket(const char *where, bool listens, int *out);

/* ---- serve.c, client.c ---- */

tri_status serve_run(const farm_options *o, const tri_pool_options *options);
/* submit, status, wait, cancel, output or drain */
int client_run(const farm_options *o);
bool client_knows(const char *word);

#endif
