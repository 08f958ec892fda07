#include "service/revoke_key.h"

#include "service/text.h"

static bt_err no_such_token(bt_fault *fault) {
    return bt_fail(fault, BT_ERR_NOT_FOUND, "token: it is that of no key in this environment");
}

static bt_err find_by_token(bt_revoke_key *revoke, const bt_caller *caller, bt_txn *txn,
                            bt_fault *fault) {
    bt_bytes token = bt_token_strip_bearer(revoke->token), prefix;
    if (!bt_token_parse(token, &prefix)) return no_such_token(fault);
    const bt_environment *environment = bt_environment_by_prefix(bt_txn_environments(txn), prefix);
    if (!environment || !bt_caller_sees(caller, environment->id)) return no_such_token(fault);
    bt_digest digest = bt_digest_token(bt_store_pepper(bt_txn_store(txn)),
                                       bt_bytes_text(environment->name), token);
    const bt_record *record;
    bt_err err = bt_txn_record_at(txn, bt_digest_slot(&digest), &record);
    if (err && err != BT_ERR_NOT_FOUND) return err;
    if (err || !bt_record_matches(record, &digest)) return no_such_token(fault);
    revoke->id = record->key_id;
    return BT_OK;
}

static bt_err work(bt_mutation *mutation, const bt_caller *caller, bt_txn *txn, bt_fault *fault) {
    bt_revoke_key *revoke = (bt_revoke_key *)mutation;
    uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_record record;
    bt_detail detail;
    bt_arena_init(&arena, block, sizeof block);
    if (revoke->token.size) BT_TRY(find_by_token(revoke, caller, txn, fault));
    BT_TRY(bt_mutation_find(txn, caller, &revoke->id, &arena, &record, &detail, fault));
    if (record.flags & BT_RECORD_REVOKED) return BT_OK;
    record.flags |= BT_RECORD_REVOKED;
    detail.revoked_ms = bt_txn_now_ms(txn);
    detail.revoke_reason = revoke->reason;
    return bt_txn_update_key(txn, &record, &detail);
}

static bt_err check_request(bt_revoke_key *revoke, bt_fault *fault) {
    if (revoke->key_id.size && revoke->token.size)
        return bt_fail(fault, BT_ERR_INVALID, "key_id, token: only one may be set");
    if (!revoke->token.size) BT_TRY(bt_text_key_id(revoke->key_id, &revoke->id, fault));
    return bt_text_check("reason", revoke->reason, BT_REVOKE_REASON_MAX, fault);
}

void bt_revoke_key_run(bt_revoke_key *revoke, bt_service *service, const bt_caller *caller) {
    bt_fault fault;
    if (check_request(revoke, &fault)) {
        bt_mutation_refuse(&revoke->mutation, &fault);
        return;
    }
    revoke->mutation.work = work;
    revoke->mutation.need = bt_mask_bit(BT_SCOPE_APIKEYS_REVOKE);
    bt_mutation_run(&revoke->mutation, service, caller);
}
