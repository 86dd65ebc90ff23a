/* The client: one request, one answer. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "apps/pool/serve.h"

static const char *const words[] = {"submit", "status", "wait", "cancel", "output", "drain"};

bool client_knows(const char *word) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(word, words[i])) return true;
    return false;
}

static tri_status ask(FILE *stream, json_t *request, json_t **reply) {
    char *line = NULL;
    size_t room = 0;
    if (request && (json_dumpf(request, stream, JSON_COMPACT) || fputc('\n', stream) < 0 || fflush(stream)))
        return tri_fail(TRI_ERR_ENVIRONMENT, "the pool has closed the connection");
    ssize_t length = getline(&line, &room, stream);
    *reply = length > 0 ? json_loadb(line, (size_t)length, 0, NULL) : NULL;
    free(line);
    if (!*reply) return tri_fail(TRI_ERR_ENVIRONMENT, "the pool has closed the connection: another key?");
    return TRI_OK;
}

static tri_status prove(const farm_options *o, FILE *stream) {
    uint8_t key[SERVE_KEY];
    char mine[2 * SERVE_KEY + 1], proof[2 * SERVE_KEY + 1], theirs[2 * SERVE_KEY + 1] = "";
    json_t *reply = NULL;
    if (!o->key) return tri_fail(TRI_ERR_ARGUMENT, "TCP needs --key FILE, that of the server");
    TRI_TRY(serve_read_key(o->key, key));
    TRI_TRY(serve_random(mine));
    TRI_TRY(ask(stream, NULL, &reply));
    const char *challenge = json_string_value(json_object_get(reply, "challenge"));
    snprintf(theirs, sizeof theirs, "%s", challenge ? challenge : "");
    json_decref(reply);
    serve_proof(key, "client", theirs, mine, proof);
    json_t *request = json_pack("{s:s, s:s, s:s}", "op", "prove", "nonce", mine, "proof", proof);
    tri_status status = ask(stream, request, &reply);
    json_decref(request);
    TRI_TRY(status);
    serve_proof(key, "server", theirs, mine, proof);
    const char *shown = json_string_value(json_object_get(reply, "proof"));
    bool same = shown && serve_same(shown, proof);
    json_decref(reply);
    return same ? TRI_OK : tri_fail(TRI_ERR_ENVIRONMENT, "what listens there does not have the key");
}

static tri_status make_request(const farm_options *o, json_t **out) {
    const char *op = o->words.text[0];
    *out = json_pack("{s:s}", "op", op);
    bool submits = !strcmp(op, "submit");
    if (o->words.count > 2 || (o->words.count < 2 && strcmp(op, "status") != 0 && strcmp(op, "drain") != 0))
        return tri_fail(TRI_ERR_ARGUMENT,
                        submits ? "submit needs a command, in quotes" : "%s needs the number of a task", op);
    if (submits) {
        json_object_set_new(*out, "command", json_string(o->words.text[1]));
        json_object_set_new(*out, "retry", json_integer(o->retry));
        json_object_set_new(*out, "timeout", json_real(o->timeout_s));
        json_object_set_new(*out, "cores", json_integer(o->how.cores));
        if (!json_object_get(*out, "command"))
            return tri_fail(TRI_ERR_ARGUMENT, "a command that is submitted must be UTF-8");
    } else if (o->words.count == 2)
        json_object_set_new(*out, "task", json_integer(strtoll(o->words.text[1], NULL, 10)));
    return TRI_OK;
}

static void print_output(const json_t *reply) {
    const char *text = json_string_value(json_object_get(reply, "base64"));
    size_t length = text ? strlen(text) : 0;
    uint8_t *bytes = malloc(length + 1);
    if (!bytes || !length) {
        free(bytes);
        return;
    }
    int count = EVP_DecodeBlock(bytes, (const uint8_t *)text, (int)length);
    for (size_t i = length; i > 0 && text[i - 1] == '='; i--)
        count--;
    if (count > 0) fwrite(bytes, 1, (size_t)count, stdout);
    free(bytes);
}

static tri_status talk(const farm_options *o, FILE *stream, json_t **reply) {
    json_t *request = NULL;
    tri_status status = strncmp(o->listen, "unix:", 5) != 0 ? prove(o, stream) : TRI_OK;
    if (status == TRI_OK) status = make_request(o, &request);
    if (status == TRI_OK) status = ask(stream, request, reply);
    json_decref(request);
    TRI_TRY(status);
    if (json_is_true(json_object_get(*reply, "ok"))) return TRI_OK;
    const char *error = json_string_value(json_object_get(*reply, "error"));
    return tri_fail(TRI_ERR_ARGUMENT, "%s", error ? error : "the pool has refused");
}

int client_run(const farm_options *o) {
    int file = -1;
    json_t *reply = NULL;
    const char *op = o->words.text[0];
    tri_status status = o->listen ? serve_socket(o->listen, false, &file)
                                  : tri_fail(TRI_ERR_ARGUMENT, "%s needs --listen, as serve has it", op);
    FILE *stream = status == TRI_OK ? fdopen(file, "r+") : NULL;
    if (stream) status = talk(o, stream, &reply);
    if (status == TRI_OK && !strcmp(op, "output") && !o->json)
        print_output(reply);
    else if (status == TRI_OK && !strcmp(op, "submit") && !o->json)
        printf("%lld\n", (long long)json_integer_value(json_object_get(reply, "task")));
    else if (status == TRI_OK) {
        json_dumpf(reply, stdout, JSON_INDENT(2));
        puts("");
    }
    /* wait: the status of the task, as far as it has one. */
    const char *state = json_string_value(json_object_get(reply, "state"));
    if (status == TRI_OK && !strcmp(op, "wait") && state && strcmp(state, "done") != 0)
        status = tri_fail(TRI_ERR_WRONG, "the task has failed: %s",
                          json_string_value(json_object_get(reply, "end")));
    json_decref(reply);
    if (stream) fclose(stream);
    if (status != TRI_OK) fprintf(stderr, "pool: %s\n", tri_error_text());
    return fflush(stdout) ? 4 : tri_status_exit(status);
}
