/* Where a manager listens: a Unix socket for workers of its own host, and TCP on all its addresses. */
#ifndef TRIREME_POOL_ADDRESS_H
#define TRIREME_POOL_ADDRESS_H

#include "pool/digest.h"
#include "trireme/pool.h"

typedef struct tri_address {
    uint8_t key[TRI_DIGEST];
    char text[TRI_POOL_ADDRESS]; /* "trireme-pool 1 KEY HOST unix:PATH tcp:ADDRESS:PORT ..." */
    char folder[64];             /* of the Unix socket */
    int near, far;               /* the two sockets; -1: none */
} tri_address;

tri_status tri_address_listen(tri_address *address);
void tri_address_close(tri_address *address);

/* Tries all addresses of the text in turn; `*file` is a connected socket, which blocks. TRI_ERR_ENVIRONMENT:
 * none answers. TRI_ERR_ARGUMENT: the text is no address. */
tri_status tri_address_connect(const char *text, uint8_t key[TRI_DIGEST], int *file);

/* Sets what all connections have: no delay, and an end soon after the cable is pulled. */
void tri_address_settle(int file);

#endif
