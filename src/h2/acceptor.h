/* Listening sockets, and the thread that hands their connections to the workers: each to the one that has
 * fewest. (SO_REUSEPORT, the kernel's way, draws lots: of 8 connections to 2 sockets it was seen to give 6 or
 * more to one of them in 285 of 1,000 tries.) */
#ifndef BT_H2_ACCEPTOR_H
#define BT_H2_ACCEPTOR_H

#include <pthread.h>

#include "h2/tls.h"
#include "h2/worker.h"

typedef struct bt_h2_gate {
    int fd;
    const bt_listener_options *options;
    pthread_mutex_t lock; /* of tls, which a reload replaces */
    SSL_CTX *tls;         /* NULL: plain */
    bt_listener_policy policy;
    char path[108]; /* of a UNIX socket, removed in the end; empty: TCP */
} bt_h2_gate;

/* Binds and listens. The options must outlive it. BT_ERR_INVALID, BT_ERR_EXISTS (taken), BT_ERR_UNAVAILABLE. */
bt_err bt_h2_gate_open(const bt_listener_options *options, bt_h2_gate *ret_gate, bt_fault *fault);
/* Listens no more. */
void bt_h2_gate_close(bt_h2_gate *gate);
void bt_h2_gate_free(bt_h2_gate *gate);
/* For connections from now on, from any thread: a reference of the caller's, given back with bt_h2_tls_free. */
SSL_CTX *bt_h2_gate_tls(bt_h2_gate *gate);
/* Reads the certificate's files again; on failure, which is BT_ERR_INVALID, all stays as it was. */
bt_err bt_h2_gate_reload(bt_h2_gate *gate, bt_fault *fault);
/* 0 for a UNIX socket. */
int bt_h2_gate_port(const bt_h2_gate *gate);

typedef struct bt_h2_acceptor bt_h2_acceptor;

/* Gates and workers must outlive it. Past connections_max in all, a connection is closed at once. */
bt_err bt_h2_acceptor_start(bt_h2_gate *gates, size_t gate_count, bt_h2_worker **workers,
                            size_t worker_count, size_t connections_max,
                            bt_h2_acceptor **ret_acceptor, bt_fault *fault);
/* NULL is taken; returns NULL. */
bt_h2_acceptor *bt_h2_acceptor_stop(bt_h2_acceptor *acceptor);

#endif
