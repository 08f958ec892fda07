#include "service/issue.h"

#include "base/secret.h"
#include "store/stops.h"

/* Tokens that are minted until one is free: the second is hardly ever needed, the third never. */
#define MINT_ATTEMPTS 8

bt_err bt_issue_insert(bt_txn *txn, const bt_environment *environment, bt_record *record,
                       bt_detail *detail, bt_bytes narrow, bt_issued *ret_issued) {
    const bt_pepper *pepper = bt_store_pepper(bt_txn_store(txn));
    bt_bytes name = bt_bytes_text(environment->name);
    bt_err err = BT_ERR_EXISTS;
    for (int i = 0; err == BT_ERR_EXISTS && i < MINT_ATTEMPTS; i++) {
        bt_token_mint(bt_bytes_text(environment->prefix), ret_issued->token);
        bt_digest digest = bt_digest_token(pepper, name, bt_bytes_text(ret_issued->token));
        record->key_id = bt_key_id_make(bt_txn_now_ms(txn));
        detail->record_key = bt_digest_slot(&digest);
        bt_record_set_digest(record, &digest);
        bt_secret_wipe(&digest, sizeof digest);
        err = bt_txn_insert_key(txn, detail->record_key, record, detail);
    }
    if (err || !narrow.size) return err;
    return bt_txn_put_narrow(txn, &record->key_id, narrow);
}

/* What cannot be read is an error of the transaction, which then does not end well. */
static bool is_stopped(bt_txn *txn, const bt_record *record, const bt_environment *environment) {
    uint32_t stopped;
    return bt_txn_stopped(txn, record, &stopped) || (stopped & bt_key_owners(record, environment));
}

void bt_issue_describe(bt_txn *txn, const bt_record *record, const bt_detail *detail,
                       bt_bytes narrow, bt_issued *ret_issued) {
    bt_key *key = &ret_issued->key;
    if (narrow.size) memmove(ret_issued->narrow_row, narrow.data, narrow.size);
    bt_key_rows rows = {.record = record,
                        .detail = *detail,
                        .narrow = bt_bytes_of(ret_issued->narrow_row, narrow.size),
                        .owner_deleted_ms = BT_NEVER_MS};
    const bt_environment *environment =
        bt_environment_by_id(bt_txn_environments(txn), record->environment);
    rows.owner_stopped = is_stopped(txn, record, environment);
    bt_key_describe(&rows, environment, bt_txn_catalogue(txn), bt_txn_now_ms(txn), key);
    for (size_t i = 0; i < key->scopes_count; i++) {
        char *name = ret_issued->scope_names[i];
        bt_bytes_copy_text(key->scopes[i], name, sizeof ret_issued->scope_names[i]);
        key->scopes[i] = bt_bytes_text(name);
    }
    bt_bytes_copy_text(key->environment, ret_issued->environment, sizeof ret_issued->environment);
    key->environment = bt_bytes_text(ret_issued->environment);
}

void bt_issued_wipe(bt_issued *issued) {
    bt_secret_wipe(issued->token, sizeof issued->token);
}
