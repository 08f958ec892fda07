/* A connected socket, plain or under TLS, that never blocks. */
#ifndef BT_H2_SOCKET_H
#define BT_H2_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/types.h>

typedef struct bt_h2_socket {
    int fd;
    SSL *ssl;        /* NULL: plain */
    bool shaking;    /* the TLS handshake is under way */
    bool wants_room; /* the handshake waits until the socket can be written */
} bt_h2_socket;

/* Both read and write give bytes moved, or one of these. */
#define BT_H2_SOCKET_LATER ((ssize_t)-1) /* nothing now */
#define BT_H2_SOCKET_OVER ((ssize_t)-2)  /* ended, or failed */

/* Takes the file descriptor, which must not block, even on failure. tls may be NULL. */
bool bt_h2_socket_open(bt_h2_socket *socket, int fd, SSL_CTX *tls);
void bt_h2_socket_close(bt_h2_socket *socket);

/* Goes on with the handshake. False: it failed. */
bool bt_h2_socket_shake(bt_h2_socket *socket);

ssize_t bt_h2_socket_read(bt_h2_socket *socket, uint8_t *ret_bytes, size_t size);
ssize_t bt_h2_socket_write(bt_h2_socket *socket, const uint8_t *bytes, size_t size);

/* Says that nothing more will be written. */
void bt_h2_socket_finish(bt_h2_socket *socket);

#endif
