#include "base/clock.h"
#include "rpc/wire.h"

#define VARINT_MAX ((size_t)10)
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2 };

bt_out bt_out_rest(bt_arena *arena) {
    size_t left = arena->size - arena->used;
    bt_out out = bt_out_into(arena->block + arena->used, left);
    arena->used = arena->size;
    return out;
}

static inline uint8_t *put_varint(uint8_t *at, uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

/* Whether there is room for a tag, a number and extra bytes after it. */
static inline bool has_room(bt_out *out, size_t extra) {
    size_t left = out->capacity - out->size;
    if (left < 2 * VARINT_MAX || left - 2 * VARINT_MAX < extra) out->full = true;
    return !out->full;
}

/* Returns where what belongs to it goes. Nearly every tag and length is one byte. */
static inline uint8_t *put_field(bt_out *out, unsigned field, unsigned wire, uint64_t value) {
    uint8_t *at = out->data + out->size;
    if (field < 16 && value < 0x80) {
        at[0] = (uint8_t)(field << 3 | wire);
        at[1] = (uint8_t)value;
        out->size += 2;
        return at + 2;
    }
    at = put_varint(put_varint(at, field << 3 | wire), value);
    out->size = (size_t)(at - out->data);
    return at;
}

void bt_out_uint(bt_out *out, unsigned field, uint64_t value) {
    if (value && has_room(out, 0)) put_field(out, field, WIRE_VARINT, value);
}

void bt_out_item(bt_out *out, unsigned field, bt_bytes bytes) {
    if (!has_room(out, bytes.size)) return;
    uint8_t *at = put_field(out, field, WIRE_BYTES, bytes.size);
    out->size += bytes.size;
    if (bytes.size) memcpy(at, bytes.data, bytes.size);
}

size_t bt_out_begin(bt_out *out, unsigned field) {
    if (has_room(out, 0)) put_field(out, field, WIRE_BYTES, 0);
    return out->size;
}

/* A length of more than one byte: what it is of moves on. Not inlined, so that the short ones save no registers. */
__attribute__((noinline)) static void lengthen(bt_out *out, size_t begun) {
    size_t size = out->size - begun, more = 0;
    uint8_t *start = out->data + begun;
    if (!has_room(out, 0)) return;
    for (size_t rest = size >> 7; rest; rest >>= 7) more++;
    memmove(start + more, start, size);
    put_varint(start - 1, size);
    out->size += more;
}

void bt_out_end(bt_out *out, size_t begun) {
    size_t size = out->size - begun;
    if (out->full) return;
    if (size < 0x80)
        out->data[begun - 1] = (uint8_t)size;
    else
        lengthen(out, begun);
}

void bt_out_fields(bt_out *out, bt_bytes fields) {
    if (!has_room(out, fields.size)) return;
    if (fields.size) memcpy(out->data + out->size, fields.data, fields.size);
    out->size += fields.size;
}

void bt_out_bytes(bt_out *out, unsigned field, bt_bytes bytes) {
    if (bytes.size) bt_out_item(out, field, bytes);
}

/* Little-endian, as in memory. */
void bt_out_double(bt_out *out, unsigned field, double value) {
    if (value == 0 || !has_room(out, sizeof value)) return;
    uint8_t *at = put_varint(out->data + out->size, field << 3 | WIRE_FIXED64);
    memcpy(at, &value, sizeof value);
    out->size = (size_t)(at - out->data) + sizeof value;
}

void bt_out_time(bt_out *out, unsigned field, int64_t time_ms) {
    if (time_ms == BT_NEVER_MS) return;
    int64_t part_ms = time_ms % BT_SECOND_MS;
    if (part_ms < 0) part_ms += BT_SECOND_MS;
    size_t begun = bt_out_begin(out, field);
    bt_out_uint(out, 1, (uint64_t)((time_ms - part_ms) / BT_SECOND_MS));
    bt_out_uint(out, 2, (uint64_t)part_ms * 1000000);
    bt_out_end(out, begun);
}
