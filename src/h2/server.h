/* The second transport: gRPC over HTTP/2 on libnghttp2, for the calls that must be fast. The methods and
 * handlers are those of rpc/call.h; this room only moves bytes. */
#ifndef BT_H2_SERVER_H
#define BT_H2_SERVER_H

#include "h2/limits.h"
#include "rpc/listener.h"

/* All pointers must outlive the server, but for the limits. */
typedef struct bt_h2_options {
    const bt_listener_options *listeners; /* at least one */
    size_t listeners_count;
    const bt_method *methods; /* ended by a path of NULL */
    bt_service *service;      /* may be NULL, where all methods are BT_METHOD_OPEN */
    bt_health *health;
    unsigned workers;           /* threads that serve; 0: one a processor */
    const bt_h2_limits *limits; /* NULL: BT_H2_LIMITS_DEFAULT */
} bt_h2_options;

typedef struct bt_h2_server bt_h2_server;

/* Listens and serves on return. Raises the limit of open files of the process to what connections need.
 * BT_ERR_INVALID (an option, a certificate), BT_ERR_EXISTS (the address is taken), BT_ERR_UNAVAILABLE
 * (permission), BT_ERR_EXHAUSTED (memory, threads). */
bt_err bt_h2_server_start(const bt_h2_options *options, bt_h2_server **ret_server, bt_fault *fault);

/* The port of listener `index`, as the system gave it where 0 was asked for; 0 for a UNIX socket. */
int bt_h2_server_port(const bt_h2_server *server, size_t index);

/* Reads certificates and keys again, for the connections to come. BT_ERR_INVALID names the file; the listener then
 * keeps what it had. */
bt_err bt_h2_server_reload(bt_h2_server *server, bt_fault *fault);

/* Connections that are open now. */
size_t bt_h2_server_connections(const bt_h2_server *server);

/* Takes no new connection, tells every client that no new call will be taken (GOAWAY), and ends watches and
 * dialogues. Does not wait. */
void bt_h2_server_drain_begin(bt_h2_server *server);

/* Begins, where that has not been done, and waits for the calls in flight and for the clients to leave: up to
 * timeout_ms, then their connections are closed. Whether all left by themselves. Once. */
bool bt_h2_server_drain(bt_h2_server *server, int64_t timeout_ms);

/* Lets a drain, now or to come, wait no longer. From any thread; not from a signal handler. */
void bt_h2_server_hurry(bt_h2_server *server);

/* Closes what is left, waits for handlers that still hold a call, and frees. NULL is taken; returns NULL. */
bt_h2_server *bt_h2_server_stop(bt_h2_server *server);

#endif
