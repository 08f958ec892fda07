#include "store/row.h"

#include <stdlib.h>

typedef struct memory {
    bt_arena *arena;
    bool exhausted;
} memory;

static void *take(void *context, size_t size) {
    memory *from = context;
    void *block = bt_arena_alloc(from->arena, size);
    if (!block) from->exhausted = true;
    return block;
}

static void leave(void *context, void *block) {
    (void)context, (void)block;
}

bt_err bt_row_unpack(const ProtobufCMessageDescriptor *descriptor, bt_bytes row, bt_arena *arena,
                     ProtobufCMessage **ret_message) {
    memory from = {.arena = arena};
    ProtobufCAllocator allocator = {.alloc = take, .free = leave, .allocator_data = &from};
    ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, &allocator, row.size, row.data);
    if (!message) return from.exhausted ? BT_ERR_EXHAUSTED : BT_ERR_INTERNAL;
    *ret_message = message;
    return BT_OK;
}

bt_err bt_row_pack(const ProtobufCMessage *message, bt_bytes *ret_row) {
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *row = malloc(size ? size : 1);
    if (!row) return BT_ERR_EXHAUSTED;
    protobuf_c_message_pack(message, row);
    *ret_row = bt_bytes_of(row, size);
    return BT_OK;
}
