#include "h2/buffer.h"

#include "base/secret.h"

void bt_h2_buffer_init(bt_h2_buffer *buffer) {
    buffer->data = buffer->space;
    buffer->size = 0;
    buffer->capacity = sizeof buffer->space;
}

void bt_h2_buffer_clear(bt_h2_buffer *buffer, bt_h2_account *account) {
    if (buffer->size) bt_secret_wipe(buffer->data, buffer->size);
    if (buffer->data != buffer->space) bt_h2_free(account, buffer->data);
    bt_h2_buffer_init(buffer);
}

bool bt_h2_buffer_reserve(bt_h2_buffer *buffer, bt_h2_account *account, size_t more) {
    size_t needed;
    if (__builtin_add_overflow(buffer->size, more, &needed)) return false;
    if (needed <= buffer->capacity) return true;
    size_t capacity = needed > buffer->capacity * 2 ? needed : buffer->capacity * 2;
    uint8_t *data = bt_h2_alloc(account, capacity);
    if (!data) return false;
    memcpy(data, buffer->data, buffer->size);
    bt_secret_wipe(buffer->data, buffer->size);
    if (buffer->data != buffer->space) bt_h2_free(account, buffer->data);
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool bt_h2_buffer_append(bt_h2_buffer *buffer, bt_h2_account *account, bt_bytes bytes) {
    if (!bt_h2_buffer_reserve(buffer, account, bytes.size)) return false;
    if (bytes.size) memcpy(buffer->data + buffer->size, bytes.data, bytes.size);
    buffer->size += bytes.size;
    return true;
}
