/* One bounded growing buffer, with room for a small message in itself. What it held is wiped: messages
 * carry tokens. */
#ifndef BT_H2_BUFFER_H
#define BT_H2_BUFFER_H

#include <stdbool.h>

#include "base/bytes.h"
#include "h2/pool.h"

/* A proxy's question, and what it is told of a key: 600 and 900 bytes. */
#define BT_H2_BUFFER_INLINE 1024u

typedef struct bt_h2_buffer {
    uint8_t *data;
    size_t size, capacity;
    uint8_t space[BT_H2_BUFFER_INLINE];
} bt_h2_buffer;

void bt_h2_buffer_init(bt_h2_buffer *buffer);
/* Empties it, and gives the memory back. The account must be the one it grew from. */
void bt_h2_buffer_clear(bt_h2_buffer *buffer, bt_h2_account *account);

/* False, and the buffer is as it was, where the account is at its limit. */
bool bt_h2_buffer_reserve(bt_h2_buffer *buffer, bt_h2_account *account, size_t more);
bool bt_h2_buffer_append(bt_h2_buffer *buffer, bt_h2_account *account, bt_bytes bytes);

#endif
