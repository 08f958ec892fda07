#include "h2/server.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
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
    int left_fd; /* an event when a worker's last connection has gone, or a hurry has come */
    atomic_bool hurried;
    bool draining;
    bt_h2_totals totals;
};

static size_t workers_wanted(unsigned asked) {
    if (asked) return asked;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (size_t)cores : 1;
}

static void limit_connections(bt_h2_limits *limits) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur == RLIM_INFINITY) return;
    rlim_t wanted = files.rlim_cur + limits->connections_max;
    files.rlim_cur = wanted < files.rlim_max ? wanted : files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files)) getrlimit(RLIMIT_NOFILE, &files);
    size_t most = (size_t)files.rlim_cur;
    most = most > 2 * DESCRIPTORS_KEPT ? most - DESCRIPTORS_KEPT : most / 2;
    if (limits->connections_max > most) limits->connections_max = most;
}

static bt_err open_gates(bt_h2_server *server, const bt_h2_options *options, bt_fault *fault) {
    for (size_t i = 0; i < options->listeners_count; i++) {
        BT_TRY(bt_h2_gate_open(&options->listeners[i], &server->gates[i], fault));
        server->gate_count++;
    }
    return BT_OK;
}

static bt_err start_workers(bt_h2_server *server, const bt_h2_options *options, size_t count,
                            bt_fault *fault) {
    const bt_h2_worker_options worker = {.limits = &server->limits,
                                         .methods = options->methods,
                                         .service = options->service,
                                         .health = options->health,
                                         .totals = &server->totals,
                                         .left_fd = server->left_fd};
    for (size_t i = 0; i < count; i++) {
        BT_TRY(bt_h2_worker_start(&worker, &server->workers[i], fault));
        server->worker_count++;
    }
    return BT_OK;
}

static bt_err start(bt_h2_server *server, const bt_h2_options *options, bt_fault *fault) {
    size_t workers = workers_wanted(options->workers);
    server->limits = options->limits ? *options->limits : BT_H2_LIMITS_DEFAULT;
    limit_connections(&server->limits);
    server->limits.memory /= workers;
    server->left_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    server->gates = calloc(options->listeners_count, sizeof *server->gates);
    server->workers = calloc(workers, sizeof(bt_h2_worker *));
    if (!server->gates || !server->workers || server->left_fd < 0)
        return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for a server");
    BT_TRY(open_gates(server, options, fault));
    BT_TRY(start_workers(server, options, workers, fault));
    return bt_h2_acceptor_start(server->gates, server->gate_count, server->workers,
                                server->worker_count, server->limits.connections_max,
                                &server->acceptor, fault);
}

bt_err bt_h2_server_start(const bt_h2_options *options, bt_h2_server **ret_server,
                          bt_fault *fault) {
    bt_h2_server *server = calloc(1, sizeof *server);
    if (!server) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for a server");
    server->left_fd = -1;
    bt_err err = start(server, options, fault);
    if (err) {
        bt_h2_server_stop(server);
        return err;
    }
    *ret_server = server;
    return BT_OK;
}

int bt_h2_server_port(const bt_h2_server *server, size_t index) {
    return bt_h2_gate_port(&server->gates[index]);
}

bt_err bt_h2_server_reload(bt_h2_server *server, bt_fault *fault) {
    for (size_t i = 0; i < server->gate_count; i++)
        BT_TRY(bt_h2_gate_reload(&server->gates[i], fault));
    return BT_OK;
}

size_t bt_h2_server_connections(const bt_h2_server *server) {
    size_t count = 0;
    for (size_t i = 0; i < server->worker_count; i++)
        count += bt_h2_worker_load(server->workers[i]);
    return count;
}

/* False: time is up, or a hurry came. */
static bool wait_for_event(bt_h2_server *server, int64_t until_ns) {
    int64_t left_ms = (until_ns - bt_clock_monotonic_ns()) / 1000000;
    struct pollfd event = {.fd = server->left_fd, .events = POLLIN};
    if (left_ms <= 0 || atomic_load(&server->hurried)) return false;
    poll(&event, 1, left_ms < INT32_MAX ? (int)left_ms : INT32_MAX);
    eventfd_t count;
    (void)eventfd_read(server->left_fd, &count);
    return true;
}

void bt_h2_server_drain_begin(bt_h2_server *server) {
    if (server->draining) return;
    server->draining = true;
    server->acceptor = bt_h2_acceptor_stop(server->acceptor);
    for (size_t i = 0; i < server->gate_count; i++) bt_h2_gate_close(&server->gates[i]);
    for (size_t i = 0; i < server->worker_count; i++) bt_h2_worker_drain(server->workers[i]);
}

bool bt_h2_server_drain(bt_h2_server *server, int64_t timeout_ms) {
    int64_t until_ns = bt_clock_monotonic_ns() + timeout_ms * 1000000;
    bt_h2_server_drain_begin(server);
    bool waits = true;
    while (waits && bt_h2_server_connections(server)) waits = wait_for_event(server, until_ns);
    for (size_t i = 0; !waits && i < server->worker_count; i++)
        bt_h2_worker_cut(server->workers[i]);
    return waits;
}

void bt_h2_server_hurry(bt_h2_server *server) {
    atomic_store(&server->hurried, true);
    eventfd_write(server->left_fd, 1);
}

bt_h2_server *bt_h2_server_stop(bt_h2_server *server) {
    if (!server) return NULL;
    bt_h2_acceptor_stop(server->acceptor);
    for (size_t i = 0; i < server->worker_count; i++) bt_h2_worker_stop(server->workers[i]);
    for (size_t i = 0; i < server->gate_count; i++) bt_h2_gate_free(&server->gates[i]);
    if (server->left_fd >= 0) close(server->left_fd);
    free(server->gates);
    free(server->workers);
    free(server);
    return NULL;
}
