/* A connection and its socket: moves the bytes between them. For the worker's thread. */
#ifndef BT_H2_LINK_H
#define BT_H2_LINK_H

#include "h2/connection.h"
#include "h2/socket.h"

typedef struct bt_h2_link bt_h2_link;

/* What the links of a worker share. */
typedef struct bt_h2_links {
    bt_h2_core *core;
    int epoll_fd;
    bt_h2_link *first;
    unsigned shed;      /* closed for lack of memory */
    atomic_size_t load; /* links, and sockets on their way here; others read it */
    int left_fd;        /* eventfd: told when load has come down to 0 */
    uint8_t read_space[BT_H2_READ_MAX];
    uint8_t write_space[BT_H2_WRITE_MAX];
} bt_h2_links;

struct bt_h2_link {
    bt_h2_links *links;
    bt_h2_connection *connection;
    bt_h2_socket socket;
    bt_h2_link *before, *behind;
    uint32_t events;  /* that epoll waits for */
    bool finishing;   /* all is said: waits for the peer to close, and reads nothing more */
    int64_t moved_ms; /* tick of the last bytes that the socket took */
    uint8_t *unsent;  /* of the connection's account: what the socket did not take; NULL: nothing.
                          Until it is gone nothing more is read, so a peer that does not read its
                          answers is not given more of them */
    size_t unsent_size, unsent_sent;
};

/* One less to carry. */
void bt_h2_links_left(bt_h2_links *links);

/* Takes the file descriptor, even on failure. tls may be NULL. NULL without memory. */
bt_h2_link *bt_h2_link_open(bt_h2_links *links, int fd, SSL_CTX *tls,
                            const bt_listener_policy *policy);
void bt_h2_link_close(bt_h2_link *link);

/* epoll says so. The link may be gone afterwards. */
void bt_h2_link_ready(bt_h2_link *link, uint32_t events);

/* Sends what the connection has to say; ends a link that is over. The link may be gone afterwards. */
void bt_h2_link_flush(bt_h2_link *link);

/* Closes those that hold most, while memory is short. */
void bt_h2_links_shed(bt_h2_links *links);

/* Time-outs. The link may be gone afterwards. */
void bt_h2_link_sweep(bt_h2_link *link);

#endif
