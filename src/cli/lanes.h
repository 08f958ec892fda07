/* The listeners of a server: from addresses as the command line has them to running transports. */
#ifndef BT_CLI_LANES_H
#define BT_CLI_LANES_H

#include "cli/options.h"
#include "rpc/health.h"
#include "rpc/listener.h"

typedef struct bt_lanes_options {
    bt_list guarded; /* addresses */
    bt_list trusted;
    const char *environment; /* of trusted listeners; NULL: none */
    const char *tls_cert;    /* of guarded listeners on TCP; NULL: no TLS */
    const char *tls_key;
    const char *tls_client_ca;
    bool insecure;
    unsigned workers; /* 0: one a processor */
} bt_lanes_options;

typedef struct bt_lanes bt_lanes;

/* Listens and serves on return, and logs each listener with the port that it got. Strings are copied.
 * BT_ERR_INVALID, and those of the transports. */
bt_err bt_lanes_start(const bt_lanes_options *options, bt_service *service, bt_health *health,
                      bt_lanes **ret_lanes, bt_fault *fault);

/* Reads certificates and keys again, for the connections to come. BT_ERR_INVALID names the file, and what was read
 * before serves on. */
bt_err bt_lanes_reload(bt_lanes *lanes, bt_fault *fault);

/* Logs a warning where a listener is as --insecure alone lets it be. */
void bt_lanes_warn(const bt_listener_options *listener);

/* Takes no new calls and waits for those in flight, up to timeout_ms; then they are cancelled. Whether all
 * ended by themselves. */
bool bt_lanes_drain(bt_lanes *lanes, int64_t timeout_ms);

/* Lets a drain, now or to come, wait no longer. From any thread. */
void bt_lanes_hurry(bt_lanes *lanes);

/* NULL is taken; returns NULL. Only then may the service end. */
bt_lanes *bt_lanes_stop(bt_lanes *lanes);

#endif
