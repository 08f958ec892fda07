/* A connection of the h2 room and an HTTP/2 client, in memory: no socket, no thread. */
#ifndef BT_TESTS_H2_PEER_H
#define BT_TESTS_H2_PEER_H

#include "h2/connection.h"

#define PEER_STREAMS 600 /* odd ids below twice that */
#define PEER_BODY ((size_t)1 << 20)

typedef struct peer_answer {
    int http, grpc; /* -1: none came */
    char message[2048];
    char encodings[64]; /* grpc-accept-encoding */
    uint8_t *body;      /* with prefixes */
    size_t body_size;
    bool ended, closed; /* END_STREAM came; the stream is gone */
    uint32_t reset;     /* error code with which it went */
} peer_answer;

typedef struct h2_peer {
    bt_h2_core core;
    bt_h2_connection *connection;
    nghttp2_session *client;
    bt_listener_policy policy;
    size_t chunk; /* bytes moved at a time to the connection; 0: all there are */
    peer_answer answers[PEER_STREAMS];
    bool goaway;
    int goaways;
    int32_t goaway_last;
    uint32_t goaway_code;
    uint32_t dropped_reset; /* error code of the last RST_STREAM that peer_drop saw, and */
    int dropped_resets;     /* how many */
    bool over;              /* the connection refuses more */
} h2_peer;

/* With methods ended by a path of NULL; NULL: those of peer_methods. */
void peer_open(h2_peer *peer, const bt_h2_limits *limits, const bt_method *methods);
void peer_close(h2_peer *peer);

/* Moves bytes both ways, and handles calls, until there are none. */
void peer_run(h2_peer *peer);
/* Bytes as they are, instead of the client's. */
void peer_send_raw(h2_peer *peer, const void *bytes, size_t size);
/* The client's preface and an empty SETTINGS frame, for who goes on by hand. */
void peer_greet_raw(h2_peer *peer);
void peer_send_frame(h2_peer *peer, uint8_t type, uint8_t flags, uint32_t id, const void *payload,
                     size_t size);
/* Takes what the connection has to say; answers and goaway are then filled. */
void peer_take(h2_peer *peer);
/* The same without the client, for who goes on by hand: only GOAWAY and RST_STREAM are seen. */
void peer_drop(h2_peer *peer);

/* Starts a call; message is prefixed here. Returns the stream's id. */
int32_t peer_call(h2_peer *peer, const char *path, bt_bytes message);
/* The same, with the request's bytes as they are, more header fields (name, value, ..., NULL), and
 * perhaps no END_STREAM. */
int32_t peer_request(h2_peer *peer, const char *path, bt_bytes body, bool ends,
                     const char *const *fields);

peer_answer *peer_answer_of(h2_peer *peer, int32_t id);
/* The first message of an answer. */
bt_bytes peer_message(h2_peer *peer, int32_t id);

/* /t/Echo, /t/Keep (the call is left in peer_kept), /t/Who (the authorization, after 1 or 2 for how
 * many there were), /t/Watch (as Keep), /t/Talk, /t/Large (Echo in a large
 * arena). */
/* A header block that asks for /t/Echo: POST, http, authority t, application/grpc, te trailers, without
 * the dynamic table. RFC 7541. */
#define PEER_ECHO                                                                                  \
    "\x83\x86\x01\x01t\x04\x07/t/Echo\x0f\x10\x10"                                                 \
    "application/grpc\x00\x02te\x08trailers"

extern const bt_method peer_methods[];
extern bt_call *peer_kept;
extern int peer_ended;   /* watches that were told of their end */
extern int peer_handled; /* calls of handlers */

#endif
