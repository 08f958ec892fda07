/* Where a server listens, and what it may listen on: one set of rules for every transport. */
#ifndef BT_RPC_LISTENER_H
#define BT_RPC_LISTENER_H

#include <sys/socket.h>
#include <sys/types.h>

#include "rpc/call.h"

/* As the command line has it; strings are the caller's. */
typedef struct bt_listener_options {
    const char *address; /* "127.0.0.1:9494", "localhost:0", "[::1]:9494" or "unix:/path" */
    bt_listener_policy policy;
    const char *tls_cert; /* PEM files; NULL: no TLS. The certificate with its chain */
    const char *tls_key;
    const char *tls_client_ca; /* who signs the clients' certificates, which are then needed */
    bool insecure; /* off loopback, take a trusted listener, and a guarded one without TLS */
} bt_listener_options;

typedef struct bt_socket_address {
    struct sockaddr_storage socket;
    socklen_t size;
    bool local; /* a path, or loopback: reached from this machine alone */
} bt_socket_address;

/* Names are not looked up: a number, or localhost (127.0.0.1). The port is a must, 0 is any. BT_ERR_INVALID. */
bt_err bt_socket_address_parse(const char *text, bt_socket_address *ret_address, bt_fault *fault);

/* 0 for a path. */
int bt_socket_address_port(const bt_socket_address *address);

/* Whether the options are fit to serve with. BT_ERR_INVALID. */
bt_err bt_listener_check(const bt_listener_options *options, bt_fault *fault);

/* Makes way for a UNIX socket: removes one that a server left behind when it was killed. BT_ERR_EXISTS where
 * a server answers there, or what is there is no socket; BT_ERR_UNAVAILABLE. */
bt_err bt_socket_path_clear(const bt_socket_address *address, bt_fault *fault);

/* The mask to bind a UNIX socket under: a trusted one is its owner's; a guarded one, which asks for
 * credentials as loopback does, is everybody's. */
mode_t bt_listener_umask(const bt_listener_options *options);

/* What an errno of bind or listen means. BT_ERR_EXISTS, BT_ERR_UNAVAILABLE. */
bt_err bt_listener_refused(const bt_listener_options *options, int error, bt_fault *fault);

#endif
