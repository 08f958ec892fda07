#include "h2/stream.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/secret.h"
#include "h2/answer.h"
#include "h2/connection.h"

#define IDLE_MAX 1024u
/* Bytes of plain HTTP that are read before it is cut off. */
#define DISCARD_MAX ((size_t)64 << 10)

static bt_h2_stream *object_take(bt_h2_core *core) {
    bt_h2_stream *stream = core->idle;
    if (!stream) return malloc(sizeof *stream);
    core->idle = stream->next_ready;
    core->idle_count--;
    return stream;
}

static void object_give(bt_h2_core *core, bt_h2_stream *stream) {
    if (core->idle_count == IDLE_MAX) {
        free(stream);
        return;
    }
    stream->next_ready = core->idle;
    core->idle = stream;
    core->idle_count++;
}

static void call_init(bt_h2_stream *stream, bt_h2_connection *connection) {
    bt_call *call = &stream->call;
    bt_h2_core *core = connection->core;
    call->method = NULL;
    call->session = core->session;
    call->listener = connection->policy;
    call->transport = &bt_h2_answer_transport;
    call->health = core->health;
    call->user = NULL;
    call->message = call->authorization = (bt_bytes){0};
    call->authorization_twice = false;
    call->deadline_ms = BT_NEVER_MS;
    call->arena = (bt_arena){0};
    call->refused.err = BT_OK;
}

bt_h2_stream *bt_h2_stream_open(bt_h2_connection *connection, int32_t id) {
    bt_h2_core *core = connection->core;
    /* Calls whose stream was reset stay until their handler is done, and count. */
    if (connection->stream_count >= core->limits.streams_max) return NULL;
    bt_h2_stream *stream = object_take(core);
    if (!stream) return NULL;
    /* Beyond the limit too: without an object nothing could be answered but an error of the transport, and
     * some methods must never fail. */
    bt_h2_charge_anyway(&connection->account, sizeof *stream);
    call_init(stream, connection);
    stream->core = core;
    stream->connection = connection;
    stream->id = id;
    stream->queued = stream->owed = stream->watching = stream->endless = false;
    stream->finished = stream->answered = stream->closed = stream->handling = false;
    stream->request = (bt_h2_request){0};
    stream->since_ms = core->tick_ms;
    stream->letter.open = bt_h2_answer_letter;
    atomic_init(&stream->note, NULL);
    stream->sent = stream->boundary = 0;
    stream->end.err = BT_OK;
    bt_h2_buffer_init(&stream->in);
    bt_h2_buffer_init(&stream->out);
    core->streams++;
    return stream;
}

static void release(bt_h2_stream *stream) {
    bt_h2_core *core = stream->core;
    bt_h2_connection *connection = stream->connection;
    bt_h2_arena_give(core, &stream->call.arena);
    bt_h2_buffer_clear(&stream->in, &connection->account);
    bt_h2_buffer_clear(&stream->out, &connection->account);
    if (stream->call.authorization.data)
        bt_secret_wipe(stream->authorization, sizeof stream->authorization);
    core->streams--;
    if (stream->endless) atomic_fetch_sub(&core->totals->endless, 1);
    bt_h2_discharge(&connection->account, sizeof *stream);
    bt_h2_connection_forget(connection, stream);
    object_give(core, stream);
}

void bt_h2_stream_close(bt_h2_stream *stream) {
    stream->closed = true;
    if (stream->queued) return;
    if (stream->watching) {
        stream->watching = false;
        atomic_fetch_sub(&stream->core->totals->calls, 1);
        if (stream->call.method->ended) stream->call.method->ended(&stream->call);
    }
    if (stream->owed || atomic_load(&stream->note)) return;
    release(stream);
}

static void make_ready(bt_h2_stream *stream) {
    bt_h2_core *core = stream->core;
    stream->queued = true;
    stream->next_ready = NULL;
    if (core->ready_first)
        core->ready_last->next_ready = stream;
    else
        core->ready_first = stream;
    core->ready_last = stream;
}

/* Whether the handler is to be called. */
static bool begin(bt_h2_stream *stream) {
    bt_h2_core *core = stream->core;
    bt_call *call = &stream->call;
    const bt_method *method = call->method;
    if (call->deadline_ms <= core->now_ms) {
        bt_h2_answer_fail(stream, BT_ERR_DEADLINE, "the deadline has passed");
        return false;
    }
    size_t calls = atomic_load_explicit(&core->totals->calls, memory_order_relaxed);
    if (calls >= core->limits.calls_max ||
        !bt_h2_arena_take(core, method->arena_size, &call->arena)) {
        bt_h2_answer_fail(stream, BT_ERR_EXHAUSTED, "too many calls are being handled; try again");
        return false;
    }
    call->message = bt_bytes_of(stream->in.data, stream->in.size);
    stream->watching = method->flags & BT_METHOD_WATCH;
    stream->owed = !stream->watching;
    stream->handling = true;
    return true;
}

static void end(bt_h2_stream *stream) {
    stream->handling = false;
    if (stream->owed || stream->watching) atomic_fetch_add(&stream->core->totals->calls, 1);
    bt_h2_stream_answered(stream);
}

static void handle(bt_h2_stream **streams, size_t count) {
    bt_call *calls[BT_CALLS_TOGETHER];
    for (size_t i = 0; i < count; i++) calls[i] = &streams[i]->call;
    if (count) bt_call_dispatch_many(calls, count);
    for (size_t i = 0; i < count; i++) end(streams[i]);
}

void bt_h2_stream_handle(bt_h2_stream **streams, size_t count) {
    bt_h2_stream *begun[BT_CALLS_TOGETHER];
    size_t begun_count = 0;
    for (size_t i = 0; i < count; i++) {
        /* Of large arenas there are few: such calls come one by one. */
        bool large = streams[i]->call.method->arena_size > BT_CALL_ARENA;
        if (large) {
            handle(begun, begun_count);
            begun_count = 0;
        }
        if (begin(streams[i])) begun[begun_count++] = streams[i];
        if (large) {
            handle(begun, begun_count);
            begun_count = 0;
        }
    }
    handle(begun, begun_count);
}

static void dialogue_over(bt_h2_stream *stream) {
    if (stream->request.prefix_have)
        bt_h2_answer_fail(stream, BT_ERR_INTERNAL, "the last message is cut short");
    else
        bt_h2_answer_finish(stream);
}

void bt_h2_stream_answered(bt_h2_stream *stream) {
    if (stream->watching || stream->owed) return;
    bt_h2_arena_give(stream->core, &stream->call.arena);
    if (stream->finished || !(stream->call.method->flags & BT_METHOD_DIALOGUE)) return;
    bt_h2_buffer_clear(&stream->in, &stream->connection->account);
    stream->request.prefix_have = 0;
    if (stream->request.half_closed) dialogue_over(stream);
}

static void refuse_compressed(bt_h2_stream *stream) {
    /* https://github.com/grpc/grpc/blob/master/doc/compression.md */
    if (stream->request.encoded)
        bt_h2_answer_fail(stream, BT_ERR_UNIMPLEMENTED, "grpc-encoding: only identity is known");
    else
        bt_h2_answer_fail(stream, BT_ERR_INTERNAL, "a compressed message without a grpc-encoding");
}

static void check_prefix(bt_h2_stream *stream) {
    bt_h2_request *request = &stream->request;
    if (request->prefix[0]) {
        refuse_compressed(stream);
        return;
    }
    bt_fault fault;
    request->expected = bt_h2_prefix_size(request->prefix);
    if (bt_call_check_size(stream->call.method, request->expected, &fault))
        bt_h2_answer_fail(stream, fault.err, fault.text);
}

/* Returns the bytes taken. */
static size_t take_prefix(bt_h2_stream *stream, bt_bytes bytes) {
    bt_h2_request *request = &stream->request;
    size_t missing = BT_H2_PREFIX_SIZE - request->prefix_have;
    size_t size = bytes.size < missing ? bytes.size : missing;
    memcpy(request->prefix + request->prefix_have, bytes.data, size);
    request->prefix_have = (uint8_t)(request->prefix_have + size);
    if (size == missing) check_prefix(stream);
    return size;
}

static size_t take_message(bt_h2_stream *stream, bt_bytes bytes) {
    size_t missing = stream->request.expected - stream->in.size;
    size_t size = bytes.size < missing ? bytes.size : missing;
    if (!bt_h2_buffer_append(&stream->in, &stream->connection->account,
                             bt_bytes_of(bytes.data, size)))
        bt_h2_answer_fail(stream, BT_ERR_EXHAUSTED, "too much is under way on this connection");
    return size;
}

static bool is_whole(const bt_h2_stream *stream) {
    return stream->request.prefix_have == BT_H2_PREFIX_SIZE &&
           stream->in.size == stream->request.expected;
}

static void second_message(bt_h2_stream *stream) {
    if (stream->call.method->flags & BT_METHOD_DIALOGUE)
        bt_h2_answer_fail(stream, BT_ERR_EXHAUSTED, "wait for the answer before the next request");
    else
        bt_h2_answer_fail(stream, BT_ERR_UNIMPLEMENTED, "the method takes one message");
}

/* Plain HTTP is answered when it has been said, unless it goes on for too long. */
static void discard(bt_h2_stream *stream, size_t size) {
    bt_h2_request *request = &stream->request;
    request->expected += size;
    if (request->expected > DISCARD_MAX) bt_h2_answer_http(stream, request->refusal);
}

void bt_h2_stream_data(bt_h2_stream *stream, bt_bytes bytes) {
    stream->since_ms = stream->core->tick_ms;
    if (stream->request.refusal) {
        discard(stream, bytes.size);
        return;
    }
    while (bytes.size && !stream->finished) {
        if (is_whole(stream)) {
            second_message(stream);
            return;
        }
        bool prefix = stream->request.prefix_have < BT_H2_PREFIX_SIZE;
        size_t taken = prefix ? take_prefix(stream, bytes) : take_message(stream, bytes);
        bytes = bt_bytes_of(bytes.data + taken, bytes.size - taken);
        if (stream->finished || !is_whole(stream)) continue;
        /* At once, so that the next can be read. */
        if (stream->call.method->flags & BT_METHOD_DIALOGUE) bt_h2_stream_handle(&stream, 1);
    }
}

void bt_h2_stream_half_close(bt_h2_stream *stream) {
    stream->request.half_closed = true;
    if (stream->finished) return;
    if (stream->request.refusal) {
        bt_h2_answer_http(stream, stream->request.refusal);
        return;
    }
    if (stream->call.method->flags & BT_METHOD_DIALOGUE) {
        if (!stream->owed) dialogue_over(stream);
    } else if (is_whole(stream)) {
        bt_h2_connection_reward(stream->connection);
        make_ready(stream);
    } else if (stream->request.prefix_have == 0) {
        bt_h2_answer_fail(stream, BT_ERR_UNIMPLEMENTED, "the method takes one message; none came");
    } else {
        bt_h2_answer_fail(stream, BT_ERR_INTERNAL, "the message is cut short");
    }
}
