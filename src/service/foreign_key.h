/* Keys of another system, inside a change. */
#ifndef BT_SERVICE_FOREIGN_KEY_H
#define BT_SERVICE_FOREIGN_KEY_H

#include "key/environment.h"
#include "store/writer.h"

/* The record that a check of this token would find. BT_ERR_NOT_FOUND, without a text; BT_ERR_PRECONDITION where it is
 * none of those that can be looked for, and a pepper is missing to look for others; those of the store. */
bt_err bt_foreign_key_find(bt_txn *txn, const bt_environment *environment, bt_bytes token,
                           const bt_record **ret_record, bt_fault *fault);

/* The record of exactly this digest. BT_ERR_NOT_FOUND, and those of the store; without a text. */
bt_err bt_digest_find(bt_txn *txn, const bt_digest *digest, const bt_record **ret_record);

#endif
