#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "apps/pool/serve.h"

static void write_hex(const uint8_t *bytes, char *out) {
    for (size_t i = 0; i < SERVE_KEY; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

tri_status serve_read_key(const char *path, uint8_t key[SERVE_KEY]) {
    char text[2 * SERVE_KEY + 1] = "";
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0 || fstat(file, &status)) {
        int error = errno;
        if (file >= 0) close(file);
        return tri_fail(TRI_ERR_FILE, "cannot open the key '%s': %s", path, strerror(error));
    }
    bool own = S_ISREG(status.st_mode) && !(status.st_mode & 077) && status.st_uid == geteuid();
    ssize_t got = own ? read(file, text, sizeof text - 1) : 0;
    close(file);
    if (!own)
        return tri_fail(TRI_ERR_DATA,
                        "the key '%s' must be a file of yours that nobody else can read (chmod 600)", path);
    if (got != 2 * SERVE_KEY || strspn(text, "0123456789abcdef") != 2 * SERVE_KEY)
        return tri_fail(TRI_ERR_DATA, "the key '%s' must have 64 digits; make one with: openssl rand -hex 32",
                        path);
    for (size_t i = 0; i < SERVE_KEY; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], 0};
        key[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return TRI_OK;
}

void serve_proof(const uint8_t key[SERVE_KEY], const char *side, const char *server, const char *client,
                 char out[2 * SERVE_KEY + 1]) {
    char text[8 + 4 * SERVE_KEY + 3];
    uint8_t digest[SERVE_KEY] = {0};
    snprintf(text, sizeof text, "%s %.64s %.64s", side, server, client);
    HMAC(EVP_sha256(), key, SERVE_KEY, (const uint8_t *)text, strlen(text), digest, NULL);
    write_hex(digest, out);
}

bool serve_same(const char *a, const char *b) {
    return strlen(a) == 2 * SERVE_KEY && strlen(b) == 2 * SERVE_KEY && !CRYPTO_memcmp(a, b, 2 * SERVE_KEY);
}

tri_status serve_random(char out[2 * SERVE_KEY + 1]) {
    uint8_t bytes[SERVE_KEY];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return tri_fail(TRI_ERR_SYSTEM, "no random bytes");
    write_hex(bytes, out);
    return TRI_OK;
}

static tri_status open_near(const char *path, bool listens, int *out) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (!*path || strlen(path) >= sizeof name.sun_path)
        return tri_fail(TRI_ERR_ARGUMENT, "--listen: the path of a Unix socket has 1 to %zu bytes",
                        sizeof name.sun_path - 1);
    strcpy(name.sun_path, path);
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t before = umask(0177);
    bool fine = file >= 0 && !(listens ? bind(file, (struct sockaddr *)&name, sizeof name)
                                       : connect(file, (struct sockaddr *)&name, sizeof name));
    int error = errno;
    umask(before);
    if (!fine) {
        if (file >= 0) close(file);
        return tri_fail(TRI_ERR_ENVIRONMENT, "cannot %s '%s': %s", listens ? "listen at" : "connect to", path,
                        strerror(error));
    }
    *out = file;
    return TRI_OK;
}

static tri_status open_far(const char *where, bool listens, int *out) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = listens ? AI_PASSIVE : 0}, *found = NULL;
    char copy[512];
    const int one = 1;
    snprintf(copy, sizeof copy, "%s", where);
    char *port = strrchr(copy, ':');
    if (!port || port == copy) return tri_fail(TRI_ERR_ARGUMENT, "--listen: write tcp:ADDRESS:PORT");
    *port++ = 0;
    int error = getaddrinfo(copy, port, &hints, &found);
    if (error) return tri_fail(TRI_ERR_ENVIRONMENT, "--listen: '%s': %s", where, gai_strerror(error));
    int file = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file >= 0 && listens) (void)setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (file >= 0) (void)setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    bool fine = file >= 0 && !(listens ? bind(file, found->ai_addr, found->ai_addrlen)
                                       : connect(file, found->ai_addr, found->ai_addrlen));
    int why = errno;
    freeaddrinfo(found);
    if (!fine) {
        if (file >= 0) close(file);
        return tri_fail(TRI_ERR_ENVIRONMENT, "cannot %s '%s': %s", listens ? "listen at" : "connect to",
                        where, strerror(why));
    }
    *out = file;
    return TRI_OK;
}

tri_status serve_socket(const char *where, bool listens, int *out) {
    if (!strncmp(where, "unix:", 5)) return open_near(where + 5, listens, out);
    if (!strncmp(where, "tcp:", 4)) return open_far(where + 4, listens, out);
    return tri_fail(TRI_ERR_ARGUMENT, "--listen: '%s' is neither unix:PATH nor tcp:ADDRESS:PORT", where);
}
