/* One stream of a connection and the call it carries: the request is gathered here, and the answer kept
 * until it is sent. */
#ifndef BT_H2_STREAM_H
#define BT_H2_STREAM_H

#include <stdatomic.h>

#include "h2/buffer.h"
#include "h2/core.h"
#include "h2/fields.h"

/* A valid credential is far shorter; a longer one is passed on as one that cannot be valid. */
#define BT_H2_AUTHORIZATION_MAX 256u

typedef struct bt_h2_request {
    bool post, grpc, trailers; /* :method POST, content-type application/grpc, te trailers */
    bool encoded;              /* grpc-encoding other than identity */
    bool timeout_bad;
    const char *refusal; /* HTTP status of what is not gRPC, given when the request has ended */
    bool complete;       /* the header block has ended */
    bool half_closed;    /* END_STREAM came */
    uint8_t prefix_have;
    uint8_t prefix[BT_H2_PREFIX_SIZE];
    uint32_t list_size; /* of the header fields, as limits.header_list_max counts */
    size_t expected; /* bytes of the message that the prefix announced; of a refused request, those
                           that came */
} bt_h2_request;

/* An answer from another thread. Owned by whoever takes it out of stream->note. */
typedef struct bt_h2_note bt_h2_note;

struct bt_h2_stream {
    bt_call call; /* first: handlers give this back */
    bt_h2_core *core;
    bt_h2_connection *connection;  /* lives at least as long as the stream */
    bt_h2_stream *next_ready;      /* of core->ready_first, or core->idle */
    bt_h2_stream *before, *behind; /* of connection->streams */
    int32_t id;
    bool queued;   /* in core->ready_first */
    bool handling; /* inside bt_call_dispatch_many: answers are taken at once */
    bool owed;     /* the handler was called and has not answered: the object must stay */
    bool watching; /* the handler of a WATCH was called, and has not been told of the end */
    bool endless;  /* counted in core->endless */
    bool finished; /* the status of the call is settled */
    bool answered; /* response headers are submitted */
    bool closed;   /* the stream is gone from the session */
    bt_h2_request request;
    int64_t since_ms; /* tick of the last progress */
    bt_h2_letter letter;
    _Atomic(bt_h2_note *) note; /* not NULL: the letter is in the mailbox */
    size_t sent;                /* bytes of out that are in frames */
    size_t boundary;            /* where the message in transit ends in out */
    bt_fault end;               /* status of a stream that was answered before it failed */
    size_t authorization_size;
    uint8_t authorization[BT_H2_AUTHORIZATION_MAX];
    bt_h2_buffer in, out;
};

/* NULL: the connection has streams_max, or there is no memory at all. */
bt_h2_stream *bt_h2_stream_open(bt_h2_connection *connection, int32_t id);

/* One field of the request's header block. */
void bt_h2_stream_field(bt_h2_stream *stream, bt_bytes name, bt_bytes value);
/* The header block has ended: refuses what is not a call of ours. */
void bt_h2_stream_headers_done(bt_h2_stream *stream);
/* Bytes of DATA, in pieces of any size. */
void bt_h2_stream_data(bt_h2_stream *stream, bt_bytes bytes);
/* END_STREAM. */
void bt_h2_stream_half_close(bt_h2_stream *stream);

/* The HTTP/2 stream is gone: frees the object, now or when its handler has ended the call. */
void bt_h2_stream_close(bt_h2_stream *stream);

/* Calls the handlers of up to BT_CALLS_TOGETHER requests. For bt_h2_core_dispatch. */
void bt_h2_stream_handle(bt_h2_stream **streams, size_t count);
/* Where the handler has answered: gives back what the request took. */
void bt_h2_stream_answered(bt_h2_stream *stream);

#endif
