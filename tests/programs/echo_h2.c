/* rooms: h2 */
/* A server on the h2 room with methods of its own, without a store: what of gRPC's interoperability
 * tests (https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md) needs no client
 * streaming, and an echo that can be slow.
 *
 *   echo_h2 ADDRESS [cert.pem key.pem [client_ca.pem]]
 *
 * Prints the port, serves until its standard input ends, and drains. ECHO_H2_* variables set limits. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "h2/server.h"
#include "rpc/health.h"
#include "rpc/wire.h"

#define SERVICE "/grpc.testing.TestService/"
#define REQUEST_MAX ((size_t)1 << 20)
#define ANSWER_MAX ((int64_t)8 << 20)
#define LATER_US 20000

typedef struct simple {
    int64_t size;
    bt_bytes payload;
    bt_bytes status;
} simple;

typedef struct duplex {
    bt_bytes parameters;
    bt_bytes status;
} duplex;

typedef struct parameters {
    int64_t size;
} parameters;

typedef struct echo_status {
    int64_t code;
    bt_bytes message;
} echo_status;

#define FIELD(of, member, kind)                                                                    \
    { .name = #member, .type = kind, .offset = offsetof(of, member) }
#define MESSAGE(name, fields)                                                                      \
    { name, fields, BT_WIRE_COUNT(fields) }

static const bt_wire_field simple_fields[] = {[2] = FIELD(simple, size, BT_WIRE_INT),
                                              [3] = FIELD(simple, payload, BT_WIRE_BYTES),
                                              [7] = FIELD(simple, status, BT_WIRE_BYTES)};
static const bt_wire_field duplex_fields[] = {
    [2] = FIELD(duplex, parameters, BT_WIRE_BYTES), [7] = FIELD(duplex, status, BT_WIRE_BYTES)};
static const bt_wire_field parameters_fields[] = {[1] = FIELD(parameters, size, BT_WIRE_INT)};
static const bt_wire_field status_fields[] = {
    [1] = FIELD(echo_status, code, BT_WIRE_INT), [2] = FIELD(echo_status, message, BT_WIRE_BYTES)};

static const bt_wire_message simple_message = MESSAGE("SimpleRequest", simple_fields);
static const bt_wire_message duplex_message = MESSAGE("StreamingOutputCallRequest", duplex_fields);
static const bt_wire_message parameters_message = MESSAGE("ResponseParameters", parameters_fields);
static const bt_wire_message status_message = MESSAGE("EchoStatus", status_fields);

/* Reads a request, or ends the call. */
static bool take(bt_call *call, const bt_wire_message *type, bt_bytes bytes, void *ret_struct) {
    bt_fault fault = {0};
    if (!bt_wire_read(type, bytes, ret_struct, &fault)) return true;
    bt_call_fail(call, &fault);
    return false;
}

/* The tests ask for code 2, UNKNOWN, which is what an error of no kind of ours becomes. */
static void fail_with(bt_call *call, bt_bytes bytes) {
    echo_status asked = {0};
    if (!take(call, &status_message, bytes, &asked)) return;
    bt_fault fault = {.err = (bt_err)-1000};
    bt_bytes_copy_text(asked.message, fault.text, sizeof fault.text);
    bt_call_fail(call, &fault);
}

/* Answers {payload: {body: `size` zeros}}. */
static void give(bt_call *call, int64_t size) {
    if (size < 0 || size > ANSWER_MAX) size = 0;
    size_t room = (size_t)size + 64;
    uint8_t *space = calloc(3, room);
    bt_out body = bt_out_into(space, room);
    bt_out message = bt_out_into(space + room, room);
    bt_out_bytes(&body, 2, bt_bytes_of(space + 2 * room, (size_t)size));
    bt_out_item(&message, 1, bt_out_written(&body));
    if (call->method->flags & BT_METHOD_DIALOGUE)
        bt_call_send(call, bt_out_written(&message));
    else
        bt_call_reply(call, bt_out_written(&message));
    free(space);
}

static void empty_call(bt_call *call) {
    bt_call_reply(call, (bt_bytes){0});
}

static void unary_call(bt_call *call) {
    simple asked = {0};
    if (!take(call, &simple_message, call->message, &asked)) return;
    if (asked.status.size)
        fail_with(call, asked.status);
    else
        give(call, asked.size);
}

static void *answer_later(void *user) {
    bt_call *call = user;
    usleep(LATER_US);
    if (call->method->flags & BT_METHOD_DIALOGUE)
        bt_call_send(call, call->message);
    else
        bt_call_reply(call, call->message);
    return NULL;
}

static void later(bt_call *call) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, answer_later, call))
        bt_call_reply(call, call->message);
    else
        pthread_detach(thread);
}

/* One answer for each request. Asked for none, the server is a sleeping one. */
static void duplex_call(bt_call *call) {
    duplex asked = {0};
    parameters wanted = {0};
    if (!take(call, &duplex_message, call->message, &asked)) return;
    if (asked.status.size)
        fail_with(call, asked.status);
    else if (!asked.parameters.size)
        later(call);
    else if (take(call, &parameters_message, asked.parameters, &wanted))
        give(call, wanted.size);
}

static void echo(bt_call *call) {
    bt_call_reply(call, call->message);
}

#define METHOD(name, more_flags, max, handler)                                                     \
    .path = (name), .flags = BT_METHOD_OPEN | (more_flags), .request_max = (max),                  \
    .handle = (handler)

static const bt_method methods[] = {
    {METHOD(SERVICE "EmptyCall", 0, REQUEST_MAX, empty_call)},
    {METHOD(SERVICE "UnaryCall", 0, REQUEST_MAX, unary_call)},
    {METHOD(SERVICE "FullDuplexCall", BT_METHOD_DIALOGUE, REQUEST_MAX, duplex_call)},
    {METHOD("/bitting.test.Echo/Echo", 0, REQUEST_MAX, echo)},
    {METHOD("/bitting.test.Echo/Later", 0, REQUEST_MAX, later)},
    {METHOD(BT_HEALTH_CHECK_PATH, 0, BT_HEALTH_REQUEST_MAX, bt_health_check)},
    {METHOD(BT_HEALTH_WATCH_PATH, BT_METHOD_WATCH, BT_HEALTH_REQUEST_MAX, bt_health_watch),
     .ended = bt_health_unwatch},
    {.path = NULL},
};

static int64_t variable(const char *name, int64_t otherwise) {
    const char *text = getenv(name);
    return text ? atoll(text) : otherwise;
}

static bt_h2_limits limits_from_environment(void) {
    bt_h2_limits limits = BT_H2_LIMITS_DEFAULT;
    limits.handshake_ms = variable("ECHO_H2_HANDSHAKE_MS", limits.handshake_ms);
    limits.request_ms = variable("ECHO_H2_REQUEST_MS", limits.request_ms);
    limits.idle_ms = variable("ECHO_H2_IDLE_MS", limits.idle_ms);
    limits.connections_max = (size_t)variable("ECHO_H2_CONNECTIONS", 8192);
    return limits;
}

int main(int count, char **words) {
    const bt_listener_options listener = {.address = count > 1 ? words[1] : "127.0.0.1:0",
                                          .policy.trusted = true,
                                          .tls_cert = count > 3 ? words[2] : NULL,
                                          .tls_key = count > 3 ? words[3] : NULL,
                                          .tls_client_ca = count > 4 ? words[4] : NULL};
    const bt_h2_limits limits = limits_from_environment();
    bt_health *health = bt_health_new(methods);
    bt_h2_server *server;
    bt_fault fault = {0};
    const bt_h2_options options = {.listeners = &listener,
                                   .listeners_count = 1,
                                   .methods = methods,
                                   .health = health,
                                   .workers = 2,
                                   .limits = &limits};
    if (bt_h2_server_start(&options, &server, &fault)) {
        fprintf(stderr, "echo_h2: %s\n", fault.text);
        return 1;
    }
    bt_health_set_serving(health, true);
    printf("%d\n", bt_h2_server_port(server, 0));
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) continue;
    bt_health_set_serving(health, false);
    bool left = bt_h2_server_drain(server, 10000);
    bt_h2_server_stop(server);
    bt_health_free(health);
    return left ? 0 : 1;
}
