#include "key/key_id.h"

#include <sodium.h>

#define TIME_BYTES 6

bt_key_id bt_key_id_make(int64_t now_ms) {
    bt_key_id id;
    for (int i = 0; i < TIME_BYTES; i++)
        id.bytes[i] = (uint8_t)((uint64_t)now_ms >> (8 * (TIME_BYTES - 1 - i)));
    randombytes_buf(id.bytes + TIME_BYTES, BT_KEY_ID_SIZE - TIME_BYTES);
    return id;
}

bool bt_key_id_parse(bt_bytes text, bt_key_id *ret_id) {
    bt_key_id id;
    if (!bt_hex_decode(text, id.bytes, sizeof id.bytes)) return false;
    *ret_id = id;
    return true;
}

void bt_key_id_format(const bt_key_id *id, char ret_text[BT_KEY_ID_TEXT_SIZE]) {
    bt_hex_encode(bt_bytes_of(id->bytes, sizeof id->bytes), ret_text);
}
