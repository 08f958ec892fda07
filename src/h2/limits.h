/* What one peer may take. Every number that bounds a connection is here. */
#ifndef BT_H2_LIMITS_H
#define BT_H2_LIMITS_H

#include <stddef.h>
#include <stdint.h>

typedef struct bt_h2_limits {
    uint32_t streams_max;     /* open at a time on a connection (SETTINGS_MAX_CONCURRENT_STREAMS) */
    uint32_t header_list_max; /* bytes as RFC 9113 6.5.2 counts them: 32 more for each field */
    /* Bytes that a connection may hold, HPACK tables and messages and all, beside 4 KiB for each stream. */
    size_t connection_memory;
    /* Of the server. */
    size_t memory;    /* bytes that all connections may hold together; each worker has its share */
    size_t calls_max; /* with their handlers; past it RESOURCE_EXHAUSTED */
    size_t endless_max;     /* of these, watches and dialogues */
    size_t connections_max; /* also kept below RLIMIT_NOFILE */
    uint32_t patience_max;  /* frames, see h2/connection.h */
    uint32_t patience_per_s;
    int64_t handshake_ms; /* to finish TLS, the preface and each header block */
    int64_t request_ms;   /* to send the rest of a request, and to read the rest of an answer */
    int64_t idle_ms;      /* without a stream: then GOAWAY */
} bt_h2_limits;

#define BT_H2_LIMITS_DEFAULT                                                                       \
    ((bt_h2_limits){.streams_max = 256,                                                            \
                    .header_list_max = 16 << 10,                                                   \
                    .connection_memory = (size_t)4 << 20,                                          \
                    .memory = (size_t)512 << 20,                                                   \
                    .connections_max = 8192,                                                       \
                    .calls_max = 4096,                                                             \
                    .endless_max = 2048,                                                           \
                    .patience_max = 4096,                                                          \
                    .patience_per_s = 512,                                                         \
                    .handshake_ms = 10000,                                                         \
                    .request_ms = 60000,                                                           \
                    .idle_ms = 1800000})

/* Flow control: what a peer may send on one stream, and on all of a connection, before it is read. */
#define BT_H2_STREAM_WINDOW 65535
#define BT_H2_CONNECTION_WINDOW (1 << 20)

/* Bytes taken from a socket, and given to one, at a time. */
#define BT_H2_READ_MAX ((size_t)64 << 10)
#define BT_H2_WRITE_MAX ((size_t)64 << 10)

#endif
