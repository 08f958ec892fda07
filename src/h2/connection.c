#include "h2/connection.h"

#include <stdlib.h>

#include "h2/answer.h"

static bt_h2_stream *find(bt_h2_connection *connection, int32_t id) {
    bt_h2_stream *current = connection->current;
    if (current && current->id == id) return current;
    return connection->current = nghttp2_session_get_stream_user_data(connection->session, id);
}

void bt_h2_connection_touch(bt_h2_connection *connection) {
    if (connection->dirty) return;
    connection->dirty = true;
    connection->next_dirty = connection->core->dirty;
    connection->core->dirty = connection;
}

void bt_h2_connection_reward(bt_h2_connection *connection) {
    uint32_t max = connection->core->limits.patience_max;
    connection->patience += BT_H2_PATIENCE_PER_REQUEST;
    if (connection->patience > max) connection->patience = max;
}

static void put32(uint8_t *ret_bytes, uint32_t number) {
    ret_bytes[0] = (uint8_t)(number >> 24);
    ret_bytes[1] = (uint8_t)(number >> 16);
    ret_bytes[2] = (uint8_t)(number >> 8);
    ret_bytes[3] = (uint8_t)number;
}

/* Made by hand, since a session that failed says nothing more. RFC 9113, 4.1 and 6.8. */
void bt_h2_connection_fail(bt_h2_connection *connection, uint32_t error_code) {
    bt_h2_connection_touch(connection);
    if (connection->failed) return;
    connection->failed = true;
    uint8_t *frame = connection->last_words;
    memset(frame, 0, BT_H2_GOAWAY_SIZE);
    frame[2] = BT_H2_GOAWAY_SIZE - 9;
    frame[3] = NGHTTP2_GOAWAY;
    put32(frame + 9, (uint32_t)nghttp2_session_get_last_proc_stream_id(connection->session));
    put32(frame + 13, error_code);
    connection->last_words_left = BT_H2_GOAWAY_SIZE;
}

/* From within a callback. */
static int fail_now(bt_h2_connection *connection, uint32_t error_code) {
    bt_h2_connection_fail(connection, error_code);
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *header, void *user) {
    (void)session;
    bt_h2_connection *connection = user;
    if (header->type == NGHTTP2_DATA && header->length >= BT_H2_DATA_WORTH) return 0;
    if (connection->patience) {
        connection->patience--;
        return 0;
    }
    return fail_now(connection, NGHTTP2_ENHANCE_YOUR_CALM);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    bt_h2_connection *connection = user;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    int32_t id = frame->hd.stream_id;
    bt_h2_stream *stream = bt_h2_stream_open(connection, id);
    if (!stream) return 0; /* refused when the header block has ended */
    stream->before = NULL;
    stream->behind = connection->streams;
    if (stream->behind) stream->behind->before = stream;
    connection->streams = connection->current = stream;
    connection->stream_count++;
    nghttp2_session_set_stream_user_data(session, id, stream);
    return 0;
}

void bt_h2_connection_forget(bt_h2_connection *connection, bt_h2_stream *stream) {
    if (connection->current == stream) connection->current = NULL;
    if (stream->behind) stream->behind->before = stream->before;
    if (stream->before)
        stream->before->behind = stream->behind;
    else
        connection->streams = stream->behind;
    connection->stream_count--;
    if (!connection->session && !connection->stream_count && !connection->dirty) free(connection);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                     void *user) {
    (void)session, (void)flags;
    bt_h2_stream *stream = find(user, frame->hd.stream_id);
    if (!stream || stream->request.complete) return 0; /* refused, or trailers */
    bt_h2_stream_field(stream, bt_bytes_of(name, name_size), bt_bytes_of(value, value_size));
    /* Small blocks can unpack to a great deal (HPACK): from here on nobody looks any more. */
    if (stream->request.list_size > 4 * stream->core->limits.header_list_max)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return 0;
}

/* Frames of unknown types are ignored (RFC 9113, 4.1), but counted in on_begin_frame, which nghttp2 calls
 * only for types that it was told of. */
static int on_unknown_frame(nghttp2_session *session, void **payload,
                            const nghttp2_frame_hd *header, void *user) {
    (void)session, (void)payload, (void)header, (void)user;
    return NGHTTP2_ERR_CANCEL;
}

static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
                             const uint8_t *name, size_t name_size, const uint8_t *value,
                             size_t value_size, uint8_t flags, void *user) {
    (void)session, (void)frame, (void)name, (void)name_size;
    (void)value, (void)value_size, (void)flags, (void)user;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static void headers_done(bt_h2_connection *connection, const nghttp2_frame *frame) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return;
    connection->busy_ms = connection->core->tick_ms;
    bt_h2_stream *stream = find(connection, frame->hd.stream_id);
    if (!stream) {
        bool half_closed = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
        bt_h2_answer_overload(connection, frame->hd.stream_id, half_closed);
        return;
    }
    stream->request.half_closed = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    bt_h2_stream_headers_done(stream);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    (void)session;
    bt_h2_connection *connection = user;
    uint8_t type = frame->hd.type;
    if (type == NGHTTP2_SETTINGS) connection->greeted = true;
    if (type == NGHTTP2_PING && frame->hd.flags & NGHTTP2_FLAG_ACK)
        bt_h2_connection_take_no_more(connection);
    if (type == NGHTTP2_HEADERS) headers_done(connection, frame);
    if (type != NGHTTP2_HEADERS && type != NGHTTP2_DATA) return 0;
    if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
    bt_h2_stream *stream = find(connection, frame->hd.stream_id);
    if (stream) bt_h2_stream_half_close(stream);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t size, void *user) {
    (void)session, (void)flags;
    bt_h2_stream *stream = find(user, id);
    if (stream) bt_h2_stream_data(stream, bt_bytes_of(data, size));
    return 0;
}

/* Tells a client that was answered early to stop sending. It cannot be said together with the answer: a
 * stream for which RST_STREAM is queued sends nothing else. RFC 9113, 8.1. */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    bt_h2_connection *connection = user;
    uint8_t type = frame->hd.type;
    if (!connection->cut_short || (type != NGHTTP2_HEADERS && type != NGHTTP2_DATA)) return 0;
    int32_t id = frame->hd.stream_id;
    if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
    if (nghttp2_session_get_stream_remote_close(session, id) != 0) return 0;
    connection->cut_short--;
    return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error_code, void *user) {
    (void)session, (void)error_code;
    bt_h2_connection *connection = user;
    bt_h2_stream *stream = find(connection, id);
    connection->busy_ms = connection->core->tick_ms;
    connection->current = NULL;
    if (stream) bt_h2_stream_close(stream);
    return 0;
}

nghttp2_session_callbacks *bt_h2_connection_callbacks(void) {
    nghttp2_session_callbacks *callbacks;
    if (nghttp2_session_callbacks_new(&callbacks)) return NULL;
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, on_unknown_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    return callbacks;
}

nghttp2_option *bt_h2_connection_option(void) {
    nghttp2_option *option;
    if (nghttp2_option_new(&option)) return NULL;
    for (unsigned type = NGHTTP2_CONTINUATION + 1; type <= UINT8_MAX; type++)
        nghttp2_option_set_user_recv_extension_type(option, (uint8_t)type);
    nghttp2_option_set_stream_reset_rate_limit(option, 1000, 100);
    nghttp2_option_set_max_settings(option, 16);
    return option;
}

static int greet(bt_h2_connection *connection) {
    const bt_h2_limits *limits = &connection->core->limits;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->streams_max},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, BT_H2_STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits->header_list_max},
    };
    int result = nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings,
                                         sizeof settings / sizeof *settings);
    if (result) return result;
    return nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0,
                                                 BT_H2_CONNECTION_WINDOW);
}

bt_h2_connection *bt_h2_connection_new(bt_h2_core *core, const bt_listener_policy *policy) {
    bt_h2_connection *connection = calloc(1, sizeof *connection);
    if (!connection) return NULL;
    connection->core = core;
    connection->policy = policy;
    connection->account = (bt_h2_account){&core->pool, 0, core->limits.connection_memory};
    connection->patience = core->limits.patience_max;
    connection->opened_ms = connection->busy_ms = core->tick_ms;
    nghttp2_mem mem = bt_h2_account_mem(&connection->account);
    if (nghttp2_session_server_new3(&connection->session, core->callbacks, connection, core->option,
                                    &mem) == 0) {
        if (greet(connection) == 0) return connection;
        nghttp2_session_del(connection->session);
    }
    free(connection);
    return NULL;
}

static void undirty(bt_h2_connection *connection) {
    if (!connection->dirty) return;
    bt_h2_connection **place = &connection->core->dirty;
    while (*place != connection) place = &(*place)->next_dirty;
    *place = connection->next_dirty;
    connection->dirty = false;
}

void bt_h2_connection_free(bt_h2_connection *connection) {
    undirty(connection);
    nghttp2_session_del(connection->session);
    connection->session = NULL;
    connection->stream_count++; /* so that the last stream does not free it below */
    bt_h2_stream *next;
    for (bt_h2_stream *stream = connection->streams; stream; stream = next) {
        next = stream->behind;
        bt_h2_stream_close(stream);
    }
    if (--connection->stream_count == 0) free(connection);
}

bool bt_h2_connection_receive(bt_h2_connection *connection, bt_bytes bytes) {
    if (connection->failed) return false;
    bt_h2_connection_touch(connection);
    ssize_t taken = nghttp2_session_mem_recv(connection->session, bytes.data, bytes.size);
    if (taken >= 0) return true;
    bool flood = taken == NGHTTP2_ERR_FLOODED || taken == NGHTTP2_ERR_NOMEM ||
                 taken == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS;
    bt_h2_connection_fail(connection, flood ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
    return false;
}

static size_t pull_last_words(bt_h2_connection *connection, uint8_t *ret_bytes) {
    size_t size = connection->last_words_left;
    memcpy(ret_bytes, connection->last_words, size);
    connection->last_words_left = 0;
    return size;
}

size_t bt_h2_connection_pull(bt_h2_connection *connection, uint8_t *ret_bytes, size_t size) {
    size_t used = 0;
    while (!connection->failed && size - used >= BT_H2_PULL_MIN) {
        const uint8_t *frame;
        ssize_t frame_size = nghttp2_session_mem_send(connection->session, &frame);
        if (frame_size < 0) bt_h2_connection_fail(connection, NGHTTP2_INTERNAL_ERROR);
        if (frame_size <= 0) break;
        memcpy(ret_bytes + used, frame, (size_t)frame_size);
        used += (size_t)frame_size;
    }
    if (connection->failed && size - used >= BT_H2_GOAWAY_SIZE)
        used += pull_last_words(connection, ret_bytes + used);
    return used;
}

bool bt_h2_connection_is_over(const bt_h2_connection *connection) {
    if (connection->failed) return connection->last_words_left == 0;
    return !nghttp2_session_want_read(connection->session) &&
           !nghttp2_session_want_write(connection->session);
}
