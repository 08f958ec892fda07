/* The .proto files that the program serves, comments included, as protoc described them when the
 * program was built. Constant; safe from any thread. */
#ifndef BT_RPC_DESCRIPTORS_H
#define BT_RPC_DESCRIPTORS_H

#include "base/bytes.h"

/* The encoded google.protobuf.FileDescriptorProto; no bytes where there is none.
 * By the file's name, as in an import: "bitting/v1/check.proto". */
bt_bytes bt_descriptors_file(bt_bytes name);
/* The file that defines a message, field, oneof, enum, enum value, service or method, by its full name
 * without a leading dot. */
bt_bytes bt_descriptors_file_of(bt_bytes symbol);

/* A walk over the services: *cursor is 0 at the start. False at the end. ret_package is empty for none. */
bool bt_descriptors_next_service(size_t *cursor, bt_bytes *ret_package, bt_bytes *ret_name);

#endif
