#include "h2/peer.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "h2/fields.h"

bt_call *peer_kept;
int peer_ended, peer_handled;

static void echo(bt_call *call) {
    peer_handled++;
    bt_call_reply(call, call->message);
}

static void keep(bt_call *call) {
    peer_handled++;
    peer_kept = call;
}

static void say(bt_call *call) {
    peer_handled++;
    bt_call_send(call, call->message);
}

static void ended(bt_call *call) {
    peer_ended++;
    if (peer_kept == call) peer_kept = NULL;
}

static void who(bt_call *call) {
    const char twice = call->authorization_twice ? '2' : '1';
    char text[400];
    int size = snprintf(text, sizeof text, "%c%.*s", twice, BT_BYTES_ARG(call->authorization));
    bt_call_reply(call, bt_bytes_of(text, (size_t)size));
}

#define METHOD(name, more_flags, handler)                                                          \
    .path = (name), .flags = BT_METHOD_OPEN | (more_flags), .request_max = 100000,                 \
    .handle = (handler)

const bt_method peer_methods[] = {
    {METHOD("/t/Echo", 0, echo)},
    {METHOD("/t/Keep", 0, keep)},
    {METHOD("/t/Who", 0, who)},
    {METHOD("/t/Large", 0, echo), .arena_size = BT_CALL_ARENA_MAX},
    {METHOD("/t/Never", BT_METHOD_NEVER_FAILS, echo), .overload = {(const uint8_t *)"full", 4}},
    {METHOD("/t/Watch", BT_METHOD_WATCH, keep), .ended = ended},
    {METHOD("/t/Talk", BT_METHOD_DIALOGUE, say)},
    {.path = NULL},
};

peer_answer *peer_answer_of(h2_peer *peer, int32_t id) {
    ck_assert(id > 0 && id / 2 < PEER_STREAMS);
    return &peer->answers[id / 2];
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                     void *user) {
    (void)session, (void)flags;
    peer_answer *answer = peer_answer_of(user, frame->hd.stream_id);
    bt_bytes field = bt_bytes_of(name, name_size), is = bt_bytes_of(value, value_size);
    char text[2048];
    ck_assert(bt_bytes_copy_text(is, text, sizeof text));
    if (bt_bytes_equal(field, BT_LITERAL(":status"))) answer->http = atoi(text);
    if (bt_bytes_equal(field, BT_LITERAL("grpc-status"))) answer->grpc = atoi(text);
    if (bt_bytes_equal(field, BT_LITERAL("grpc-message")))
        bt_bytes_copy_text(is, answer->message, sizeof answer->message);
    if (bt_bytes_equal(field, BT_LITERAL("grpc-accept-encoding")))
        bt_bytes_copy_text(is, answer->encodings, sizeof answer->encodings);
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t size, void *user) {
    (void)session, (void)flags;
    peer_answer *answer = peer_answer_of(user, id);
    ck_assert_uint_le(answer->body_size + size, PEER_BODY);
    answer->body = realloc(answer->body, answer->body_size + size);
    memcpy(answer->body + answer->body_size, data, size);
    answer->body_size += size;
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    (void)session;
    h2_peer *own = user;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        own->goaway = true;
        own->goaways++;
        own->goaway_last = frame->goaway.last_stream_id;
        own->goaway_code = frame->goaway.error_code;
    }
    bool message = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (message && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        peer_answer_of(own, frame->hd.stream_id)->ended = true;
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error_code, void *user) {
    (void)session;
    peer_answer *answer = peer_answer_of(user, id);
    answer->closed = true;
    answer->reset = error_code;
    return 0;
}

static nghttp2_session *client_new(h2_peer *peer) {
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *client;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    ck_assert_int_eq(nghttp2_session_client_new(&client, callbacks, peer), 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(client, 0, NULL, 0);
    return client;
}

void peer_open(h2_peer *peer, const bt_h2_limits *limits, const bt_method *methods) {
    const bt_h2_limits usual = BT_H2_LIMITS_DEFAULT;
    memset(peer, 0, sizeof *peer);
    peer_kept = NULL;
    peer_ended = peer_handled = 0;
    for (size_t i = 0; i < PEER_STREAMS; i++) peer->answers[i].http = peer->answers[i].grpc = -1;
    ck_assert_int_eq(bt_h2_core_init(&peer->core, limits ? limits : &usual,
                                     methods ? methods : peer_methods, NULL, NULL),
                     BT_OK);
    peer->connection = bt_h2_connection_new(&peer->core, &peer->policy);
    ck_assert_ptr_nonnull(peer->connection);
    peer->client = client_new(peer);
    peer_take(peer); /* as a worker does when it gets a socket */
}

void peer_close(h2_peer *peer) {
    if (peer->connection) bt_h2_connection_free(peer->connection);
    bt_h2_mailbox_open(&peer->core.mailbox);
    bt_h2_core_dispatch(&peer->core);
    ck_assert_uint_eq(peer->core.streams, 0);
    ck_assert_uint_eq(peer->core.pool.used, 0);
    bt_h2_core_clear(&peer->core);
    nghttp2_session_del(peer->client);
    for (size_t i = 0; i < PEER_STREAMS; i++) free(peer->answers[i].body);
}

void peer_send_raw(h2_peer *peer, const void *bytes, size_t size) {
    const uint8_t *data = bytes;
    size_t chunk = peer->chunk ? peer->chunk : size;
    for (size_t at = 0; at < size && !peer->over; at += chunk) {
        size_t some = size - at < chunk ? size - at : chunk;
        peer->over = !bt_h2_connection_receive(peer->connection, bt_bytes_of(data + at, some));
        bt_h2_core_dispatch(&peer->core);
    }
}

void peer_greet_raw(h2_peer *peer) {
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    peer_send_raw(peer, preface, sizeof preface - 1);
}

void peer_send_frame(h2_peer *peer, uint8_t type, uint8_t flags, uint32_t id, const void *payload,
                     size_t size) {
    uint8_t *frame = malloc(9 + size);
    const uint8_t head[9] = {
        (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size,      type,       flags,
        (uint8_t)(id >> 24),   (uint8_t)(id >> 16),  (uint8_t)(id >> 8), (uint8_t)id};
    memcpy(frame, head, sizeof head);
    if (size) memcpy(frame + 9, payload, size);
    peer_send_raw(peer, frame, 9 + size);
    free(frame);
}

void peer_take(h2_peer *peer) {
    static uint8_t space[BT_H2_WRITE_MAX];
    size_t size;
    bt_h2_mailbox_open(&peer->core.mailbox);
    bt_h2_core_dispatch(&peer->core);
    while ((size = bt_h2_connection_pull(peer->connection, space, sizeof space)) > 0)
        ck_assert_int_eq(nghttp2_session_mem_recv(peer->client, space, size), (ssize_t)size);
}

static void look_at(h2_peer *peer, const uint8_t *frame) {
    if (frame[3] == NGHTTP2_RST_STREAM) {
        peer->dropped_resets++;
        peer->dropped_reset = frame[12];
    }
    if (frame[3] != NGHTTP2_GOAWAY) return;
    peer->goaway = true;
    peer->goaway_code = frame[16];
}

void peer_drop(h2_peer *peer) {
    static uint8_t space[BT_H2_WRITE_MAX];
    size_t size;
    bt_h2_mailbox_open(&peer->core.mailbox);
    bt_h2_core_dispatch(&peer->core);
    while ((size = bt_h2_connection_pull(peer->connection, space, sizeof space)) > 0) {
        for (size_t at = 0; at < size;) {
            look_at(peer, space + at);
            at += 9 + ((size_t)space[at] << 16 | (size_t)space[at + 1] << 8 | space[at + 2]);
        }
    }
}

void peer_run(h2_peer *peer) {
    for (;;) {
        const uint8_t *bytes;
        ssize_t size = nghttp2_session_mem_send(peer->client, &bytes);
        ck_assert_int_ge(size, 0);
        if (size) {
            peer_send_raw(peer, bytes, (size_t)size);
            continue;
        }
        peer_take(peer);
        if (!nghttp2_session_want_write(peer->client)) return;
    }
}

/* A request's bytes, held until they are sent. */
typedef struct body {
    size_t size, sent;
    bool ends;
    uint8_t data[];
} body;

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *data, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *user) {
    (void)session, (void)id, (void)user;
    body *from = source->ptr;
    size_t left = from->size - from->sent;
    if (size > left) size = left;
    memcpy(data, from->data + from->sent, size);
    from->sent += size;
    if (from->sent < from->size) return (ssize_t)size;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!from->ends) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    free(from);
    return (ssize_t)size;
}

#define FIELDS_MAX 32

static nghttp2_nv field_of(const char *name, const char *value) {
    return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), 0};
}

int32_t peer_request(h2_peer *peer, const char *path, bt_bytes bytes, bool ends,
                     const char *const *fields) {
    static const char *const usual[] = {
        ":method",          "POST", ":scheme",  "http", ":authority", "t", "content-type",
        "application/grpc", "te",   "trailers", NULL};
    nghttp2_nv all[FIELDS_MAX];
    size_t count = 0;
    for (const char *const *at = usual; *at; at += 2) {
        bool other = false;
        for (const char *const *mine = fields; mine && *mine; mine += 2)
            other |= strcmp(*mine, *at) == 0;
        if (!other) all[count++] = field_of(at[0], at[1]);
    }
    all[count++] = field_of(":path", path);
    size_t pseudo = 0;
    for (const char *const *mine = fields; mine && *mine; mine += 2) {
        if (!*mine[1]) continue; /* left out */
        nghttp2_nv new = field_of(mine[0], mine[1]);
        all[count++] = new;
    }
    /* Pseudo fields come first. */
    nghttp2_nv sorted[FIELDS_MAX];
    for (size_t i = 0; i < count; i++)
        if (all[i].name[0] == ':') sorted[pseudo++] = all[i];
    for (size_t i = 0; i < count; i++)
        if (all[i].name[0] != ':') sorted[pseudo++] = all[i];
    body *from = malloc(sizeof *from + bytes.size);
    from->size = bytes.size;
    from->sent = 0;
    from->ends = ends;
    if (bytes.size) memcpy(from->data, bytes.data, bytes.size);
    nghttp2_data_provider provider = {.source.ptr = from, .read_callback = read_body};
    int32_t id = nghttp2_submit_request(peer->client, NULL, sorted, count, &provider, NULL);
    ck_assert_int_gt(id, 0);
    return id;
}

int32_t peer_call(h2_peer *peer, const char *path, bt_bytes message) {
    uint8_t *bytes = malloc(BT_H2_PREFIX_SIZE + message.size);
    bt_h2_prefix_write(message.size, bytes);
    if (message.size) memcpy(bytes + BT_H2_PREFIX_SIZE, message.data, message.size);
    int32_t id =
        peer_request(peer, path, bt_bytes_of(bytes, BT_H2_PREFIX_SIZE + message.size), true, NULL);
    free(bytes);
    return id;
}

bt_bytes peer_message(h2_peer *peer, int32_t id) {
    const peer_answer *answer = peer_answer_of(peer, id);
    ck_assert_uint_ge(answer->body_size, BT_H2_PREFIX_SIZE);
    size_t size = bt_h2_prefix_size(answer->body);
    ck_assert_uint_ge(answer->body_size, BT_H2_PREFIX_SIZE + size);
    return bt_bytes_of(answer->body + BT_H2_PREFIX_SIZE, size);
}
