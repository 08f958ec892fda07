/* A server with methods that are made for trying a transport: tests/e2e/test_transport.py runs one on each.
 *
 *   echo_<transport> ADDRESS [--name value]...
 *
 * --trusted 1, --insecure 1, --tls-cert, --tls-key, --tls-client-ca, --workers, --calls, --connections,
 * --streams, --header-max, --memory, --handshake-ms, --request-ms, --idle-ms, --drain-ms, --settle-ms.
 * Prints "port N" once it serves. SIGTERM drains, a second one cuts that short; exits 0 where every call
 * ended by itself, 3 where some were cut. SIGUSR1 lets the calls of Hold go on. */
#ifndef BT_TESTS_SUPPORT_ECHO_H
#define BT_TESTS_SUPPORT_ECHO_H

#include "rpc/health.h"
#include "rpc/listener.h"

extern const bt_method echo_methods[];
/* Ends the calls that wait. */
void echo_let_go(void);

/* Numbers are 0 where they were not given. */
typedef struct echo_options {
    bt_listener_options listener;
    bt_health *health;
    unsigned workers, calls, streams, connections;
    size_t header_max, memory;
    int64_t handshake_ms, request_ms, idle_ms;
} echo_options;

typedef struct echo_transport {
    bt_err (*start)(const echo_options *options, bt_fault *fault);
    int (*port)(void);
    bool (*drain)(int64_t timeout_ms);
    void (*hurry)(void);
    void (*stop)(void);
} echo_transport;

int echo_main(int argc, char **argv, const echo_transport *transport);

#endif
