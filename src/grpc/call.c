#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/support/time.h>

#include "base/clock.h"
#include "base/log.h"
#include "grpc/core.h"

static bool slice_is(grpc_slice slice, bt_bytes text) {
    return bt_bytes_equal(bt_bytes_of(GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice)), text);
}

/* gRPC gives names in lower case. */
static void find_authorization(bt_grpc_call *call) {
    call->base.authorization = (bt_bytes){0};
    call->base.authorization_twice = false;
    bool found = false;
    for (size_t i = 0; i < call->metadata.count; i++) {
        const grpc_metadata *item = &call->metadata.metadata[i];
        if (!slice_is(item->key, BT_LITERAL("authorization"))) continue;
        call->base.authorization_twice = found;
        call->base.authorization =
            bt_bytes_of(GRPC_SLICE_START_PTR(item->value), GRPC_SLICE_LENGTH(item->value));
        found = true;
    }
}

static int64_t deadline_ms(gpr_timespec deadline) {
    if (gpr_time_cmp(deadline, gpr_inf_future(GPR_CLOCK_MONOTONIC)) == 0) return BT_NEVER_MS;
    gpr_timespec left = gpr_time_sub(deadline, gpr_now(GPR_CLOCK_MONOTONIC));
    return bt_clock_ms() + gpr_time_to_millis(left);
}

void bt_grpc_call_read(bt_grpc_call *call) {
    call->base.message = (bt_bytes){0};
    if (!call->payload) return;
    grpc_slice_buffer *pieces = &call->payload->data.raw.slice_buffer;
    if (pieces->count == 0) return;
    const grpc_slice *whole = &pieces->slices[0];
    if (pieces->count > 1) {
        grpc_byte_buffer_reader reader;
        grpc_byte_buffer_reader_init(&reader, call->payload);
        grpc_slice_unref(call->joined);
        call->joined = grpc_byte_buffer_reader_readall(&reader);
        grpc_byte_buffer_reader_destroy(&reader);
        whole = &call->joined;
    }
    call->base.message = bt_bytes_of(GRPC_SLICE_START_PTR(*whole), GRPC_SLICE_LENGTH(*whole));
}

static bool find_arena(bt_grpc_call *call) {
    size_t size = call->base.method->arena_size;
    call->large = size > BT_CALL_ARENA;
    void *block = bt_blocks_take(call->large ? &call->worker->large_arenas : &call->worker->arenas);
    if (!block) return false;
    bt_arena_init(&call->base.arena, block, call->large ? size : BT_CALL_ARENA);
    return true;
}

static void give_arena(bt_grpc_call *call) {
    void *block = call->base.arena.block;
    if (!block) return;
    bt_blocks_give(call->large ? &call->worker->large_arenas : &call->worker->arenas, block);
}

void bt_grpc_call_refuse(bt_grpc_call *call, grpc_status_code status, const char *text) {
    grpc_call_cancel_with_status(call->call, status, text, NULL);
    grpc_byte_buffer_destroy(call->payload);
    grpc_call_unref(call->call);
    call->payload = NULL;
    call->call = NULL;
}

void bt_grpc_call_release(bt_grpc_call *call) {
    bt_grpc_worker *worker = call->worker;
    if (call->in_flight) worker->in_flight--;
    give_arena(call);
    grpc_slice_unref(call->joined);
    grpc_byte_buffer_destroy(call->payload);
    grpc_metadata_array_destroy(&call->metadata);
    grpc_call_details_destroy(&call->details);
    if (call->call) grpc_call_unref(call->call);
    bt_blocks_give(&worker->calls, call);
}

grpc_byte_buffer *bt_grpc_buffer(bt_bytes message) {
    grpc_slice bytes = grpc_slice_from_copied_buffer((const char *)message.data, message.size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&bytes, 1);
    grpc_slice_unref(bytes);
    return buffer;
}

void bt_grpc_call_batch(bt_grpc_call *call, const grpc_op *ops, size_t count, bt_grpc_tag *tag) {
    grpc_call *batched =
        call->call; /* the batch may end, and the block be another call's, any time */
    BT_TAG_GOES_IN(tag);
    grpc_call_error error = grpc_call_start_batch(batched, ops, count, tag, NULL);
    if (error) bt_log(BT_LOG_ERROR, "batch refused by gRPC error=%d", (int)error);
}

/* A unary call has one batch. That it also asks for the close is what makes the call end by itself: gRPC
 * cancels a call that is given back without, which costs a sixth of the whole call. */
static void reply(bt_call *base, bt_bytes message) {
    bt_grpc_call *call = (bt_grpc_call *)base;
    grpc_byte_buffer *buffer = bt_grpc_buffer(message);
    grpc_op ops[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = buffer},
        {.op = GRPC_OP_SEND_STATUS_FROM_SERVER},
        {.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
         .data.recv_close_on_server.cancelled = &call->cancelled},
    };
    bt_grpc_call_batch(call, ops, 4, &call->sent_tag);
    grpc_byte_buffer_destroy(buffer);
}

void bt_grpc_call_answer(bt_grpc_call *call, bt_bytes message) {
    reply(&call->base, message);
}

static void fail(bt_call *base, const bt_fault *fault) {
    bt_grpc_call *call = (bt_grpc_call *)base;
    grpc_slice text = grpc_slice_from_copied_string(fault->text);
    grpc_op ops[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_SEND_STATUS_FROM_SERVER,
         .data.send_status_from_server = {.status = (grpc_status_code)bt_call_status(fault->err),
                                          .status_details = &text}},
        {.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
         .data.recv_close_on_server.cancelled = &call->cancelled},
    };
    bt_grpc_call_batch(call, ops, 3, &call->sent_tag);
    grpc_slice_unref(text);
}

static const bt_call_transport unary = {.reply = reply, .fail = fail, .peer = bt_grpc_peer};

static void sent(void *subject, bool ok) {
    (void)ok; /* the client may have gone */
    bt_grpc_call_release(subject);
}

static void begin_unary(bt_grpc_call *call) {
    call->base.transport = &unary;
    call->sent_tag = (bt_grpc_tag){sent, call};
    if (call->payload) {
        bt_grpc_worker_ready(call->worker, &call->base);
        return;
    }
    bt_fault fault;
    bt_fail(&fault, BT_ERR_INVALID, "request: no message was sent");
    fail(&call->base, &fault);
}

static void turn_down(bt_grpc_call *call, grpc_status_code status, const char *text) {
    bt_grpc_call_refuse(call, status, text);
    bt_grpc_call_release(call);
}

void bt_grpc_call_begin(bt_grpc_call *call) {
    bt_grpc_worker *worker = call->worker;
    bt_call *base = &call->base;
    base->method = call->entry->method;
    if (!base->method) {
        turn_down(call, GRPC_STATUS_UNIMPLEMENTED, "this server has no such method");
        return;
    }
    if (!find_arena(call)) {
        turn_down(call, GRPC_STATUS_RESOURCE_EXHAUSTED, "too many large calls in flight");
        return;
    }
    base->session = &worker->session;
    base->listener = &call->entry->door->policy;
    base->health = worker->server->health;
    base->deadline_ms = deadline_ms(call->deadline);
    find_authorization(call);
    bt_grpc_call_read(call);
    if (base->method->flags & BT_METHOD_STREAM)
        bt_grpc_stream_begin(call);
    else
        begin_unary(call);
}
