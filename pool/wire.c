#include "pool/wire.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *add(tri_wire *wire, size_t count) {
    if (wire->failed) return NULL;
    if (wire->room - wire->count < count) {
        size_t room = wire->room ? wire->room : 256;
        while (room - wire->count < count)
            room *= 2;
        uint8_t *more = realloc(wire->bytes, room);
        if (!more) {
            wire->failed = 1;
            return NULL;
        }
        wire->bytes = more, wire->room = room;
    }
    wire->count += count;
    return wire->bytes + wire->count - count;
}

static void write_number(uint8_t *to, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

void tri_wire_number(tri_wire *wire, uint64_t value, size_t bytes) {
    uint8_t *to = add(wire, bytes);
    if (to) write_number(to, value, bytes);
}

void tri_wire_real(tri_wire *wire, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    tri_wire_number(wire, bits, sizeof bits);
}

void tri_wire_bytes(tri_wire *wire, const void *bytes, size_t count) {
    uint8_t *to = count ? add(wire, count) : NULL;
    if (to) memcpy(to, bytes, count);
}

void tri_wire_text(tri_wire *wire, const void *bytes, size_t count) {
    tri_wire_number(wire, count, 4);
    tri_wire_bytes(wire, bytes, count);
}

size_t tri_wire_begin(tri_wire *wire, tri_wire_type type) {
    size_t frame = wire->count;
    tri_wire_number(wire, 0, 4);
    tri_wire_number(wire, type, 1);
    return frame;
}

void tri_wire_end(tri_wire *wire, size_t frame) {
    if (wire->failed)
        wire->count = frame; /* half a frame is none */
    else
        write_number(wire->bytes + frame, wire->count - frame - 4, 4);
}

uint64_t tri_wire_read_number(tri_wire_reader *reader, size_t bytes) {
    const uint8_t *at = tri_wire_read_bytes(reader, bytes);
    uint64_t value = 0;
    for (size_t i = 0; at && i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

double tri_wire_read_real(tri_wire_reader *reader) {
    uint64_t bits = tri_wire_read_number(reader, sizeof bits);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

const void *tri_wire_read_bytes(tri_wire_reader *reader, size_t count) {
    if ((size_t)(reader->end - reader->at) < count) {
        reader->bad = 1;
        return NULL;
    }
    reader->at += count;
    return reader->at - count;
}

const void *tri_wire_read_text(tri_wire_reader *reader, size_t *count) {
    *count = (size_t)tri_wire_read_number(reader, 4);
    const void *bytes = tri_wire_read_bytes(reader, *count);
    if (!bytes) *count = 0;
    return bytes ? bytes : "";
}

size_t tri_wire_frame(const uint8_t head[TRI_WIRE_HEAD], uint32_t most) {
    uint32_t length =
        (uint32_t)head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 24;
    return length < 1 || length > most ? 0 : 4 + (size_t)length;
}

tri_status tri_wire_proof(const uint8_t key[TRI_DIGEST], const char *side, const uint8_t worker[TRI_DIGEST],
                          const uint8_t manager[TRI_DIGEST], uint8_t proof[TRI_DIGEST]) {
    uint8_t text[3 * TRI_DIGEST] = {0};
    strncpy((char *)text, side, TRI_DIGEST - 1);
    memcpy(text + TRI_DIGEST, worker, TRI_DIGEST);
    memcpy(text + 2 * TRI_DIGEST, manager, TRI_DIGEST);
    return tri_digest_sign(key, text, sizeof text, proof);
}
