/* The requests of bitting.v1.KeyService. Views into the message. BT_ERR_INVALID. */
#ifndef BT_RPC_KEY_MESSAGES_H
#define BT_RPC_KEY_MESSAGES_H

#include "service/create_key.h"
#include "service/list_keys.h"
#include "service/revoke_key.h"
#include "service/rotate_key.h"
#include "service/update_key.h"

typedef struct bt_get_key_request {
    bt_bytes key_id;
    uint64_t min_revision;
} bt_get_key_request;

bt_err bt_create_key_read(bt_bytes message, bt_create_key_request *ret_request, bt_fault *fault);
bt_err bt_get_key_read(bt_bytes message, bt_get_key_request *ret_request, bt_fault *fault);
bt_err bt_list_keys_read(bt_bytes message, bt_list_keys *ret_request, bt_fault *fault);

bt_err bt_update_key_read(bt_bytes message, bt_update_key_request *ret_request, bt_fault *fault);
/* These fill in the request's part of the use case. */
bt_err bt_revoke_key_read(bt_bytes message, bt_revoke_key *revoke, bt_fault *fault);
bt_err bt_rotate_key_read(bt_bytes message, bt_rotate_key *rotate, bt_fault *fault);

#endif
