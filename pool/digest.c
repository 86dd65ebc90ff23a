#include "pool/digest.h"

#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

struct tri_digester {
    EVP_MD *algorithm; /* looked up once: that costs more than hashing a short text */
    EVP_MD_CTX *context;
};

static tri_status failed(const char *what) {
    return tri_fail(TRI_ERR_SYSTEM, "libcrypto has failed: %s", what);
}

tri_status tri_digester_create(tri_digester **out) {
    tri_digester *d = calloc(1, sizeof *d);
    if (!d) return tri_fail(TRI_ERR_MEMORY, "no memory for a digest");
    d->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    d->context = EVP_MD_CTX_new();
    if (!d->algorithm || !d->context) {
        tri_digester_destroy(&d);
        return failed("SHA-256");
    }
    *out = d;
    return TRI_OK;
}

void tri_digester_destroy(tri_digester **digester) {
    if (!digester || !*digester) return;
    EVP_MD_CTX_free((*digester)->context);
    EVP_MD_free((*digester)->algorithm);
    free(*digester);
    *digester = NULL;
}

tri_status tri_digester_run(tri_digester *d, const tri_digest_part *parts, size_t count,
                            uint8_t out[TRI_DIGEST]) {
    int fine = EVP_DigestInit_ex2(d->context, d->algorithm, NULL);
    for (size_t i = 0; fine && i < count; i++)
        fine = EVP_DigestUpdate(d->context, parts[i].bytes, parts[i].count);
    if (!fine || !EVP_DigestFinal_ex(d->context, out, NULL)) return failed("SHA-256");
    return TRI_OK;
}

tri_status tri_digest_sign(const uint8_t key[TRI_DIGEST], const void *bytes, size_t count,
                           uint8_t out[TRI_DIGEST]) {
    return HMAC(EVP_sha256(), key, TRI_DIGEST, bytes, count, out, NULL) ? TRI_OK : failed("HMAC");
}

int tri_digest_equal(const uint8_t a[TRI_DIGEST], const uint8_t b[TRI_DIGEST]) {
    return !CRYPTO_memcmp(a, b, TRI_DIGEST);
}

tri_status tri_digest_random(void *out, size_t count) {
    return RAND_bytes(out, (int)count) == 1 ? TRI_OK : failed("random bytes");
}
