/* The second transport: gRPC over HTTP/2 on libnghttp2, for the calls that must be fast. The methods and
 * handlers are those of rpc/call.h; this room only moves bytes. */
#ifndef BT_H2_SERVER_H
#define BT_H2_SERVER_H

#include "h2/limits.h"
#include "rpc/listener.h"

typedef struct bt_h2_server bt_h2_server;

typedef struct bt_h2_server_options {
    const bt_listener_options *listeners;
    size_t listener_count;
    const bt_method *methods; /* ended by a path of NULL */
    bt_service *service;      /* may be NULL, where all methods are BT_METHOD_OPEN */
    bt_health *health;
    unsigned workers;           /* threads; 0: one a core */
    const bt_h2_limits *limits; /* NULL: BT_H2_LIMITS_DEFAULT */
} bt_h2_server_options;

/* Listens and starts its threads. Methods, service and health must outlive the server; the rest is copied.
 * BT_ERR_INVALID (an option), BT_ERR_UNAVAILABLE (an address), BT_ERR_EXHAUSTED. */
bt_err bt_h2_server_start(const bt_h2_server_options *options, bt_h2_server **ret_server,
                          bt_fault *fault);

/* The TCP port of a listener; 0 for a UNIX socket. */
uint16_t bt_h2_server_port(const bt_h2_server *server, size_t listener);

/* Takes no new connections, and tells every client that no new call will be taken (GOAWAY). Calls under way go
 * on. */
void bt_h2_server_drain(bt_h2_server *server);

/* Connections that are open. After a drain it comes down to 0 as clients see their last answers. */
size_t bt_h2_server_connections(const bt_h2_server *server);

/* Closes what is left, waits for handlers that have not answered, and frees. NULL is taken; returns NULL. */
bt_h2_server *bt_h2_server_stop(bt_h2_server *server);

#endif
