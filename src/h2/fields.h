/* The values of gRPC's own header fields.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
#ifndef BT_H2_FIELDS_H
#define BT_H2_FIELDS_H

#include "base/bytes.h"

/* `grpc-timeout`: 1 to 8 digits and a unit of H M S m u n. Milliseconds, rounded up. */
bool bt_h2_timeout_parse(bt_bytes value, int64_t *ret_timeout_ms);

/* `content-type`: application/grpc, perhaps with a suffix such as +proto or +json, and with parameters. Whatever the
 * suffix, the message is read as protocol buffers, as gRPC's own servers do where they know no codec by that name. */
bool bt_h2_content_type_is_grpc(bt_bytes value);

/* Writes `grpc-message`: all but printable ASCII, and '%', as %XX. Returns the bytes written, at most
 * size; a character that does not fit is left out whole, and all after it. */
size_t bt_h2_percent_encode(bt_bytes text, char *ret_value, size_t size);

/* The five bytes before a message: whether it is compressed, and its length, big-endian. */
#define BT_H2_PREFIX_SIZE 5u
void bt_h2_prefix_write(size_t message_size, uint8_t ret_prefix[BT_H2_PREFIX_SIZE]);
size_t bt_h2_prefix_size(const uint8_t prefix[BT_H2_PREFIX_SIZE]);

#endif
