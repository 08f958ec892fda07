/* A key id: 16 bytes, the first 6 the time of creation in milliseconds (big-endian, so that ids
 * sort by it), the rest random. Written as 32 lower-case hexadecimal digits. Not secret. */
#ifndef BT_KEY_KEY_ID_H
#define BT_KEY_KEY_ID_H

#include "base/bytes.h"

#define BT_KEY_ID_SIZE 16u
#define BT_KEY_ID_TEXT_SIZE 33u /* with its NUL */

typedef struct bt_key_id {
    uint8_t bytes[BT_KEY_ID_SIZE];
} bt_key_id;

bt_key_id bt_key_id_make(int64_t now_ms);
/* Either case of digits is taken. */
bool bt_key_id_parse(bt_bytes text, bt_key_id *ret_id);
void bt_key_id_format(const bt_key_id *id, char ret_text[BT_KEY_ID_TEXT_SIZE]);

#endif
