#include "pool/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096, CONNECT_MS = 3000, HOST = 256 };
static const char title[] = "trireme-pool 1";

void tri_address_settle(int file) {
    /* A peer whose machine is gone answers neither data (USER_TIMEOUT) nor a probe when there is none. */
    static const struct {
        int level, name, value;
    } all[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},  {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 5}, {IPPROTO_TCP, TCP_KEEPINTVL, 2},
        {IPPROTO_TCP, TCP_KEEPCNT, 4},  {IPPROTO_TCP, TCP_USER_TIMEOUT, 10000},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) /* a Unix socket has none of these */
        (void)setsockopt(file, all[i].level, all[i].name, &all[i].value, sizeof all[i].value);
}

static void append(char *text, const char *word, const char *rest) {
    size_t at = strlen(text);
    snprintf(text + at, TRI_POOL_ADDRESS - at, "%s%s", word, rest);
}

static tri_status listen_near(tri_address *a) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const char *parent = getenv("TMPDIR");
    if (!parent || strlen(parent) > sizeof a->folder - 24) parent = "/tmp";
    snprintf(a->folder, sizeof a->folder, "%s/trireme-pool.XXXXXX", parent);
    if (!mkdtemp(a->folder)) {
        *a->folder = 0;
        return tri_fail(TRI_ERR_SYSTEM, "cannot make a folder in '%s' (TMPDIR): %s", parent, strerror(errno));
    }
    snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", a->folder);
    a->near = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (a->near < 0 || bind(a->near, (struct sockaddr *)&name, sizeof name) || listen(a->near, BACKLOG))
        return tri_fail(TRI_ERR_SYSTEM, "cannot listen at '%s': %s", name.sun_path, strerror(errno));
    append(a->text, " unix:", name.sun_path);
    return TRI_OK;
}

/* Adds this host's addresses; loopback last, since on another host it is that host. */
static void add_addresses(tri_address *a, unsigned port, int family) {
    struct ifaddrs *all = NULL;
    char host[INET6_ADDRSTRLEN], word[INET6_ADDRSTRLEN + 16];
    if (getifaddrs(&all)) return;
    for (int loopback = 0; loopback < 2; loopback++)
        for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
            if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) || !!(i->ifa_flags & IFF_LOOPBACK) != loopback)
                continue;
            const void *number = &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
            if (i->ifa_addr->sa_family == AF_INET6) {
                const struct sockaddr_in6 *six = (const void *)i->ifa_addr;
                number = &six->sin6_addr;
                if (IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr) || family != AF_INET6) continue;
            } else if (i->ifa_addr->sa_family != AF_INET)
                continue;
            if (!inet_ntop(i->ifa_addr->sa_family, number, host, sizeof host)) continue;
            snprintf(word, sizeof word, "%s:%u", host, port);
            if (strlen(a->text) + strlen(word) + 8 < TRI_POOL_ADDRESS) append(a->text, " tcp:", word);
        }
    freeifaddrs(all);
}

/* IPv6 accepts IPv4, too; some machines have no IPv6. */
static tri_status listen_far(tri_address *a) {
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    socklen_t length = sizeof six;
    int no = 0, family = AF_INET6;
    a->far = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (a->far >= 0) (void)setsockopt(a->far, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    if (a->far < 0 || bind(a->far, (struct sockaddr *)&six, sizeof six)) {
        if (a->far >= 0) close(a->far);
        family = AF_INET;
        a->far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (a->far < 0 || bind(a->far, (struct sockaddr *)&four, sizeof four))
            return tri_fail(TRI_ERR_SYSTEM, "cannot open a TCP socket: %s", strerror(errno));
    }
    if (listen(a->far, BACKLOG) || getsockname(a->far, (struct sockaddr *)&six, &length))
        return tri_fail(TRI_ERR_SYSTEM, "cannot listen on TCP: %s", strerror(errno));
    add_addresses(a, ntohs(six.sin6_port), family); /* the port is at the same place in both structs */
    return TRI_OK;
}

tri_status tri_address_listen(tri_address *a) {
    char host[HOST] = "";
    *a = (tri_address){.near = -1, .far = -1};
    TRI_TRY(tri_digest_random(a->key, sizeof a->key));
    append(a->text, title, " ");
    for (size_t i = 0; i < sizeof a->key; i++)
        snprintf(a->text + strlen(a->text), 3, "%02x", a->key[i]);
    if (gethostname(host, sizeof host - 1) || !*host) snprintf(host, sizeof host, "localhost");
    append(a->text, " ", host);
    tri_status status = listen_near(a);
    if (status == TRI_OK) status = listen_far(a);
    if (status != TRI_OK) tri_address_close(a);
    return status;
}

void tri_address_close(tri_address *a) {
    char path[sizeof a->folder + 8];
    if (a->near >= 0) close(a->near);
    if (a->far >= 0) close(a->far);
    a->near = a->far = -1;
    if (!*a->folder) return;
    snprintf(path, sizeof path, "%s/socket", a->folder);
    unlink(path);
    rmdir(a->folder);
    *a->folder = 0;
}

/* Connects within some seconds; -1: no. */
static int try_connect(const struct sockaddr *name, socklen_t length) {
    int file = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
    socklen_t size = sizeof error;
    if (file < 0) return -1;
    if (connect(file, name, length)) {
        struct pollfd wait = {.fd = file, .events = POLLOUT};
        if (errno != EINPROGRESS || poll(&wait, 1, CONNECT_MS) != 1 ||
            getsockopt(file, SOL_SOCKET, SO_ERROR, &error, &size) || error) {
            close(file);
            return -1;
        }
    }
    (void)fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK);
    tri_address_settle(file);
    return file;
}

static int connect_near(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct stat file;
    if (strlen(path) >= sizeof name.sun_path || stat(path, &file) || file.st_uid != geteuid()) return -1;
    strcpy(name.sun_path, path);
    return try_connect((struct sockaddr *)&name, sizeof name);
}

static int connect_far(char *word) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char *port = strrchr(word, ':');
    if (!port) return -1;
    *port++ = 0;
    if (getaddrinfo(word, port, &hints, &found)) return -1;
    int file = try_connect(found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return file;
}

static int read_key(const char *word, uint8_t key[TRI_DIGEST]) {
    if (strlen(word) != 2 * TRI_DIGEST || strspn(word, "0123456789abcdef") != 2 * TRI_DIGEST) return 0;
    for (size_t i = 0; i < TRI_DIGEST; i++) {
        char pair[3] = {word[2 * i], word[2 * i + 1], 0};
        key[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return 1;
}

tri_status tri_address_connect(const char *text, uint8_t key[TRI_DIGEST], int *file) {
    char copy[TRI_POOL_ADDRESS], *rest = NULL;
    if (strlen(text) >= sizeof copy || strncmp(text, title, sizeof title - 1) != 0)
        return tri_fail(TRI_ERR_ARGUMENT, "this is not the address of a pool");
    strcpy(copy, text + sizeof title - 1);
    const char *word = strtok_r(copy, " ", &rest);
    const char *host = word && read_key(word, key) ? strtok_r(NULL, " ", &rest) : NULL;
    if (!host) return tri_fail(TRI_ERR_ARGUMENT, "this is not the address of a pool");
    for (char *at; (at = strtok_r(NULL, " ", &rest));) {
        *file = -1;
        if (!strncmp(at, "unix:", 5)) *file = connect_near(at + 5);
        if (!strncmp(at, "tcp:", 4)) *file = connect_far(at + 4);
        if (*file >= 0) return TRI_OK;
    }
    return tri_fail(TRI_ERR_ENVIRONMENT, "no pool answers on host %s: it has ended, or a firewall is between",
                    host);
}
