/* SHA-256, HMAC and random bytes: the only calls of libcrypto in the library. */
#ifndef TRIREME_POOL_DIGEST_H
#define TRIREME_POOL_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/status.h"

enum { TRI_DIGEST = 32 };

typedef struct tri_digest_part {
    const void *bytes;
    size_t count;
} tri_digest_part;

/* A hasher for many short texts; one thread at a time. */
typedef struct tri_digester tri_digester;
tri_status tri_digester_create(tri_digester **out);
void tri_digester_destroy(tri_digester **digester);
/* SHA-256 of the parts, one after the other. */
tri_status tri_digester_run(tri_digester *digester, const tri_digest_part *parts, size_t count,
                            uint8_t out[TRI_DIGEST]);

/* HMAC-SHA-256 of one text. */
tri_status tri_digest_sign(const uint8_t key[TRI_DIGEST], const void *bytes, size_t count,
                           uint8_t out[TRI_DIGEST]);
/* Whether two digests are equal, in a time that does not depend on where they differ. */
int tri_digest_equal(const uint8_t a[TRI_DIGEST], const uint8_t b[TRI_DIGEST]);
tri_status tri_digest_random(void *out, size_t count);

#endif
