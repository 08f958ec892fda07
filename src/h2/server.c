#include "h2/server.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "h2/acceptor.h"

/* File descriptors for all that is not a connection: the store, other listeners, the log. */
#define DESCRIPTORS_KEPT 128u

struct bt_h2_server {
    bt_h2_limits limits;
    bt_h2_gate *gates;
    size_t gate_count;
    bt_h2_worker **workers;
    size_t worker_count;
    bt_h2_acceptor *acceptor;
};

static size_t workers_wanted(unsigned asked) {
    if (asked) return asked;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (size_t)cores : 1;
}

static void limit_connections(bt_h2_limits *limits) {
    struct rlimit descriptors;
    if (getrlimit(RLIMIT_NOFILE, &descriptors) || descriptors.rlim_cur == RLIM_INFINITY) return;
    size_t most = (size_t)descriptors.rlim_cur;
    most = most > 2 * DESCRIPTORS_KEPT ? most - DESCRIPTORS_KEPT : most / 2;
    if (limits->connections_max > most) limits->connections_max = most;
}

static bt_err open_gates(bt_h2_server *server, const bt_h2_server_options *options,
                         bt_fault *fault) {
    for (size_t i = 0; i < options->listener_count; i++) {
        BT_TRY(bt_h2_gate_open(&options->listeners[i], &server->gates[i], fault));
        server->gate_count++;
    }
    return BT_OK;
}

static bt_err start_workers(bt_h2_server *server, const bt_h2_server_options *options, size_t count,
                            bt_fault *fault) {
    const bt_h2_worker_options worker = {.limits = &server->limits,
                                         .methods = options->methods,
                                         .service = options->service,
                                         .health = options->health};
    for (size_t i = 0; i < count; i++) {
        BT_TRY(bt_h2_worker_start(&worker, &server->workers[i], fault));
        server->worker_count++;
    }
    return BT_OK;
}

static bt_err start(bt_h2_server *server, const bt_h2_server_options *options, bt_fault *fault) {
    size_t workers = workers_wanted(options->workers);
    server->limits = options->limits ? *options->limits : BT_H2_LIMITS_DEFAULT;
    limit_connections(&server->limits);
    server->gates = calloc(options->listener_count, sizeof *server->gates);
    server->workers = calloc(workers, sizeof(bt_h2_worker *));
    if (!server->gates || !server->workers)
        return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for a server");
    BT_TRY(open_gates(server, options, fault));
    BT_TRY(start_workers(server, options, workers, fault));
    return bt_h2_acceptor_start(server->gates, server->gate_count, server->workers,
                                server->worker_count, server->limits.connections_max,
                                &server->acceptor, fault);
}

bt_err bt_h2_server_start(const bt_h2_server_options *options, bt_h2_server **ret_server,
                          bt_fault *fault) {
    bt_h2_server *server = calloc(1, sizeof *server);
    if (!server) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for a server");
    bt_err err = start(server, options, fault);
    if (err) {
        bt_h2_server_stop(server);
        return err;
    }
    *ret_server = server;
    return BT_OK;
}

uint16_t bt_h2_server_port(const bt_h2_server *server, size_t listener) {
    return bt_h2_gate_port(&server->gates[listener]);
}

void bt_h2_server_drain(bt_h2_server *server) {
    server->acceptor = bt_h2_acceptor_stop(server->acceptor);
    for (size_t i = 0; i < server->gate_count; i++) bt_h2_gate_close(&server->gates[i]);
    for (size_t i = 0; i < server->worker_count; i++) bt_h2_worker_drain(server->workers[i]);
}

size_t bt_h2_server_connections(const bt_h2_server *server) {
    size_t count = 0;
    for (size_t i = 0; i < server->worker_count; i++)
        count += bt_h2_worker_load(server->workers[i]);
    return count;
}

bt_h2_server *bt_h2_server_stop(bt_h2_server *server) {
    if (!server) return NULL;
    bt_h2_acceptor_stop(server->acceptor);
    for (size_t i = 0; i < server->worker_count; i++) bt_h2_worker_stop(server->workers[i]);
    for (size_t i = 0; i < server->gate_count; i++) {
        bt_h2_gate_close(&server->gates[i]);
        bt_h2_tls_free(server->gates[i].tls);
    }
    free(server->gates);
    free(server->workers);
    free(server);
    return NULL;
}
