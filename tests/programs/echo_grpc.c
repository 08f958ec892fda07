/* rooms: grpc support */
#include "grpc/server.h"
#include "support/echo.h"

static bt_grpc_server *server;

static bt_err start(const echo_options *asked, bt_fault *fault) {
    static bt_listener_options listener;
    listener = asked->listener;
    const bt_grpc_options options = {.listeners = &listener,
                                     .listeners_count = 1,
                                     .methods = echo_methods,
                                     .health = asked->health,
                                     .workers = asked->workers,
                                     .calls = asked->calls,
                                     .streams = asked->streams,
                                     .connections = asked->connections,
                                     .header_max = asked->header_max,
                                     .memory = asked->memory};
    return bt_grpc_server_start(&options, &server, fault);
}

static int port(void) {
    return bt_grpc_server_port(server, 0);
}

static bool drain(int64_t timeout_ms) {
    return bt_grpc_server_drain(server, timeout_ms);
}

static void hurry(void) {
    bt_grpc_server_hurry(server);
}

static void stop(void) {
    server = bt_grpc_server_stop(server);
}

int main(int argc, char **argv) {
    const echo_transport transport = {start, port, drain, hurry, stop};
    return echo_main(argc, argv, &transport);
}
