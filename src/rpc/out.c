#include "base/clock.h"
#include "rpc/wire.h"

#define VARINT_MAX ((size_t)10)
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

bt_out bt_out_rest(bt_arena *arena) {
    size_t left = arena->size - arena->used;
    bt_out out = bt_out_into(arena->block + arena->used, left);
    arena->used = arena->size;
    return out;
}

static size_t put_varint(uint8_t *at, uint64_t value) {
    size_t size = 0;
    for (; value >= 0x80; value >>= 7) at[size++] = (uint8_t)(value | 0x80);
    at[size++] = (uint8_t)value;
    return size;
}

/* Whether there is room for a tag, a number and extra bytes after it. */
static bool has_room(bt_out *out, size_t extra) {
    size_t left = out->capacity - out->size;
    if (left < 2 * VARINT_MAX || left - 2 * VARINT_MAX < extra) out->full = true;
    return !out->full;
}

static void put_field(bt_out *out, unsigned field, unsigned wire, uint64_t value) {
    out->size += put_varint(out->data + out->size, field << 3 | wire);
    out->size += put_varint(out->data + out->size, value);
}

void bt_out_uint(bt_out *out, unsigned field, uint64_t value) {
    if (value && has_room(out, 0)) put_field(out, field, WIRE_VARINT, value);
}

void bt_out_item(bt_out *out, unsigned field, bt_bytes bytes) {
    if (!has_room(out, bytes.size)) return;
    put_field(out, field, WIRE_BYTES, bytes.size);
    if (bytes.size) memcpy(out->data + out->size, bytes.data, bytes.size);
    out->size += bytes.size;
}

void bt_out_bytes(bt_out *out, unsigned field, bt_bytes bytes) {
    if (bytes.size) bt_out_item(out, field, bytes);
}

void bt_out_time(bt_out *out, unsigned field, int64_t time_ms) {
    if (time_ms == BT_NEVER_MS) return;
    int64_t part_ms = time_ms % BT_SECOND_MS;
    if (part_ms < 0) part_ms += BT_SECOND_MS;
    uint8_t block[4 * VARINT_MAX];
    bt_out time = bt_out_into(block, sizeof block);
    bt_out_uint(&time, 1, (uint64_t)((time_ms - part_ms) / BT_SECOND_MS));
    bt_out_uint(&time, 2, (uint64_t)part_ms * 1000000);
    bt_out_item(out, field, bt_out_written(&time));
}
