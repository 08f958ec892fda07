/* rooms: h2 */
/* Whole sessions of bytes into a connection, split anywhere. The first byte: bit 0, the client's preface
 * and SETTINGS come before the rest; bit 1, answers are never read; the others, the size of the pieces.
 * Handlers answer at once, later, or never; time passes between the pieces. */
#include <stdlib.h>

#include "h2/connection.h"

#define KEPT_MAX 16

static bt_call *kept[KEPT_MAX];
static size_t kept_count;

static void echo(bt_call *call) {
    bt_call_reply(call, call->message);
}

static void keep(bt_call *call) {
    if (kept_count == KEPT_MAX)
        bt_call_reply(call, call->authorization);
    else
        kept[kept_count++] = call;
}

static void say(bt_call *call) {
    bt_call_send(call, call->message);
}

static void watch(bt_call *call) {
    bt_call_send(call, BT_LITERAL("first"));
    bt_call_send(call, call->message);
}

static void fail(bt_call *call) {
    bt_fault fault;
    bt_fail(&fault, BT_ERR_NOT_FOUND, "%.*s", BT_BYTES_ARG(call->message));
    bt_call_fail(call, &fault);
}

#define METHOD(name, more_flags, handler)                                                          \
    {                                                                                              \
        .path = (name), .flags = BT_METHOD_OPEN | (more_flags), .request_max = 1000,               \
        .handle = (handler)                                                                        \
    }

static const bt_method methods[] = {METHOD("/t/Echo", 0, echo),
                                    METHOD("/t/Keep", 0, keep),
                                    METHOD("/t/Fail", 0, fail),
                                    METHOD("/t/Watch", BT_METHOD_WATCH, watch),
                                    METHOD("/t/Talk", BT_METHOD_DIALOGUE, say),
                                    {.path = NULL}};

static void answer_kept(size_t leave) {
    while (kept_count > leave) echo(kept[--kept_count]);
}

static void take_output(bt_h2_connection *connection) {
    static uint8_t space[BT_H2_WRITE_MAX];
    while (bt_h2_connection_pull(connection, space, sizeof space)) continue;
}

/* One turn of a worker. */
static void turn(bt_h2_core *core, bt_h2_connection *connection, bt_bytes piece, bool reads) {
    bt_h2_connection_receive(connection, piece);
    bt_h2_mailbox_open(&core->mailbox);
    bt_h2_core_dispatch(core);
    answer_kept(2);
    core->tick_ms += 100;
    core->now_ms += 100;
    if (core->tick_ms % 1000 < 100) bt_h2_connection_sweep(connection);
    if (reads) take_output(connection);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const bt_listener_policy policy;
    bt_h2_limits limits = BT_H2_LIMITS_DEFAULT;
    bt_h2_core core;
    if (!size) return 0;
    limits.connection_memory = 256 << 10;
    limits.patience_max = 200;
    limits.streams_max = 8;
    limits.header_list_max = 500;
    if (bt_h2_core_init(&core, &limits, methods, NULL, NULL)) abort();
    bt_h2_connection *connection = bt_h2_connection_new(&core, &policy);
    bool reads = !(data[0] & 2);
    size_t chunk = (size_t)(data[0] >> 2) * 3 + 1;
    if (data[0] & 1)
        turn(&core, connection, BT_LITERAL("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"),
             reads);
    for (size_t at = 1; at < size; at += chunk) {
        size_t some = size - at < chunk ? size - at : chunk;
        turn(&core, connection, bt_bytes_of(data + at, some), reads);
    }
    bt_h2_connection_drain(connection);
    take_output(connection);
    size_t streams = limits.streams_max * sizeof(bt_h2_stream);
    if (connection->account.used > limits.connection_memory + streams) abort();
    bt_h2_connection_free(connection);
    answer_kept(0);
    bt_h2_mailbox_open(&core.mailbox);
    bt_h2_core_dispatch(&core);
    if (core.streams || core.pool.used) abort();
    bt_h2_core_clear(&core);
    return 0;
}
