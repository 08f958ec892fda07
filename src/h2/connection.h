/* One HTTP/2 connection without its socket: bytes in, bytes out. For one thread. */
#ifndef BT_H2_CONNECTION_H
#define BT_H2_CONNECTION_H

#include "h2/core.h"
#include "h2/stream.h"

/* Patience: how many frames a peer may send that bring no call forward. Each frame costs one; time and whole
 * requests give some back. Bounds floods of PING, SETTINGS, PRIORITY, WINDOW_UPDATE, RST_STREAM, empty and
 * tiny DATA, CONTINUATION and unknown frames in one rule; nghttp2 has its own for some of them. */
#define BT_H2_PATIENCE_PER_REQUEST 8u
/* DATA that brings at least so many bytes costs nothing. */
#define BT_H2_DATA_WORTH 256u
#define BT_H2_GOAWAY_SIZE 17u

struct bt_h2_connection {
    bt_h2_core *core;
    const bt_listener_policy *policy;
    bt_address peer;          /* family unknown: a UNIX socket */
    nghttp2_session *session; /* NULL: closed, and calls are still at their handlers */
    bt_h2_account account;
    bt_h2_stream *streams; /* all that hold an object, closed ones too */
    size_t stream_count;
    bt_h2_stream *current; /* the last that was looked up; may be NULL */
    bt_h2_connection *next_dirty;
    bool dirty;
    bool greeted; /* the peer's first SETTINGS came */
    bool failed;  /* nothing more is read; last_words and what was pulled is all that goes out */
    uint8_t draining; /* 1, 2: GOAWAY was announced; 3: and is final */
    size_t cut_short; /* answers submitted while the client may still be sending */
    uint32_t patience;
    int64_t opened_ms, busy_ms; /* ticks: of the start, of the last frame of a stream */
    size_t last_words_left;
    uint8_t last_words[BT_H2_GOAWAY_SIZE];
    void *owner; /* whoever moves the bytes */
};

/* The policy must outlive the connection. NULL without memory. */
bt_h2_connection *bt_h2_connection_new(bt_h2_core *core, const bt_listener_policy *policy);

/* Ends every stream and closes the session. The object goes when the last handler has ended its call. */
void bt_h2_connection_free(bt_h2_connection *connection);

/* Bytes from the peer. False: the connection is to be closed once its output is sent. */
bool bt_h2_connection_receive(bt_h2_connection *connection, bt_bytes bytes);

/* Fills a buffer of at least BT_H2_PULL_MIN with whole frames. 0: there is nothing to send now. */
size_t bt_h2_connection_pull(bt_h2_connection *connection, uint8_t *ret_bytes, size_t size);
#define BT_H2_PULL_MIN ((size_t)17 << 10)

/* Nothing will be read nor sent any more. */
bool bt_h2_connection_is_over(const bt_h2_connection *connection);

/* Says that no new stream should come (GOAWAY of the highest number), and after a round trip that none will
 * be taken (RFC 9113 6.8). What was begun is finished, but watches and dialogues are ended. */
void bt_h2_connection_drain(bt_h2_connection *connection);
/* The round trip is over. Nothing happens where no drain was begun. */
void bt_h2_connection_take_no_more(bt_h2_connection *connection);

/* Once a second or so: time-outs of streams, of the handshake and of silence. */
void bt_h2_connection_sweep(bt_h2_connection *connection);

/* Nothing more is read; what goes out is GOAWAY with an NGHTTP2_ error code. */
void bt_h2_connection_fail(bt_h2_connection *connection, uint32_t error_code);

/* Gives back patience for a whole request. */
void bt_h2_connection_reward(bt_h2_connection *connection);

/* Puts it in core->dirty. */
void bt_h2_connection_touch(bt_h2_connection *connection);

/* A stream object is gone. For stream.c. */
void bt_h2_connection_forget(bt_h2_connection *connection, bt_h2_stream *stream);

/* The callbacks and options of every session. NULL without memory. */
nghttp2_session_callbacks *bt_h2_connection_callbacks(void);
nghttp2_option *bt_h2_connection_option(void);

#endif
