/* bitting.v1.Key, the message. */
#ifndef BT_RPC_KEY_MESSAGE_H
#define BT_RPC_KEY_MESSAGE_H

#include "rpc/wire.h"
#include "service/key.h"

/* No key is larger: metadata, 32 labels, 63 scopes twice, owners, name and reason are 27 KiB, selectors and networks
 * 15 KiB. */
#define BT_KEY_MESSAGE_MAX 49152u

void bt_key_write(const bt_key *key, bt_out *out);

/* The key as field of the message outside. */
void bt_key_write_field(const bt_key *key, unsigned field, bt_out *out);

#endif
