/* The general server: every method, over TCP and UNIX sockets, with TLS, on gRPC's own core library.
 *
 * A program runs it like this, and a second signal in 4 to 6 is bt_grpc_server_hurry:
 *   1. bt_grpc_server_start
 *   2. bt_health_set_serving(health, true), and wait for a signal
 *   3. bt_health_set_serving(health, false)
 *   4. wait the settle time, in which who asks for the health looks elsewhere
 *   5. bt_grpc_server_drain, with the time that calls have to end
 *   6. bt_grpc_server_stop, and only then stop the writer, which may still hold calls */
#ifndef BT_GRPC_SERVER_H
#define BT_GRPC_SERVER_H

#include "rpc/health.h"
#include "rpc/listener.h"

#define BT_GRPC_WORKERS_MAX 256u
#define BT_GRPC_CALLS 4096u
#define BT_GRPC_CONNECTIONS 8192u
#define BT_GRPC_HEADER_MAX ((size_t)16 << 10)
#define BT_GRPC_MEMORY ((size_t)512 << 20)

/* Numbers of 0 take the default that is named beside them. All pointers must outlive the server. */
typedef struct bt_grpc_options {
    const bt_listener_options *listeners; /* at least one */
    size_t listeners_count;
    const bt_method *methods; /* ended by a path of NULL */
    bt_service *service;      /* NULL where every method is BT_METHOD_OPEN */
    bt_health *health;
    unsigned workers; /* threads that serve: one a processor */
    unsigned calls;   /* in flight at most; more are RESOURCE_EXHAUSTED at once: BT_GRPC_CALLS */
    unsigned streams; /* of these, watches and dialogues at most: half of calls */
    unsigned connections; /* open at most; more are closed at once: BT_GRPC_CONNECTIONS */
    size_t header_max;    /* bytes of a request's headers: BT_GRPC_HEADER_MAX */
    /* Bytes that gRPC may use for connections and calls. Near it, it shrinks its windows, takes no new
     * connection, and then cancels calls: BT_GRPC_MEMORY. */
    size_t memory;
} bt_grpc_options;

typedef struct bt_grpc_server bt_grpc_server;

/* Listens and serves on return. Raises the limit of open files of the process to what connections need,
 * and overrides accept4 for the process (grpc/connections.h). Errors name the address and the remedy:
 * BT_ERR_INVALID (an address, a certificate), BT_ERR_EXISTS (the address is taken), BT_ERR_UNAVAILABLE
 * (permission, memory, limits of the system). */
bt_err bt_grpc_server_start(const bt_grpc_options *options, bt_grpc_server **ret_server,
                            bt_fault *fault);

/* The port of listener `index`, as the system gave it where 0 was asked for; 0 for a UNIX socket. */
int bt_grpc_server_port(const bt_grpc_server *server, size_t index);

/* Reads certificates and keys again, for the connections to come. BT_ERR_INVALID names the file; the listener then
 * keeps what it had. */
bt_err bt_grpc_server_reload(bt_grpc_server *server, bt_fault *fault);

/* Takes no new connection and no new call, and waits for the calls in flight: up to timeout_ms, then they
 * are cancelled. Watches and dialogues are ended at once. Returns when none is left; whether all ended
 * by themselves. Once. */
bool bt_grpc_server_drain(bt_grpc_server *server, int64_t timeout_ms);

/* Lets a drain, now or to come, wait no longer. From any thread; not from a signal handler. */
void bt_grpc_server_hurry(bt_grpc_server *server);

/* Drains without waiting where that has not been done, and frees. Waits for handlers that still hold a
 * call. NULL is taken; returns NULL. */
bt_grpc_server *bt_grpc_server_stop(bt_grpc_server *server);

#endif
