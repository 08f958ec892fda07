/* Rows that are messages of proto/bitting/store/v1/store.proto, and the values that they stand for.
 * Decoding checks everything that the rest of the program relies on: a row that breaks a rule is
 * damage. */
#ifndef BT_STORE_ROW_H
#define BT_STORE_ROW_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/err.h"
#include "key/environment.h"
#include "scope/catalogue.h"
#include "store/detail.h"

/* Unpacks into the arena, which bounds what a hostile row can take. BT_ERR_INTERNAL where the row
 * is damaged, BT_ERR_EXHAUSTED where the arena is too small. Nothing is to be freed. */
bt_err bt_row_unpack(const ProtobufCMessageDescriptor *descriptor, bt_bytes row, bt_arena *arena,
                     ProtobufCMessage **ret_message);

static inline bt_bytes bt_row_bytes(ProtobufCBinaryData data) {
    return bt_bytes_of(data.data, data.len);
}

static inline ProtobufCBinaryData bt_row_data(bt_bytes bytes) {
    return (ProtobufCBinaryData){.len = bytes.size, .data = (uint8_t *)bytes.data};
}

static inline ProtobufCBinaryData bt_row_text(const char *text) {
    return bt_row_data(bt_bytes_text(text));
}

/* Packs into memory of malloc, which the caller frees. BT_ERR_EXHAUSTED. */
bt_err bt_row_pack(const ProtobufCMessage *message, bt_bytes *ret_row);

/* As bt_row_pack. BT_ERR_INVALID where a field is over its limit. */
bt_err bt_detail_encode(const bt_detail *detail, bt_bytes *ret_row);

bt_err bt_environments_encode(const bt_environments *environments, bt_bytes *ret_row);
bt_err bt_environments_decode(bt_bytes row, bt_environments *ret_environments);

bt_err bt_catalogue_encode(const bt_catalogue *catalogue, bt_bytes *ret_row);
/* Gives a sealed catalogue. */
bt_err bt_catalogue_decode(bt_bytes row, bt_catalogue *ret_catalogue);

#endif
