#include "grpc/server.h"

#include <errno.h>
#include <grpc/support/log.h>
#include <malloc.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "grpc/connections.h"
#include "grpc/core.h"

/* While listeners are opened, what gRPC has to say is said better by the fault. */
static void be_quiet(gpr_log_func_args *line) {
    (void)line;
}

static void log_line(gpr_log_func_args *line) {
    bt_log(line->severity == GPR_LOG_SEVERITY_ERROR ? BT_LOG_WARNING : BT_LOG_DEBUG, "grpc: %s",
           line->message);
}

static unsigned processors(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > BT_GRPC_WORKERS_MAX ? BT_GRPC_WORKERS_MAX : (unsigned)count;
}

static bt_err fill_options(bt_grpc_server *server, bt_fault *fault) {
    bt_grpc_options *options = &server->options;
    if (!options->workers) options->workers = processors();
    if (!options->calls) options->calls = BT_GRPC_CALLS;
    if (!options->streams) options->streams = (options->calls + 1) / 2;
    if (!options->connections) options->connections = BT_GRPC_CONNECTIONS;
    if (!options->header_max) options->header_max = BT_GRPC_HEADER_MAX;
    if (!options->memory) options->memory = BT_GRPC_MEMORY;
    if (options->workers > BT_GRPC_WORKERS_MAX)
        return bt_fail(fault, BT_ERR_INVALID, "workers: %u are more than %u", options->workers,
                       BT_GRPC_WORKERS_MAX);
    return BT_OK;
}

static bt_err limit_connections(bt_grpc_server *server, bt_fault *fault) {
    unsigned wanted = server->options.connections, allowed;
    BT_TRY(bt_connections_limit(wanted, &allowed, fault));
    if (allowed < wanted)
        bt_log(BT_LOG_WARNING,
               "fewer connections than wanted, for lack of file descriptors (ulimit -n, "
               "LimitNOFILE=) connections=%u wanted=%u",
               allowed, wanted);
    return BT_OK;
}

/* absl::SetMutexDeadlockDetectionMode, where the library has it. Debian builds Abseil without NDEBUG: each
 * lock in gRPC is then written into one graph for the process, under one lock, to find lock orders that
 * could deadlock, and one that is found aborts the program. It costs about 6 % of a call with two workers. */
extern void bt_set_deadlock_detection(int mode) __asm__(
    "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE") __attribute__((weak));

#define IGNORE_DEADLOCKS 0

static void stop_watching_locks(void) {
    if (bt_set_deadlock_detection) bt_set_deadlock_detection(IGNORE_DEADLOCKS);
}

/* Threads take memory that others give back, for which each allocator arena keeps a stock: as many arenas
 * as threads are enough. */
static void bound_allocator(const bt_grpc_server *server) {
    mallopt(M_ARENA_MAX, (int)server->options.workers);
}

static void init_lock(bt_grpc_server *server) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static bt_err make_workers(bt_grpc_server *server, bt_fault *fault) {
    server->workers = calloc(server->options.workers, sizeof *server->workers);
    if (!server->workers) return bt_fail(fault, BT_ERR_UNAVAILABLE, "no memory");
    for (size_t i = 0; i < server->options.workers; i++)
        BT_TRY(bt_grpc_worker_init(&server->workers[i], server, fault));
    return BT_OK;
}

static bt_err open_doors(bt_grpc_server *server, bt_fault *fault) {
    for (size_t i = 0; i < server->doors_count; i++) {
        server->doors[i].owner = server;
        BT_TRY(bt_grpc_door_open(&server->doors[i], &server->options.listeners[i], fault));
    }
    return BT_OK;
}

static bt_err run(bt_grpc_server *server, bt_fault *fault) {
    gpr_set_log_function(log_line);
    for (size_t i = 0; i < server->doors_count; i++) grpc_server_start(server->doors[i].server);
    for (size_t i = 0; i < server->options.workers; i++) {
        BT_TRY(bt_grpc_worker_start(&server->workers[i], fault));
        server->workers_started++;
    }
    return BT_OK;
}

static bt_err build(bt_grpc_server *server, bt_fault *fault) {
    BT_TRY(fill_options(server, fault));
    BT_TRY(limit_connections(server, fault));
    bound_allocator(server);
    server->doors = calloc(server->options.listeners_count, sizeof *server->doors);
    if (!server->doors) return bt_fail(fault, BT_ERR_UNAVAILABLE, "no memory");
    server->doors_count = server->options.listeners_count;
    for (size_t i = 0; i < server->doors_count; i++)
        bt_grpc_certificates_init(&server->doors[i].certificates, &server->options.listeners[i]);
    server->quota = grpc_resource_quota_create("bitting");
    grpc_resource_quota_resize(server->quota, server->options.memory);
    BT_TRY(make_workers(server, fault));
    BT_TRY(open_doors(server, fault));
    return run(server, fault);
}

bt_err bt_grpc_server_start(const bt_grpc_options *options, bt_grpc_server **ret_server,
                            bt_fault *fault) {
    bt_grpc_server *server = calloc(1, sizeof *server);
    if (!server) return bt_fail(fault, BT_ERR_UNAVAILABLE, "no memory");
    server->options = *options;
    server->methods = options->methods;
    server->service = options->service;
    server->health = options->health;
    init_lock(server);
    stop_watching_locks();
    gpr_set_log_function(be_quiet);
    grpc_init();
    bt_err err = build(server, fault);
    if (err)
        bt_grpc_server_stop(server);
    else
        *ret_server = server;
    return err;
}

int bt_grpc_server_port(const bt_grpc_server *server, size_t index) {
    return server->doors[index].port;
}

bt_err bt_grpc_server_reload(bt_grpc_server *server, bt_fault *fault) {
    for (size_t i = 0; i < server->doors_count; i++)
        BT_TRY(bt_grpc_certificates_load(&server->doors[i].certificates, fault));
    return BT_OK;
}

static void door_closed(void *subject, bool ok) {
    bt_grpc_server *server = subject;
    (void)ok;
    pthread_mutex_lock(&server->lock);
    server->doors_open--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static void close_doors(bt_grpc_server *server) {
    for (size_t i = 0; i < server->doors_count; i++) {
        bt_grpc_door *door = &server->doors[i];
        if (!door->server) continue;
        door->closed_tag = (bt_grpc_tag){door_closed, server};
        pthread_mutex_lock(&server->lock);
        server->doors_open++;
        pthread_mutex_unlock(&server->lock);
        BT_TAG_GOES_IN(&door->closed_tag);
        grpc_server_shutdown_and_notify(door->server, server->workers[0].queue, &door->closed_tag);
    }
}

static void cancel_calls(bt_grpc_server *server) {
    for (size_t i = 0; i < server->doors_count; i++)
        if (server->doors[i].server) grpc_server_cancel_all_calls(server->doors[i].server);
}

/* False: time is up, or a hurry came. */
static bool wait_closed(bt_grpc_server *server, int64_t until_ns) {
    struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    int error = 0;
    pthread_mutex_lock(&server->lock);
    while (server->doors_open && !server->hurried && error != ETIMEDOUT)
        error = pthread_cond_timedwait(&server->changed, &server->lock, &until);
    bool closed = !server->doors_open;
    pthread_mutex_unlock(&server->lock);
    return closed;
}

/* Where no thread serves the queue that tells of closed doors, this one does. */
static void wait_all_closed(bt_grpc_server *server) {
    pthread_mutex_lock(&server->lock);
    while (server->doors_open) {
        if (server->workers_started) {
            pthread_cond_wait(&server->changed, &server->lock);
            continue;
        }
        pthread_mutex_unlock(&server->lock);
        bt_grpc_worker_step(&server->workers[0]);
        pthread_mutex_lock(&server->lock);
    }
    pthread_mutex_unlock(&server->lock);
}

bool bt_grpc_server_drain(bt_grpc_server *server, int64_t timeout_ms) {
    if (server->draining) return true;
    server->draining = true;
    if (server->workers_started) bt_health_end_watches(server->health);
    close_doors(server);
    bt_grpc_streams_end(server);
    bool closed = wait_closed(server, bt_clock_monotonic_ns() + timeout_ms * 1000000);
    if (!closed) cancel_calls(server);
    wait_all_closed(server);
    return closed;
}

void bt_grpc_server_hurry(bt_grpc_server *server) {
    pthread_mutex_lock(&server->lock);
    server->hurried = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static void end_workers(bt_grpc_server *server) {
    for (size_t i = 0; server->workers && i < server->options.workers; i++) {
        bt_grpc_worker *worker = &server->workers[i];
        if (!worker->queue) continue;
        if (i < server->workers_started) {
            bt_grpc_worker_join(worker);
        } else {
            grpc_completion_queue_shutdown(worker->queue);
            while (bt_grpc_worker_step(worker)) continue;
        }
        bt_grpc_worker_destroy(worker);
    }
}

bt_grpc_server *bt_grpc_server_stop(bt_grpc_server *server) {
    if (!server) return NULL;
    bt_grpc_server_drain(server, 0);
    end_workers(server);
    for (size_t i = 0; i < server->doors_count; i++) bt_grpc_door_destroy(&server->doors[i]);
    if (server->quota) grpc_resource_quota_unref(server->quota);
    grpc_shutdown_blocking();
    for (size_t i = 0; i < server->doors_count; i++) bt_grpc_door_clear(&server->doors[i]);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server->workers);
    free(server->doors);
    free(server);
    return NULL;
}
