/* The header block of a request. */
#include "h2/answer.h"
#include "h2/connection.h"

static void take_authorization(bt_h2_stream *stream, bt_bytes value) {
    bt_call *call = &stream->call;
    if (call->authorization.data) call->authorization_twice = true;
    /* Cut short, a bad credential might become a good one. */
    if (value.size > sizeof stream->authorization) value = BT_LITERAL("too long");
    memcpy(stream->authorization, value.data, value.size);
    call->authorization = bt_bytes_of(stream->authorization, value.size);
}

static void take_timeout(bt_h2_stream *stream, bt_bytes value) {
    int64_t timeout_ms;
    if (bt_h2_timeout_parse(value, &timeout_ms))
        stream->call.deadline_ms = stream->core->now_ms + timeout_ms;
    else
        stream->request.timeout_bad = true;
}

static bool is(bt_bytes name, const char *text) {
    return memcmp(name.data, text, name.size) == 0;
}

/* By length first: most fields of a request are not ours, and none is compared twice. */
static void take(bt_h2_stream *stream, bt_bytes name, bt_bytes value) {
    bt_h2_request *request = &stream->request;
    switch (name.size) {
    case 2:
        if (is(name, "te")) request->trailers = bt_bytes_equal(value, BT_LITERAL("trailers"));
        break;
    case 5:
        if (is(name, ":path")) stream->call.method = bt_h2_core_method(stream->core, value);
        break;
    case 7:
        if (is(name, ":method")) request->post = bt_bytes_equal(value, BT_LITERAL("POST"));
        break;
    case 12:
        if (is(name, "content-type")) request->grpc = bt_h2_content_type_is_grpc(value);
        if (is(name, "grpc-timeout")) take_timeout(stream, value);
        break;
    case 13:
        if (is(name, "authorization")) take_authorization(stream, value);
        if (is(name, "grpc-encoding"))
            request->encoded = !bt_bytes_equal(value, BT_LITERAL("identity"));
        break;
    default:
        break;
    }
}

void bt_h2_stream_field(bt_h2_stream *stream, bt_bytes name, bt_bytes value) {
    bt_h2_request *request = &stream->request;
    request->list_size += (uint32_t)(name.size + value.size + 32);
    if (request->list_size <= stream->core->limits.header_list_max) take(stream, name, value);
}

static void count_endless(bt_h2_stream *stream) {
    bt_h2_core *core = stream->core;
    stream->endless = true;
    if (atomic_fetch_add(&core->totals->endless, 1) >= core->limits.endless_max)
        bt_h2_answer_fail(stream, BT_ERR_EXHAUSTED, "too many watches and dialogues are open");
}

void bt_h2_stream_headers_done(bt_h2_stream *stream) {
    bt_h2_request *request = &stream->request;
    request->complete = true;
    stream->since_ms = stream->core->tick_ms;
    if (request->list_size > stream->core->limits.header_list_max)
        bt_h2_answer_fail(stream, BT_ERR_EXHAUSTED, "the metadata is too large");
    else if (!request->post)
        request->refusal = "405";
    else if (!request->grpc)
        request->refusal = "415";
    else if (!request->trailers)
        request->refusal = "400";
    else if (!stream->call.method)
        bt_h2_answer_fail(stream, BT_ERR_UNIMPLEMENTED, "unknown method");
    else if (request->timeout_bad)
        bt_h2_answer_fail(stream, BT_ERR_INTERNAL, "grpc-timeout: malformed");
    else if (stream->call.method->flags & BT_METHOD_STREAM)
        count_endless(stream);
}
