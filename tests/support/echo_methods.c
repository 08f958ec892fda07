#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "rpc/reflection.h"
#include "rpc/wire.h"
#include "support/echo.h"

#define REQUEST_MAX ((size_t)256 << 10)
/* https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md, those of its cases that need no
 * streaming by the client, and no more than one answer to a request. */
#define INTEROP "/grpc.testing.TestService/"
#define INTEROP_MAX ((size_t)1 << 20)
#define ANSWER_MAX ((int64_t)8 << 20)

static void echo(bt_call *call) {
    bt_call_reply(call, call->message);
}

static void refuse(bt_call *call) {
    bt_fault fault;
    bt_fail(&fault, BT_ERR_PRECONDITION, "refused: %.*s", BT_BYTES_ARG(call->message));
    bt_call_fail(call, &fault);
}

/* "<authorization>|<twice>|<milliseconds to the deadline>" */
static void describe(bt_call *call) {
    char text[16 << 10];
    int64_t left = call->deadline_ms == BT_NEVER_MS ? -1 : call->deadline_ms - bt_clock_ms();
    int size = snprintf(text, sizeof text, "%.*s|%d|%lld", BT_BYTES_ARG(call->authorization),
                        call->authorization_twice, (long long)left);
    bt_call_reply(call, bt_bytes_of(text, (size_t)size));
}

/* Fills its arena with one byte and answers with the whole of it. */
static void fill(bt_call *call) {
    size_t size = call->method->arena_size ? call->method->arena_size : BT_CALL_ARENA;
    void *block = bt_arena_alloc(&call->arena, size);
    memset(block, 'x', size);
    bt_call_reply(call, bt_bytes_of(block, size));
}

/* Answered by another thread, as writes are. */
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;
static bt_call *held[1 << 16];
static size_t held_count;

static void hold(bt_call *call) {
    pthread_mutex_lock(&held_lock);
    held[held_count++] = call;
    pthread_mutex_unlock(&held_lock);
}

static void end(bt_call *call) {
    if (call->method->flags & BT_METHOD_DIALOGUE)
        bt_call_send(call, call->message);
    else
        bt_call_reply(call, call->message);
}

void echo_let_go(void) {
    pthread_mutex_lock(&held_lock);
    while (held_count) end(held[--held_count]);
    pthread_mutex_unlock(&held_lock);
}

/* How many there are. */
static void count(bt_call *call) {
    char text[24];
    pthread_mutex_lock(&held_lock);
    int size = snprintf(text, sizeof text, "%zu", held_count);
    pthread_mutex_unlock(&held_lock);
    bt_call_reply(call, bt_bytes_of(text, (size_t)size));
}

typedef struct simple {
    int64_t size;
    bt_bytes payload;
    bt_bytes status;
    int64_t fill_server_id;
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
                                              [7] = FIELD(simple, status, BT_WIRE_BYTES),
                                              [9] = FIELD(simple, fill_server_id, BT_WIRE_INT)};
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

/* Answers {payload: {body: `size` zeros}, server_id}. */
static void give(bt_call *call, int64_t size, bt_bytes server_id) {
    if (size < 0 || size > ANSWER_MAX) size = 0;
    size_t room = (size_t)size + 64;
    uint8_t *space = calloc(3, room);
    bt_out body = bt_out_into(space, room);
    bt_out message = bt_out_into(space + room, room);
    bt_out_bytes(&body, 2, bt_bytes_of(space + 2 * room, (size_t)size));
    bt_out_item(&message, 1, bt_out_written(&body));
    bt_out_bytes(&message, 4, server_id);
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
        give(call, asked.size, asked.fill_server_id ? BT_LITERAL("echo") : (bt_bytes){0});
}

/* One answer for each request. Asked for none, the server is a sleeping one. */
static void duplex_call(bt_call *call) {
    duplex asked = {0};
    parameters wanted = {0};
    if (!take(call, &duplex_message, call->message, &asked)) return;
    if (asked.status.size)
        fail_with(call, asked.status);
    else if (!asked.parameters.size)
        hold(call);
    else if (take(call, &parameters_message, asked.parameters, &wanted))
        give(call, wanted.size, (bt_bytes){0});
}

#define OPEN(method_path, handler)                                                                 \
    { .path = method_path, .flags = BT_METHOD_OPEN, .request_max = REQUEST_MAX, .handle = handler }

const bt_method echo_methods[] = {
    OPEN("/test.Echo/Echo", echo),
    OPEN("/test.Echo/Refuse", refuse),
    OPEN("/test.Echo/Describe", describe),
    OPEN("/test.Echo/Fill", fill),
    OPEN("/test.Echo/Hold", hold),
    OPEN("/test.Echo/Held", count),
    OPEN(INTEROP "EmptyCall", empty_call),
    {.path = INTEROP "UnaryCall",
     .flags = BT_METHOD_OPEN,
     .request_max = INTEROP_MAX,
     .handle = unary_call},
    {.path = INTEROP "FullDuplexCall",
     .flags = BT_METHOD_OPEN | BT_METHOD_DIALOGUE,
     .request_max = INTEROP_MAX,
     .handle = duplex_call},
    {.path = "/test.Echo/Never",
     .flags = BT_METHOD_OPEN | BT_METHOD_NEVER_FAILS,
     .request_max = 1024,
     .handle = echo,
     .overload = {(const uint8_t *)"full", 4}},
    {.path = "/test.Echo/FillLarge",
     .flags = BT_METHOD_OPEN,
     .request_max = 16,
     .handle = fill,
     .arena_size = (size_t)1 << 20},
    {.path = BT_HEALTH_CHECK_PATH,
     .flags = BT_METHOD_OPEN,
     .request_max = BT_HEALTH_REQUEST_MAX,
     .handle = bt_health_check},
    {.path = BT_HEALTH_WATCH_PATH,
     .flags = BT_METHOD_OPEN | BT_METHOD_WATCH,
     .request_max = BT_HEALTH_REQUEST_MAX,
     .handle = bt_health_watch,
     .ended = bt_health_unwatch},
    {.path = BT_REFLECTION_PATH,
     .flags = BT_METHOD_OPEN | BT_METHOD_DIALOGUE,
     .request_max = BT_REFLECTION_REQUEST_MAX,
     .handle = bt_reflection_ask,
     .arena_size = BT_REFLECTION_ARENA},
    {.path = BT_REFLECTION_ALPHA_PATH,
     .flags = BT_METHOD_OPEN | BT_METHOD_DIALOGUE,
     .request_max = BT_REFLECTION_REQUEST_MAX,
     .handle = bt_reflection_ask,
     .arena_size = BT_REFLECTION_ARENA},
    {.path = NULL},
};
