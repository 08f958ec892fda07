/* rooms: h2 support */
#include "h2/server.h"
#include "support/echo.h"

static bt_h2_server *server;

static bt_h2_limits limits_of(const echo_options *asked) {
    bt_h2_limits limits = BT_H2_LIMITS_DEFAULT;
    if (asked->calls) limits.calls_max = asked->calls;
    if (asked->streams) limits.endless_max = asked->streams;
    if (asked->connections) limits.connections_max = asked->connections;
    if (asked->header_max) limits.header_list_max = (uint32_t)asked->header_max;
    if (asked->memory) limits.memory = asked->memory;
    if (asked->handshake_ms) limits.handshake_ms = asked->handshake_ms;
    if (asked->request_ms) limits.request_ms = asked->request_ms;
    if (asked->idle_ms) limits.idle_ms = asked->idle_ms;
    return limits;
}

static bt_err start(const echo_options *asked, bt_fault *fault) {
    const bt_h2_limits limits = limits_of(asked);
    const bt_h2_options options = {.listeners = &asked->listener,
                                   .listeners_count = 1,
                                   .methods = echo_methods,
                                   .health = asked->health,
                                   .workers = asked->workers,
                                   .limits = &limits};
    return bt_h2_server_start(&options, &server, fault);
}

static int port(void) {
    return bt_h2_server_port(server, 0);
}

static bool drain(int64_t timeout_ms) {
    return bt_h2_server_drain(server, timeout_ms);
}

static void hurry(void) {
    bt_h2_server_hurry(server);
}

static void stop(void) {
    server = bt_h2_server_stop(server);
}

int main(int argc, char **argv) {
    const echo_transport transport = {start, port, drain, hurry, stop};
    return echo_main(argc, argv, &transport);
}
