/* One thread with its connections. Workers share nothing but the store. */
#ifndef BT_H2_WORKER_H
#define BT_H2_WORKER_H

#include <stdatomic.h>

#include "h2/link.h"
#include "h2/tls.h"

typedef struct bt_h2_worker bt_h2_worker;

typedef struct bt_h2_worker_options {
    const bt_h2_limits *limits;
    const bt_method *methods;
    bt_service *service; /* may be NULL, where all methods are BT_METHOD_OPEN */
    bt_health *health;
    bt_h2_totals *totals;
    int left_fd; /* eventfd: told when the last connection has gone */
} bt_h2_worker_options;

/* Starts the thread. The options' strings and tables must outlive it. */
bt_err bt_h2_worker_start(const bt_h2_worker_options *options, bt_h2_worker **ret_worker,
                          bt_fault *fault);

/* The following are for other threads. */

/* Connections that it has, or has been given and not yet taken. */
size_t bt_h2_worker_load(const bt_h2_worker *worker);
/* Gives it a socket, and a reference to tls, which may be NULL. */
void bt_h2_worker_give(bt_h2_worker *worker, int fd, SSL_CTX *tls,
                       const bt_listener_policy *policy);
/* Drains every connection. */
void bt_h2_worker_drain(bt_h2_worker *worker);
/* Closes every connection. */
void bt_h2_worker_cut(bt_h2_worker *worker);
/* Cuts what is left, waits for handlers that have not answered, and joins. NULL is taken; returns NULL. */
bt_h2_worker *bt_h2_worker_stop(bt_h2_worker *worker);

#endif
