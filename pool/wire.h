/* The protocol between manager and worker: frames of length (u32), type (u8) and content, little-endian.
 *
 *     worker  -> manager   CHALLENGE nonce                              both sides prove that they have the
 *     manager -> worker    ANSWER nonce, proof                          key; the worker asks first, since it
 *     worker  -> manager   HELLO proof, version, functions, capacity    is about to run what the other sends
 *     manager -> worker    WELCOME number of the worker
 *     manager -> worker    TASK, CANCEL, BYE
 *     worker  -> manager   BYTES, RESULT, LEAVE
 */
#ifndef TRIREME_POOL_WIRE_H
#define TRIREME_POOL_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "pool/digest.h"

enum { TRI_WIRE_VERSION = 1, TRI_WIRE_HEAD = 5, TRI_WIRE_SHY = 4096 /* the longest frame of a stranger */ };
static const uint32_t tri_wire_most = 0x40000000u; /* the longest frame: 1 GiB */

typedef enum tri_wire_type {
    TRI_WIRE_CHALLENGE = 1,
    TRI_WIRE_ANSWER,
    TRI_WIRE_HELLO,
    TRI_WIRE_WELCOME,
    TRI_WIRE_TASK,
    TRI_WIRE_CANCEL,
    TRI_WIRE_BYE,
    TRI_WIRE_BYTES,
    TRI_WIRE_RESULT,
    TRI_WIRE_LEAVE
} tri_wire_type;

/* Bytes that grow. After a lack of memory nothing is added, and `failed` says so. */
typedef struct tri_wire {
    uint8_t *bytes;
    size_t count, room;
    int failed;
} tri_wire;

/* Begins a frame and returns its place; tri_wire_end() sets its length. */
size_t tri_wire_begin(tri_wire *wire, tri_wire_type type);
void tri_wire_end(tri_wire *wire, size_t frame);
void tri_wire_number(tri_wire *wire, uint64_t value, size_t bytes);
void tri_wire_real(tri_wire *wire, double value);
void tri_wire_bytes(tri_wire *wire, const void *bytes, size_t count);
/* Bytes with their number in front. */
void tri_wire_text(tri_wire *wire, const void *bytes, size_t count);

/* Reading the content of a frame. What is beyond its end reads as 0 and sets `bad`. */
typedef struct tri_wire_reader {
    const uint8_t *at, *end;
    int bad;
} tri_wire_reader;

uint64_t tri_wire_read_number(tri_wire_reader *reader, size_t bytes);
double tri_wire_read_real(tri_wire_reader *reader);
const void *tri_wire_read_bytes(tri_wire_reader *reader, size_t count);
const void *tri_wire_read_text(tri_wire_reader *reader, size_t *count);

/* Length of the frame whose head is at `head`, the head included; 0: longer than `most`. */
size_t tri_wire_frame(const uint8_t head[TRI_WIRE_HEAD], uint32_t most);

/* The proof of one side: HMAC of its word and both nonces. */
tri_status tri_wire_proof(const uint8_t key[TRI_DIGEST], const char *side, const uint8_t worker[TRI_DIGEST],
                          const uint8_t manager[TRI_DIGEST], uint8_t proof[TRI_DIGEST]);

#endif
