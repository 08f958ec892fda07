/* Reads messages of Protocol Buffers (https://protobuf.dev/programming-guides/encoding/) into plain
 * structs, guided by a table of their fields. Nothing is copied or allocated: texts are views into
 * the message. What a message can make us hold is bounded by the struct.
 *
 * Unknown fields are skipped, as the format wants it. Groups, which no message of ours has, and known
 * fields of another wire type make a message malformed: on doubt we do not guess. */
#ifndef BT_RPC_WIRE_H
#define BT_RPC_WIRE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

typedef enum bt_wire_type {
    BT_WIRE_UNKNOWN = 0, /* no such field */
    BT_WIRE_BYTES,       /* string, bytes, or message -> bt_bytes */
    BT_WIRE_LIST,        /* repeated string, bytes, or message -> bt_bytes[max], size_t count */
    BT_WIRE_UINT,        /* uint32, uint64 -> uint64_t */
    BT_WIRE_INT,         /* int32, int64 -> int64_t */
    BT_WIRE_ENUM,        /* -> an enum; 0 to max */
    BT_WIRE_SET,         /* repeated enum, packed or not -> uint64_t, bit 1 << value; 1 to max */
    BT_WIRE_TIME,        /* google.protobuf.Timestamp -> int64_t milliseconds, rounded down */
    BT_WIRE_DURATION, /* google.protobuf.Duration -> int64_t milliseconds, rounded down; 0 where max is 1 */
    BT_WIRE_LABELS, /* map<string, string> -> bt_label[max], size_t count */
} bt_wire_type;

typedef struct bt_wire_field {
    const char *name;
    bt_wire_type type;
    unsigned max;
    size_t offset;
    size_t count_offset; /* LIST, LABELS */
} bt_wire_field;

typedef struct bt_wire_message {
    const char *name;            /* "bitting.v1.CheckScopeRequest" */
    const bt_wire_field *fields; /* by number; the first is unused */
    size_t fields_count;
} bt_wire_message;

#define BT_WIRE_COUNT(fields) (sizeof(fields) / sizeof *(fields))

/* ret_struct must hold what absent fields mean; counts must be 0. BT_ERR_INVALID: malformed, or a
 * value out of range, named by its field; ret_struct is then half written. */
bt_err bt_wire_read(const bt_wire_message *type, bt_bytes message, void *ret_struct,
                    bt_fault *fault);

/* The field at *at of a message, tag and all, and moves on. False at the end, and where the message is
 * malformed. */
bool bt_wire_next(bt_bytes message, size_t *at, bt_bytes *ret_field);

/* Writes messages, field by field, into a buffer that does not grow. */
typedef struct bt_out {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool full; /* something did not fit: the message is worth nothing */
} bt_out;

static inline bt_out bt_out_into(void *block, size_t capacity) {
    return (bt_out){.data = block, .capacity = capacity};
}

/* Takes all that is left of an arena. */
bt_out bt_out_rest(bt_arena *arena);

static inline bt_bytes bt_out_written(const bt_out *out) {
    return bt_bytes_of(out->data, out->size);
}

/* Singular fields: 0 and empty are left out, as proto3 has it. Numbers of fields are up to 2047. */
void bt_out_uint(bt_out *out, unsigned field, uint64_t value);
void bt_out_bytes(bt_out *out, unsigned field, bt_bytes bytes);
void bt_out_double(bt_out *out, unsigned field, double value);
/* A Timestamp; BT_NEVER_MS is left out. */
void bt_out_time(bt_out *out, unsigned field, int64_t time_ms);

/* One element of a repeated field, or a message that is there even if empty. */
void bt_out_item(bt_out *out, unsigned field, bt_bytes bytes);

/* The same for a message that is written between these two; end gets what begin returned. */
size_t bt_out_begin(bt_out *out, unsigned field);
void bt_out_end(bt_out *out, size_t begun);

/* Fields as they were written before. */
void bt_out_fields(bt_out *out, bt_bytes fields);

#endif
