#include "rpc/wire.h"

#include <inttypes.h>

#include "base/clock.h"
#include "store/detail.h"

/* https://protobuf.dev/programming-guides/encoding/#structure */
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

typedef struct cursor {
    const bt_wire_message *type;
    const uint8_t *start, *at, *end;
    bt_fault *fault;
} cursor;

static cursor read_from(const bt_wire_message *type, bt_bytes message, bt_fault *fault) {
    const uint8_t *start = message.data ? message.data : (const uint8_t *)"";
    return (cursor){type, start, start, start + message.size, fault};
}

static bt_err malformed(const cursor *reader, const char *what) {
    bt_fail(reader->fault, BT_ERR_INVALID, "request: not a %s: %s at byte %td", reader->type->name,
            what, reader->at - reader->start);
    return BT_ERR_INVALID;
}

/* Up to ten bytes; bits beyond the 64th are dropped, as in other readers. */
static bt_err read_long_varint(cursor *reader, uint64_t *ret_value) {
    uint64_t value = 0;
    const uint8_t *at = reader->at;
    for (unsigned shift = 0; shift < 70 && at < reader->end; shift += 7) {
        uint8_t byte = *at++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte & 0x80) continue;
        *ret_value = value;
        reader->at = at;
        return BT_OK;
    }
    return malformed(reader, "an unfinished number");
}

/* Nearly every tag and length is one byte. */
static inline bt_err read_varint(cursor *reader, uint64_t *ret_value) {
    if (reader->at == reader->end || *reader->at & 0x80) return read_long_varint(reader, ret_value);
    *ret_value = *reader->at++;
    return BT_OK;
}

static inline bt_err read_bytes(cursor *reader, bt_bytes *ret_bytes) {
    uint64_t size;
    BT_TRY(read_varint(reader, &size));
    if (size > (uint64_t)(reader->end - reader->at))
        return malformed(reader, "a length beyond the end");
    *ret_bytes = bt_bytes_of(reader->at, (size_t)size);
    reader->at += size;
    return BT_OK;
}

static bt_err skip_fixed(cursor *reader, size_t size) {
    if ((size_t)(reader->end - reader->at) < size) return malformed(reader, "a cut-off number");
    reader->at += size;
    return BT_OK;
}

static bt_err skip(cursor *reader, unsigned wire) {
    uint64_t number;
    bt_bytes bytes;
    switch (wire) {
    case WIRE_VARINT:
        return read_varint(reader, &number);
    case WIRE_FIXED64:
        return skip_fixed(reader, 8);
    case WIRE_BYTES:
        return read_bytes(reader, &bytes);
    case WIRE_FIXED32:
        return skip_fixed(reader, 4);
    default:
        return malformed(reader, "a group or an unknown wire type");
    }
}

/* ret_field is NULL for a field that the message does not have, which has been skipped. */
static inline bt_err read_tag(cursor *reader, const bt_wire_field **ret_field, unsigned *ret_wire) {
    uint64_t tag;
    BT_TRY(read_varint(reader, &tag));
    uint64_t number = tag >> 3;
    *ret_wire = tag & 7;
    if (number == 0 || tag > UINT32_MAX) return malformed(reader, "a field without a number");
    const bt_wire_message *type = reader->type;
    bool known = number < type->fields_count && type->fields[number].type != BT_WIRE_UNKNOWN;
    *ret_field = known ? &type->fields[number] : NULL;
    return known ? BT_OK : skip(reader, *ret_wire);
}

static bt_err out_of_range(const cursor *reader, const bt_wire_field *field, uint64_t value,
                           unsigned least) {
    return bt_fail(reader->fault, BT_ERR_INVALID, "%s: %" PRId64 " is not a value; %u to %u are",
                   field->name, (int64_t)value, least, field->max);
}

static bt_err store_number(const cursor *reader, const bt_wire_field *field, uint64_t value,
                           uint8_t *out) {
    if (field->type != BT_WIRE_ENUM) {
        memcpy(out + field->offset, &value, sizeof value);
        return BT_OK;
    }
    if (value > field->max) return out_of_range(reader, field, value, 0);
    uint32_t number = (uint32_t)value;
    memcpy(out + field->offset, &number, sizeof number);
    return BT_OK;
}

static bt_err add_to_set(const cursor *reader, const bt_wire_field *field, uint64_t value,
                         uint8_t *out) {
    if (value == 0 || value > field->max) return out_of_range(reader, field, value, 1);
    uint64_t *set = (uint64_t *)(void *)(out + field->offset);
    *set |= UINT64_C(1) << value;
    return BT_OK;
}

static bt_err read_packed_set(cursor *outer, const bt_wire_field *field, uint8_t *out) {
    bt_bytes packed;
    BT_TRY(read_bytes(outer, &packed));
    cursor inner = read_from(outer->type, packed, outer->fault);
    while (inner.at < inner.end) {
        uint64_t value;
        BT_TRY(read_varint(&inner, &value));
        BT_TRY(add_to_set(outer, field, value, out));
    }
    return BT_OK;
}

static inline bt_err add_to_list(cursor *reader, const bt_wire_field *field, uint8_t *out) {
    size_t *count = (size_t *)(void *)(out + field->count_offset);
    bt_bytes *list = (bt_bytes *)(void *)(out + field->offset);
    if (*count == field->max)
        return bt_fail(reader->fault, BT_ERR_INVALID, "%s: at most %u are allowed", field->name,
                       field->max);
    BT_TRY(read_bytes(reader, &list[*count]));
    ++*count;
    return BT_OK;
}

static bt_err add_label(cursor *reader, const bt_wire_field *field, uint8_t *out) {
    static const bt_wire_field fields[] = {
        {0},
        {"key", BT_WIRE_BYTES, .offset = offsetof(bt_label, key)},
        {"value", BT_WIRE_BYTES, .offset = offsetof(bt_label, value)},
    };
    static const bt_wire_message entry = {"map entry", fields, 3};
    size_t *count = (size_t *)(void *)(out + field->count_offset);
    bt_label *list = (bt_label *)(void *)(out + field->offset);
    if (*count == field->max)
        return bt_fail(reader->fault, BT_ERR_INVALID, "%s: at most %u are allowed", field->name,
                       field->max);
    bt_bytes message;
    BT_TRY(read_bytes(reader, &message));
    bt_label *label = &list[(*count)++];
    *label = (bt_label){{0}, {0}};
    return bt_wire_read(&entry, message, label, reader->fault);
}

/* What Timestamp and Duration are made of. */
typedef struct split_time {
    int64_t seconds, nanos;
} split_time;

static bt_err read_split_time(cursor *reader, split_time *ret_time) {
    static const bt_wire_field fields[] = {
        {0},
        {"seconds", BT_WIRE_INT, .offset = offsetof(split_time, seconds)},
        {"nanos", BT_WIRE_INT, .offset = offsetof(split_time, nanos)},
    };
    static const bt_wire_message type = {"time", fields, 3};
    bt_bytes message;
    *ret_time = (split_time){0, 0};
    BT_TRY(read_bytes(reader, &message));
    return bt_wire_read(&type, message, ret_time, reader->fault);
}

static bt_err check_nanos(const cursor *reader, const bt_wire_field *field, int64_t nanos) {
    if (nanos >= 0 && nanos <= 999999999) return BT_OK;
    return bt_fail(reader->fault, BT_ERR_INVALID,
                   "%s: nanos is %" PRId64 "; 0 to 999999999 are right", field->name, nanos);
}

static bt_err read_time(cursor *reader, const bt_wire_field *field, uint8_t *out) {
    split_time time;
    BT_TRY(read_split_time(reader, &time));
    /* 0001-01-01T00:00:00Z, the first time that a Timestamp can say. */
    if (time.seconds < INT64_C(-62135596800) || time.seconds > BT_LAST_MS / BT_SECOND_MS)
        return bt_fail(reader->fault, BT_ERR_INVALID,
                       "%s: %" PRId64 " seconds are not in the years 1 to 9999", field->name,
                       time.seconds);
    BT_TRY(check_nanos(reader, field, time.nanos));
    int64_t time_ms = time.seconds * BT_SECOND_MS + time.nanos / 1000000;
    memcpy(out + field->offset, &time_ms, sizeof time_ms);
    return BT_OK;
}

/* Positive ones alone: no field of ours means anything by another. */
static bt_err read_duration(cursor *reader, const bt_wire_field *field, uint8_t *out) {
    split_time span;
    BT_TRY(read_split_time(reader, &span));
    if (span.seconds < 0 || span.seconds > BT_LAST_MS / BT_SECOND_MS)
        return bt_fail(reader->fault, BT_ERR_INVALID,
                       "%s: %" PRId64 " seconds are not 0 to 10,000 years", field->name,
                       span.seconds);
    BT_TRY(check_nanos(reader, field, span.nanos));
    int64_t span_ms = span.seconds * BT_SECOND_MS + span.nanos / 1000000;
    if (span_ms == 0 && !field->max)
        return bt_fail(reader->fault, BT_ERR_INVALID, "%s: must be a millisecond or more",
                       field->name);
    memcpy(out + field->offset, &span_ms, sizeof span_ms);
    return BT_OK;
}

static bool is_number(bt_wire_type type) {
    return type == BT_WIRE_UINT || type == BT_WIRE_INT || type == BT_WIRE_ENUM;
}

static bt_err read_number(cursor *reader, const bt_wire_field *field, uint8_t *out) {
    uint64_t value;
    BT_TRY(read_varint(reader, &value));
    if (is_number(field->type)) return store_number(reader, field, value, out);
    if (field->type == BT_WIRE_SET) return add_to_set(reader, field, value, out);
    return malformed(reader, "a number where there should be none");
}

static inline bt_err read_sized(cursor *reader, const bt_wire_field *field, uint8_t *out) {
    switch (field->type) {
    case BT_WIRE_BYTES:
        return read_bytes(reader, (bt_bytes *)(void *)(out + field->offset));
    case BT_WIRE_LIST:
        return add_to_list(reader, field, out);
    case BT_WIRE_SET:
        return read_packed_set(reader, field, out);
    case BT_WIRE_TIME:
        return read_time(reader, field, out);
    case BT_WIRE_DURATION:
        return read_duration(reader, field, out);
    case BT_WIRE_LABELS:
        return add_label(reader, field, out);
    default:
        return malformed(reader, "bytes where there should be a number");
    }
}

bt_err bt_wire_read(const bt_wire_message *type, bt_bytes message, void *ret_struct,
                    bt_fault *fault) {
    cursor all = read_from(type, message, fault);
    while (all.at < all.end) {
        const bt_wire_field *field;
        unsigned wire;
        BT_TRY(read_tag(&all, &field, &wire));
        if (!field) continue;
        if (wire == WIRE_VARINT)
            BT_TRY(read_number(&all, field, ret_struct));
        else if (wire == WIRE_BYTES)
            BT_TRY(read_sized(&all, field, ret_struct));
        else
            return malformed(&all, "a field of another type");
    }
    return BT_OK;
}

bool bt_wire_next(bt_bytes message, size_t *at, bt_bytes *ret_field) {
    static const bt_wire_message none = {"message", NULL, 0};
    bt_fault fault;
    if (*at >= message.size) return false;
    cursor rest = read_from(&none, bt_bytes_of(message.data + *at, message.size - *at), &fault);
    const bt_wire_field *field;
    unsigned wire;
    if (read_tag(&rest, &field, &wire)) return false;
    *ret_field = bt_bytes_of(rest.start, (size_t)(rest.at - rest.start));
    *at += ret_field->size;
    return true;
}
