/* The HTTP listener, for proxies and for monitoring: forward-auth, health and metrics. It is a trusted listener: whoever
 * reaches it may ask, without a credential of their own.
 *
 *   /v1/forward-auth  may the request that the proxy describes go on? (http/forward_auth.h)
 *   /healthz          200 as long as the program runs
 *   /readyz           200 where it can answer checks, 503 where it cannot or is ending
 *   /metrics          Prometheus text format, version 0.0.4
 */
#ifndef BT_HTTP_SERVER_H
#define BT_HTTP_SERVER_H

#include "rpc/health.h"
#include "service/session.h"

typedef struct bt_http_options {
    const char *address;     /* 127.0.0.1:9495 or [::1]:0; loopback alone, unless insecure */
    const char *environment; /* of questions that name none; NULL: none */
    bool insecure;           /* any address */
    unsigned workers;        /* threads; 0: one a processor */
    bt_service *service;
    bt_health *health;
} bt_http_options;

typedef struct bt_http_server bt_http_server;

/* Listens and serves on return. Strings are copied. BT_ERR_INVALID (address), BT_ERR_EXISTS (it is taken),
 * BT_ERR_UNAVAILABLE, BT_ERR_EXHAUSTED. */
bt_err bt_http_server_start(const bt_http_options *options, bt_http_server **ret_server,
                            bt_fault *fault);

/* As the system gave it where 0 was asked for. */
int bt_http_server_port(const bt_http_server *server);

/* Requests that are being answered are let end. NULL is taken; returns NULL. */
bt_http_server *bt_http_server_stop(bt_http_server *server);

#endif
