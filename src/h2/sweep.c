/* Time-outs and the drain of a connection. */
#include "h2/answer.h"
#include "h2/connection.h"

static void reset(bt_h2_stream *stream) {
    bt_h2_connection *connection = stream->connection;
    nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_CANCEL);
    bt_h2_connection_touch(connection);
}

/* Neither the client's turn nor a frame of ours on its way. */
static bool is_waiting_for_us(const bt_h2_stream *stream) {
    bool sending = stream->finished || stream->sent < stream->out.size;
    return !sending && (stream->owed || stream->queued || stream->watching);
}

static void sweep_stream(bt_h2_stream *stream) {
    const bt_h2_core *core = stream->core;
    const bt_h2_limits *limits = &core->limits;
    if (stream->closed) return;
    int64_t silent_ms = core->tick_ms - stream->since_ms;
    if (!stream->request.complete) {
        if (silent_ms > limits->handshake_ms)
            bt_h2_connection_fail(stream->connection, NGHTTP2_ENHANCE_YOUR_CALM);
    } else if (!stream->finished && stream->call.deadline_ms <= core->now_ms) {
        bt_h2_answer_fail(stream, BT_ERR_DEADLINE, "the deadline has passed");
    } else if (silent_ms > limits->request_ms && !is_waiting_for_us(stream)) {
        if (stream->answered)
            reset(stream);
        else
            bt_h2_answer_fail(stream, BT_ERR_DEADLINE, "the rest of the request did not come");
    }
}

static void announce(bt_h2_connection *connection) {
    connection->draining = 1;
    nghttp2_submit_shutdown_notice(connection->session);
    nghttp2_submit_ping(connection->session, NGHTTP2_FLAG_NONE, NULL);
    bt_h2_connection_touch(connection);
}

void bt_h2_connection_take_no_more(bt_h2_connection *connection) {
    if (connection->draining == 0 || connection->draining == 3) return;
    connection->draining = 3;
    nghttp2_session *session = connection->session;
    nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR, NULL,
                          0);
    bt_h2_connection_touch(connection);
}

void bt_h2_connection_drain(bt_h2_connection *connection) {
    if (connection->draining || connection->failed) return;
    announce(connection);
    /* These would never end by themselves. */
    for (bt_h2_stream *stream = connection->streams; stream; stream = stream->behind) {
        bool endless = stream->call.method && stream->call.method->flags & BT_METHOD_STREAM;
        if (endless && !stream->closed)
            bt_h2_answer_fail(stream, BT_ERR_UNAVAILABLE, "the server is stopping");
    }
}

void bt_h2_connection_sweep(bt_h2_connection *connection) {
    const bt_h2_core *core = connection->core;
    const bt_h2_limits *limits = &core->limits;
    if (connection->failed) return;
    connection->patience += limits->patience_per_s;
    if (connection->patience > limits->patience_max) connection->patience = limits->patience_max;
    for (bt_h2_stream *stream = connection->streams; stream; stream = stream->behind)
        sweep_stream(stream);
    if (!connection->greeted && core->tick_ms - connection->opened_ms > limits->handshake_ms)
        bt_h2_connection_fail(connection, NGHTTP2_SETTINGS_TIMEOUT);
    /* Of who does not answer the ping. */
    if (connection->draining == 1)
        connection->draining = 2;
    else if (connection->draining == 2)
        bt_h2_connection_take_no_more(connection);
    bool idle = !connection->streams && core->tick_ms - connection->busy_ms > limits->idle_ms;
    if (idle) bt_h2_connection_drain(connection);
}
