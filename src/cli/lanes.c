#include "cli/lanes.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "grpc/server.h"
#include "h2/server.h"

#define ADDRESS_SIZE 160u

/* The listeners of one transport. */
typedef struct bt_lane {
    size_t count;
    bt_listener_options listeners[2 * BT_LIST_MAX];
    char addresses[2 * BT_LIST_MAX][ADDRESS_SIZE];
} bt_lane;

struct bt_lanes {
    bt_lane core;
    bt_lane fast;
    bt_grpc_server *grpc; /* serves core; NULL where that is empty */
    bt_h2_server *h2;     /* serves fast, likewise */
};

static bt_err add(bt_lane *lane, const bt_lanes_options *options, bt_bytes text, bool trusted,
                  bt_fault *fault) {
    char *address = lane->addresses[lane->count];
    bt_listener_options *listener = &lane->listeners[lane->count];
    if (!bt_bytes_copy_text(text, address, ADDRESS_SIZE))
        return bt_fail(fault, BT_ERR_INVALID, "address %.*s: is too long", BT_BYTES_ARG(text));
    bool tls = !trusted && !bt_bytes_starts_with(text, BT_LITERAL("unix:"));
    *listener = (bt_listener_options){.address = address,
                                      .policy = {.trusted = trusted},
                                      .tls_cert = tls ? options->tls_cert : NULL,
                                      .tls_key = tls ? options->tls_key : NULL,
                                      .tls_client_ca = tls ? options->tls_client_ca : NULL,
                                      .insecure = options->insecure};
    bt_bytes environment = bt_bytes_text(options->environment);
    if (trusted && !bt_bytes_copy_text(environment, listener->policy.environment,
                                       sizeof listener->policy.environment))
        return bt_fail(fault, BT_ERR_INVALID, "--environment %.*s: is too long for a name",
                       BT_BYTES_ARG(environment));
    BT_TRY(bt_listener_check(listener, fault));
    lane->count++;
    return BT_OK;
}

/* One address "none" stands for no listener at all. */
static bt_err add_all(bt_lanes *lanes, const bt_lanes_options *options, bool trusted,
                      bt_fault *fault) {
    const bt_bytes fast = BT_LITERAL("h2:");
    const bt_list *list = trusted ? &options->trusted : &options->guarded;
    if (list->count == 1 && bt_bytes_equal(list->items[0], BT_LITERAL("none"))) return BT_OK;
    for (size_t i = 0; i < list->count; i++) {
        bt_bytes text = list->items[i];
        bool is_fast = bt_bytes_starts_with(text, fast);
        if (is_fast) text = bt_bytes_of(text.data + fast.size, text.size - fast.size);
        BT_TRY(add(is_fast ? &lanes->fast : &lanes->core, options, text, trusted, fault));
    }
    return BT_OK;
}

void bt_lanes_warn(const bt_listener_options *listener) {
    bt_socket_address address;
    if (bt_socket_address_parse(listener->address, &address, NULL) || address.local) return;
    if (listener->policy.trusted)
        bt_log(BT_LOG_WARNING,
               "insecure: whoever reaches this address may ask without a credential address=%s",
               listener->address);
    else if (!listener->tls_cert)
        bt_log(BT_LOG_WARNING,
               "insecure: callers' keys and the tokens that they ask about cross the network in "
               "the clear address=%s",
               listener->address);
}

/* With the port that the system gave where 0 was asked for; port is 0 for a UNIX socket. */
static void log_listener(const bt_listener_options *listener, int port, const char *transport) {
    const char *colon = strrchr(listener->address, ':');
    char address[ADDRESS_SIZE + 8];
    if (port && colon)
        snprintf(address, sizeof address, "%.*s:%d", (int)(colon - listener->address),
                 listener->address, port);
    else
        snprintf(address, sizeof address, "%s", listener->address);
    bt_log(BT_LOG_INFO, "listening address=%s access=%s transport=%s tls=%s", address,
           listener->policy.trusted ? "trusted" : "guarded", transport,
           listener->tls_cert ? "yes" : "no");
    bt_lanes_warn(listener);
}

static bt_err start_core(bt_lanes *lanes, unsigned workers, bt_service *service, bt_health *health,
                         bt_fault *fault) {
    bt_grpc_options options = {.listeners = lanes->core.listeners,
                               .listeners_count = lanes->core.count,
                               .methods = bt_methods,
                               .service = service,
                               .health = health,
                               .workers = workers};
    if (lanes->core.count == 0) return BT_OK;
    BT_TRY(bt_grpc_server_start(&options, &lanes->grpc, fault));
    for (size_t i = 0; i < lanes->core.count; i++)
        log_listener(&lanes->core.listeners[i], bt_grpc_server_port(lanes->grpc, i), "grpc");
    return BT_OK;
}

static bt_err start_fast(bt_lanes *lanes, unsigned workers, bt_service *service, bt_health *health,
                         bt_fault *fault) {
    bt_h2_options options = {.listeners = lanes->fast.listeners,
                             .listeners_count = lanes->fast.count,
                             .methods = bt_methods,
                             .service = service,
                             .health = health,
                             .workers = workers};
    if (lanes->fast.count == 0) return BT_OK;
    BT_TRY(bt_h2_server_start(&options, &lanes->h2, fault));
    for (size_t i = 0; i < lanes->fast.count; i++)
        log_listener(&lanes->fast.listeners[i], bt_h2_server_port(lanes->h2, i), "h2");
    return BT_OK;
}

static bt_err start(bt_lanes *lanes, const bt_lanes_options *options, bt_service *service,
                    bt_health *health, bt_fault *fault) {
    BT_TRY(add_all(lanes, options, false, fault));
    BT_TRY(add_all(lanes, options, true, fault));
    if (lanes->core.count + lanes->fast.count == 0)
        return bt_fail(fault, BT_ERR_INVALID,
                       "with --grpc none and --grpc-trusted none there is nothing to listen on");
    BT_TRY(start_core(lanes, options->workers, service, health, fault));
    return start_fast(lanes, options->workers, service, health, fault);
}

bt_err bt_lanes_start(const bt_lanes_options *options, bt_service *service, bt_health *health,
                      bt_lanes **ret_lanes, bt_fault *fault) {
    bt_lanes *lanes = calloc(1, sizeof *lanes);
    if (!lanes) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for listeners");
    bt_err err = start(lanes, options, service, health, fault);
    if (err)
        bt_lanes_stop(lanes);
    else
        *ret_lanes = lanes;
    return err;
}

bt_err bt_lanes_reload(bt_lanes *lanes, bt_fault *fault) {
    if (lanes->h2) BT_TRY(bt_h2_server_reload(lanes->h2, fault));
    return lanes->grpc ? bt_grpc_server_reload(lanes->grpc, fault) : BT_OK;
}

bool bt_lanes_drain(bt_lanes *lanes, int64_t timeout_ms) {
    int64_t end_ns = bt_clock_monotonic_ns() + timeout_ms * 1000000;
    if (lanes->h2) bt_h2_server_drain_begin(lanes->h2);
    bool core = !lanes->grpc || bt_grpc_server_drain(lanes->grpc, timeout_ms);
    int64_t left_ms = (end_ns - bt_clock_monotonic_ns()) / 1000000;
    bool fast = !lanes->h2 || bt_h2_server_drain(lanes->h2, left_ms);
    return core && fast;
}

void bt_lanes_hurry(bt_lanes *lanes) {
    if (lanes->h2) bt_h2_server_hurry(lanes->h2);
    if (lanes->grpc) bt_grpc_server_hurry(lanes->grpc);
}

bt_lanes *bt_lanes_stop(bt_lanes *lanes) {
    if (!lanes) return NULL;
    bt_h2_server_stop(lanes->h2);
    bt_grpc_server_stop(lanes->grpc);
    free(lanes);
    return NULL;
}
