#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apps/pool/farm.h"

tri_status farm_per_task(const char *text, tri_pool_how *how) {
    char copy[256], *rest = NULL;
    if (strlen(text) >= sizeof copy) return tri_fail(TRI_ERR_ARGUMENT, "--per-task is too long");
    strcpy(copy, text);
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        size_t value = 0;
        char *sign = strchr(word, '=');
        if (sign) *sign = 0;
        if (!sign || tri_size_parse(sign + 1, &value) != TRI_OK)
            return tri_fail(TRI_ERR_ARGUMENT, "--per-task: '%s' needs a number: cores=4,devices=1,memory=2Gi",
                            word);
        if (!strcmp(word, "cores") && value <= 65535)
            how->cores = (int)value;
        else if (!strcmp(word, "devices") && value <= 64)
            how->devices = (int)value;
        else if (!strcmp(word, "memory"))
            how->memory_bytes = value;
        else
            return tri_fail(TRI_ERR_ARGUMENT, "--per-task: no '%s=%s'; there are cores, devices and memory",
                            word, sign + 1);
    }
    return TRI_OK;
}

void farm_put(farm_bytes *b, const void *bytes, size_t count) {
    if (b->room - b->count < count) {
        size_t room = b->room ? b->room : 128;
        while (room - b->count < count)
            room *= 2;
        uint8_t *more = realloc(b->bytes, room);
        if (!more) abort(); /* some hundred bytes, or a line */
        b->bytes = more, b->room = room;
    }
    if (count) memcpy(b->bytes + b->count, bytes, count);
    b->count += count;
}

void farm_put_number(farm_bytes *b, uint64_t value, size_t bytes) {
    uint64_t little = htole64(value);
    farm_put(b, &little, bytes);
}

void farm_put_real(farm_bytes *b, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    farm_put_number(b, bits, sizeof bits);
}

void farm_put_text(farm_bytes *b, const void *bytes, size_t count) {
    farm_put_number(b, count, 4);
    farm_put(b, bytes, count);
}

const void *farm_get(farm_reader *r, size_t count) {
    if (r->bad || (size_t)(r->end - r->at) < count) {
        r->bad = true;
        return NULL;
    }
    r->at += count;
    return r->at - count;
}

uint64_t farm_get_number(farm_reader *r, size_t bytes) {
    uint64_t little = 0;
    const void *at = farm_get(r, bytes);
    if (at) memcpy(&little, at, bytes);
    return le64toh(little);
}

double farm_get_real(farm_reader *r) {
    uint64_t bits = farm_get_number(r, sizeof bits);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

const void *farm_get_text(farm_reader *r, size_t *count) {
    *count = (size_t)farm_get_number(r, 4);
    const void *at = farm_get(r, *count);
    if (!at) *count = 0;
    return at ? at : "";
}

double farm_now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
