#include "service/foreign_key.h"

#include "key/foreign.h"

bt_err bt_digest_find(bt_txn *txn, const bt_digest *digest, const bt_record **ret_record) {
    const bt_record *record;
    BT_TRY(bt_txn_record_at(txn, bt_digest_slot(digest), &record));
    if (!bt_record_matches(record, digest)) return BT_ERR_NOT_FOUND;
    *ret_record = record;
    return BT_OK;
}

bt_err bt_foreign_key_find(bt_txn *txn, const bt_environment *environment, bt_bytes token,
                           const bt_record **ret_record, bt_fault *fault) {
    const bt_pepper *pepper = bt_store_pepper(bt_txn_store(txn));
    bt_digest digest;
    bt_err err = BT_ERR_NOT_FOUND;
    unsigned at = 0;
    while (err == BT_ERR_NOT_FOUND && bt_foreign_next(pepper, environment, token, &at, &digest))
        err = bt_digest_find(txn, &digest, ret_record);
    if (err != BT_ERR_NOT_FOUND) return err;
    const bt_scheme *lacking = bt_foreign_lacking(environment, token);
    if (!lacking) return BT_ERR_NOT_FOUND;
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "token: may have been imported with the pepper %s, which this process cannot "
                   "read",
                   lacking->pepper_name);
}
