#include "h2/answer.h"

#include <stdlib.h>

#include "base/secret.h"
#include "h2/connection.h"

typedef enum note_kind { NOTE_REPLY, NOTE_FAIL, NOTE_SEND } note_kind;

struct bt_h2_note {
    note_kind kind;
    bt_err err; /* of NOTE_FAIL, and bytes are its text */
    size_t size;
    uint8_t bytes[];
};

/* Stands for a note for which there was no memory. */
static bt_h2_note note_lost = {.kind = NOTE_FAIL, .err = BT_ERR_EXHAUSTED};

/* Name and value live for ever, so that nghttp2 need not copy them. */
#define FIELD(name, value)                                                                         \
    {                                                                                              \
        (uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, sizeof(value) - 1,                \
            NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE                           \
    }

static const nghttp2_nv response[] = {FIELD(":status", "200"),
                                      FIELD("content-type", "application/grpc")};
static const nghttp2_nv trailers_ok[] = {FIELD("grpc-status", "0")};

/* Longer texts are not made: bt_fault.text, each byte as %XX. */
#define MESSAGE_MAX (3 * sizeof((bt_fault *)0)->text)
#define STATUS_FIELDS 2u

/* Writes grpc-status and grpc-message; nghttp2 copies the message. */
static void status_fields(bt_err err, const char *text, char message[MESSAGE_MAX],
                          nghttp2_nv ret_fields[STATUS_FIELDS]) {
    static const char numbers[][3] = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                      "9", "10", "11", "12", "13", "14", "15", "16"};
    const char *number = numbers[bt_call_status(err)];
    nghttp2_nv status = FIELD("grpc-status", "");
    status.value = (uint8_t *)number;
    status.valuelen = strlen(number);
    nghttp2_nv words = FIELD("grpc-message", "");
    words.value = (uint8_t *)message;
    words.valuelen = bt_h2_percent_encode(bt_bytes_text(text), message, MESSAGE_MAX);
    words.flags = NGHTTP2_NV_FLAG_NO_COPY_NAME;
    ret_fields[0] = status;
    ret_fields[1] = words;
}

static int submit_trailers(bt_h2_stream *stream) {
    nghttp2_session *session = stream->connection->session;
    if (!stream->end.err) return nghttp2_submit_trailer(session, stream->id, trailers_ok, 1);
    char message[MESSAGE_MAX];
    nghttp2_nv fields[STATUS_FIELDS];
    status_fields(stream->end.err, stream->end.text, message, fields);
    return nghttp2_submit_trailer(session, stream->id, fields, STATUS_FIELDS);
}

/* nghttp2 asks for the next bytes of DATA. */
static ssize_t read_out(nghttp2_session *session, int32_t id, uint8_t *data, size_t size,
                        uint32_t *flags, nghttp2_data_source *source, void *user) {
    (void)session, (void)id, (void)user;
    bt_h2_stream *stream = source->ptr;
    size_t left = stream->out.size - stream->sent;
    if (size > left) size = left;
    memcpy(data, stream->out.data + stream->sent, size);
    stream->sent += size;
    stream->since_ms = stream->core->tick_ms;
    if (size < left) return (ssize_t)size;
    if (!stream->finished) return size ? (ssize_t)size : NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream->request.refusal) return (ssize_t)size;
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return submit_trailers(stream) ? NGHTTP2_ERR_CALLBACK_FAILURE : (ssize_t)size;
}

/* An answer for which there is no memory leaves the client waiting, so the connection goes. */
static void submitted(bt_h2_connection *connection, int result) {
    if (nghttp2_is_fatal(result)) bt_h2_connection_fail(connection, NGHTTP2_ENHANCE_YOUR_CALM);
    bt_h2_connection_touch(connection);
}

/* There is something to send. */
static void flow(bt_h2_stream *stream) {
    bt_h2_connection *connection = stream->connection;
    stream->since_ms = stream->core->tick_ms;
    if (stream->answered) {
        submitted(connection, nghttp2_session_resume_data(connection->session, stream->id));
        return;
    }
    stream->answered = true;
    nghttp2_data_provider provider = {.source.ptr = stream, .read_callback = read_out};
    submitted(connection, nghttp2_submit_response(connection->session, stream->id, response,
                                                  sizeof response / sizeof *response, &provider));
}

/* An answer without a message. */
static void submit_only(bt_h2_connection *connection, int32_t id, bool half_closed,
                        const nghttp2_nv *fields, size_t count) {
    if (!half_closed) connection->cut_short++;
    submitted(connection, nghttp2_submit_response(connection->session, id, fields, count, NULL));
}

/* https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, Trailers-Only */
static void submit_trailers_only(bt_h2_connection *connection, int32_t id, bool half_closed,
                                 bt_err err, const char *text) {
    nghttp2_nv fields[2 + STATUS_FIELDS + 1] = {response[0], response[1]};
    char message[MESSAGE_MAX];
    status_fields(err, text, message, fields + 2);
    fields[4] = (nghttp2_nv)FIELD("grpc-accept-encoding", "identity");
    size_t count = err == BT_ERR_UNIMPLEMENTED ? 5 : 4;
    submit_only(connection, id, half_closed, fields, count);
}

void bt_h2_answer_overload(bt_h2_connection *connection, int32_t id, bool half_closed) {
    submit_trailers_only(connection, id, half_closed, BT_ERR_EXHAUSTED, "too many calls at a time");
}

void bt_h2_answer_http(bt_h2_stream *stream, const char *status) {
    const bt_bytes text = BT_LITERAL("This server speaks gRPC.\n");
    if (stream->finished) return;
    bt_h2_connection *connection = stream->connection;
    nghttp2_nv fields[] = {FIELD(":status", ""), FIELD("content-type", "text/plain")};
    fields[0].value = (uint8_t *)status;
    fields[0].valuelen = strlen(status);
    stream->finished = stream->answered = true;
    bt_h2_buffer_append(&stream->out, &connection->account, text);
    if (!stream->request.half_closed) connection->cut_short++;
    nghttp2_data_provider provider = {.source.ptr = stream, .read_callback = read_out};
    submitted(connection,
              nghttp2_submit_response(connection->session, stream->id, fields, 2, &provider));
}

/* Who watches wants the last state: what waits behind the message in transit, if any, is dropped. */
static void drop_waiting(bt_h2_stream *stream) {
    if (stream->sent > stream->boundary)
        stream->boundary = stream->out.size;
    else
        stream->out.size = stream->boundary = stream->sent ? stream->boundary : 0;
}

/* Puts one message behind what is not yet sent. */
static bool put(bt_h2_stream *stream, bt_bytes message) {
    bt_h2_buffer *out = &stream->out;
    if (stream->sent == out->size)
        stream->sent = stream->boundary = out->size = 0;
    else if (stream->watching)
        drop_waiting(stream);
    bt_h2_account *account = &stream->connection->account;
    if (message.size > UINT32_MAX ||
        !bt_h2_buffer_reserve(out, account, BT_H2_PREFIX_SIZE + message.size))
        return false;
    bt_h2_prefix_write(message.size, out->data + out->size);
    out->size += BT_H2_PREFIX_SIZE;
    bt_h2_buffer_append(out, account, message);
    if (stream->sent >= stream->boundary) stream->boundary = out->size;
    return true;
}

/* A method that never fails has a reply for when it cannot be called. */
static bool answer_instead(bt_h2_stream *stream) {
    const bt_method *method = stream->call.method;
    if (!method || !method->overload.size || stream->answered) return false;
    if (!put(stream, method->overload)) return false;
    if (!stream->request.half_closed) stream->connection->cut_short++;
    stream->finished = true;
    flow(stream);
    return true;
}

void bt_h2_answer_fail(bt_h2_stream *stream, bt_err err, const char *text) {
    if (stream->finished || answer_instead(stream)) return;
    stream->finished = true;
    if (!stream->answered) {
        stream->answered = true;
        submit_trailers_only(stream->connection, stream->id, stream->request.half_closed, err,
                             text);
        return;
    }
    stream->end.err = err;
    bt_bytes_copy_text(bt_bytes_text(text), stream->end.text, sizeof stream->end.text);
    if (!stream->request.half_closed) stream->connection->cut_short++;
    flow(stream);
}

void bt_h2_answer_finish(bt_h2_stream *stream) {
    stream->finished = true;
    flow(stream);
}

static void apply(bt_h2_stream *stream, note_kind kind, bt_err err, bt_bytes bytes) {
    stream->owed = false;
    if (stream->closed || stream->finished) return;
    if (kind == NOTE_FAIL) {
        bt_h2_answer_fail(stream, err, bytes.size ? (const char *)bytes.data : "");
        return;
    }
    if (!put(stream, bytes)) {
        bt_h2_answer_fail(stream, BT_ERR_EXHAUSTED, "no memory for the answer");
        return;
    }
    stream->finished = kind == NOTE_REPLY;
    flow(stream);
}

void bt_h2_note_free(bt_h2_note *note) {
    if (note == &note_lost) return;
    if (note) bt_secret_wipe(note->bytes, note->size);
    free(note);
}

void bt_h2_answer_letter(bt_h2_letter *letter) {
    bt_h2_stream *stream =
        (bt_h2_stream *)(void *)((char *)letter - offsetof(bt_h2_stream, letter));
    bt_h2_note *note = atomic_exchange(&stream->note, NULL);
    if (stream->owed) atomic_fetch_sub(&stream->core->totals->calls, 1);
    apply(stream, note->kind, note->err, bt_bytes_of(note->bytes, note->size));
    bt_h2_note_free(note);
    if (stream->closed)
        bt_h2_stream_close(stream);
    else
        bt_h2_stream_answered(stream);
}

static void post(bt_h2_stream *stream, note_kind kind, bt_err err, bt_bytes bytes) {
    bt_h2_note *note = malloc(sizeof *note + bytes.size + 1);
    if (note) {
        note->kind = kind;
        note->err = err;
        note->size = bytes.size;
        if (bytes.size) memcpy(note->bytes, bytes.data, bytes.size);
        note->bytes[bytes.size] = '\0';
    } else {
        note = &note_lost;
    }
    bt_h2_mailbox *mailbox = &stream->core->mailbox;
    bt_h2_note *older = atomic_exchange(&stream->note, note);
    /* From here on the worker may free the stream, unless the letter is ours to post. */
    if (older)
        bt_h2_note_free(older);
    else
        bt_h2_mailbox_post(mailbox, &stream->letter);
}

static void answer(bt_call *call, note_kind kind, bt_err err, bt_bytes bytes) {
    bt_h2_stream *stream = (bt_h2_stream *)call;
    if (pthread_equal(pthread_self(), stream->core->thread) && stream->handling)
        apply(stream, kind, err, bytes);
    else
        post(stream, kind, err, bytes);
}

static void answer_reply(bt_call *call, bt_bytes message) {
    answer(call, NOTE_REPLY, BT_OK, message);
}

static void answer_fail(bt_call *call, const bt_fault *fault) {
    answer(call, NOTE_FAIL, fault->err, bt_bytes_text(fault->text));
}

static void answer_send(bt_call *call, bt_bytes message) {
    answer(call, NOTE_SEND, BT_OK, message);
}

static void answer_peer(const bt_call *call, bt_address *address) {
    *address = ((const bt_h2_stream *)call)->connection->peer;
}

const bt_call_transport bt_h2_answer_transport = {.reply = answer_reply,
                                                  .fail = answer_fail,
                                                  .send = answer_send,
                                                  .peer = answer_peer,
                                                  .gathers = true};
