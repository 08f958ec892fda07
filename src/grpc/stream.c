#include <grpc/byte_buffer.h>

#include "grpc/core.h"

static bt_grpc_server *server_of(const bt_grpc_call *call) {
    return call->worker->server;
}

/* Headers go out with whatever is sent first. */
static size_t begin_headers(bt_grpc_call *call, grpc_op *ops) {
    if (call->stream.begun) return 0;
    call->stream.begun = true;
    ops[0] = (grpc_op){.op = GRPC_OP_SEND_INITIAL_METADATA};
    return 1;
}

/* Takes the buffer. */
static void send_buffer(bt_grpc_call *call, grpc_byte_buffer *buffer) {
    grpc_op ops[2];
    size_t count = begin_headers(call, ops);
    ops[count++] = (grpc_op){.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = buffer};
    call->stream.sending = true;
    bt_grpc_call_batch(call, ops, count, &call->sent_tag);
    grpc_byte_buffer_destroy(buffer);
}

static grpc_op status_op(bt_grpc_call *call) {
    return (grpc_op){.op = GRPC_OP_SEND_STATUS_FROM_SERVER,
                     .data.send_status_from_server = {.status = call->stream.status,
                                                      .status_details = &call->stream.text}};
}

static void set_status(bt_grpc_call *call, const bt_fault *fault) {
    call->stream.status = (grpc_status_code)bt_call_status(fault->err);
    call->stream.text = grpc_slice_from_copied_string(fault->text);
}

static void drop_waiting(bt_grpc_stream *stream) {
    grpc_byte_buffer_destroy(stream->waits);
    stream->waits = NULL;
}

static void release(bt_grpc_call *call) {
    atomic_fetch_sub(&server_of(call)->streams, 1);
    drop_waiting(&call->stream);
    grpc_slice_unref(call->stream.text);
    pthread_mutex_destroy(&call->stream.lock);
    bt_grpc_call_release(call);
}

/* --- A watch. Two things are under way: `closed` from the beginning, and at most one batch. It is over
 * when both have come back. */

static void watch_send(bt_call *base, bt_bytes message) {
    bt_grpc_call *call = (bt_grpc_call *)base;
    bt_grpc_stream *stream = &call->stream;
    pthread_mutex_lock(&stream->lock);
    bool open = !stream->over && !stream->ending;
    if (open && stream->sending) {
        drop_waiting(stream);
        stream->waits = bt_grpc_buffer(message);
    } else if (open) {
        send_buffer(call, bt_grpc_buffer(message));
    }
    pthread_mutex_unlock(&stream->lock);
}

static void send_status(bt_grpc_call *call) {
    grpc_op ops[2];
    size_t count = begin_headers(call, ops);
    ops[count++] = status_op(call);
    call->stream.sending = true;
    call->stream.ended = true;
    bt_grpc_call_batch(call, ops, count, &call->sent_tag);
}

static void watch_fail(bt_call *base, const bt_fault *fault) {
    bt_grpc_call *call = (bt_grpc_call *)base;
    bt_grpc_stream *stream = &call->stream;
    pthread_mutex_lock(&stream->lock);
    if (!stream->over && !stream->ending) {
        stream->ending = true;
        drop_waiting(stream);
        set_status(call, fault);
        if (!stream->sending) send_status(call);
    }
    pthread_mutex_unlock(&stream->lock);
}

static const bt_call_transport watch_transport = {
    .send = watch_send, .fail = watch_fail, .peer = bt_grpc_peer};

static void finish_watch(bt_grpc_call *call) {
    if (call->base.method->ended) call->base.method->ended(&call->base);
    release(call);
}

static void watch_sent(void *subject, bool ok) {
    bt_grpc_call *call = subject;
    bt_grpc_stream *stream = &call->stream;
    (void)ok; /* `closed` tells of a client that has gone */
    pthread_mutex_lock(&stream->lock);
    stream->sending = false;
    if (!stream->over && stream->ending && !stream->ended) {
        send_status(call);
    } else if (!stream->over && stream->waits) {
        grpc_byte_buffer *next = stream->waits;
        stream->waits = NULL;
        send_buffer(call, next);
    }
    bool done = stream->over && !stream->sending;
    pthread_mutex_unlock(&stream->lock);
    if (done) finish_watch(call);
}

static void watch_closed(void *subject, bool ok) {
    bt_grpc_call *call = subject;
    (void)ok;
    pthread_mutex_lock(&call->stream.lock);
    call->stream.over = true;
    bool done = !call->stream.sending;
    pthread_mutex_unlock(&call->stream.lock);
    if (done) finish_watch(call);
}

static void begin_watch(bt_grpc_call *call) {
    grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
                     .data.recv_close_on_server.cancelled = &call->cancelled};
    call->base.transport = &watch_transport;
    call->sent_tag = (bt_grpc_tag){watch_sent, call};
    call->closed_tag = (bt_grpc_tag){watch_closed, call};
    bt_grpc_call_batch(call, &close, 1, &call->closed_tag);
    bt_call_dispatch(&call->base);
}

/* --- A dialogue. One thing is under way: reading, answering, or ending. */

static void link_dialogue(bt_grpc_call *call) {
    bt_grpc_server *server = server_of(call);
    pthread_mutex_lock(&server->lock);
    call->stream.next = server->dialogues;
    call->stream.link = &server->dialogues;
    if (call->stream.next) call->stream.next->stream.link = &call->stream.next;
    server->dialogues = call;
    pthread_mutex_unlock(&server->lock);
}

static void unlink_dialogue(bt_grpc_call *call) {
    bt_grpc_server *server = server_of(call);
    pthread_mutex_lock(&server->lock);
    *call->stream.link = call->stream.next;
    if (call->stream.next) call->stream.next->stream.link = call->stream.link;
    pthread_mutex_unlock(&server->lock);
}

static void dialogue_ended(void *subject, bool ok) {
    (void)ok;
    unlink_dialogue(subject);
    release(subject);
}

static void end_dialogue(bt_grpc_call *call, const bt_fault *fault) {
    grpc_op ops[3];
    size_t count = begin_headers(call, ops);
    set_status(call, fault);
    ops[count++] = status_op(call);
    ops[count++] = (grpc_op){.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
                             .data.recv_close_on_server.cancelled = &call->cancelled};
    call->sent_tag.happened = dialogue_ended;
    bt_grpc_call_batch(call, ops, count, &call->sent_tag);
}

static void dialogue_fail(bt_call *base, const bt_fault *fault) {
    end_dialogue((bt_grpc_call *)base, fault);
}

static void dialogue_send(bt_call *base, bt_bytes message) {
    send_buffer((bt_grpc_call *)base, bt_grpc_buffer(message));
}

static const bt_call_transport dialogue_transport = {
    .send = dialogue_send, .fail = dialogue_fail, .peer = bt_grpc_peer};

/* The next request, or none where the client is done or has gone. */
static void dialogue_heard(void *subject, bool ok) {
    bt_grpc_call *call = subject;
    atomic_store(&call->stream.listening, false);
    if (ok && call->payload) {
        bt_arena_reset(&call->base.arena);
        bt_grpc_call_read(call);
        bt_call_dispatch(&call->base);
        return;
    }
    const bt_fault none = {0};
    end_dialogue(call, &none);
}

static void dialogue_sent(void *subject, bool ok) {
    bt_grpc_call *call = subject;
    if (!ok) {
        dialogue_ended(call, ok);
        return;
    }
    grpc_op read = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &call->payload};
    grpc_byte_buffer_destroy(call->payload);
    call->payload = NULL;
    atomic_store(&call->stream.listening, true);
    bt_grpc_call_batch(call, &read, 1, &call->closed_tag);
}

static void begin_dialogue(bt_grpc_call *call) {
    call->base.transport = &dialogue_transport;
    call->sent_tag = (bt_grpc_tag){dialogue_sent, call};
    call->closed_tag = (bt_grpc_tag){dialogue_heard, call};
    link_dialogue(call);
    dialogue_heard(call, true);
}

void bt_grpc_streams_end(bt_grpc_server *server) {
    pthread_mutex_lock(&server->lock);
    for (bt_grpc_call *call = server->dialogues; call; call = call->stream.next)
        if (atomic_load(&call->stream.listening))
            grpc_call_cancel_with_status(call->call, GRPC_STATUS_UNAVAILABLE,
                                         "the server is about to stop", NULL);
    pthread_mutex_unlock(&server->lock);
}

static void reset(bt_grpc_stream *stream) {
    *stream = (bt_grpc_stream){.text = grpc_empty_slice()};
    pthread_mutex_init(&stream->lock, NULL);
}

void bt_grpc_stream_begin(bt_grpc_call *call) {
    bt_grpc_server *server = server_of(call);
    reset(&call->stream);
    if (atomic_fetch_add(&server->streams, 1) >= server->options.streams) {
        bt_grpc_call_refuse(call, GRPC_STATUS_RESOURCE_EXHAUSTED, "too many streams are open");
        release(call);
    } else if (call->base.method->flags & BT_METHOD_WATCH) {
        begin_watch(call);
    } else {
        begin_dialogue(call);
    }
}
