#include "service/revoke_key.h"

#include "check/check.h"
#include "service/foreign_key.h"
#include "service/text.h"

/* Whether the token is that of a key of this environment. */
static bt_err look_in(const bt_environment *environment, bt_txn *txn, bt_bytes token,
                      bt_key_id *ret_id, bool *ret_found, bt_fault *fault) {
    bt_sought sought = bt_check_seek_in(bt_txn_head(txn), bt_txn_environments(txn),
                                        bt_store_pepper(bt_txn_store(txn)), token, environment);
    const bt_record *record;
    if (!sought.there) return BT_OK;
    bt_err err = sought.foreign.size
                     ? bt_foreign_key_find(txn, environment, sought.foreign, &record, fault)
                     : bt_digest_find(txn, &sought.digest, &record);
    if (err) return err == BT_ERR_NOT_FOUND ? BT_OK : err;
    *ret_found = true;
    *ret_id = record->key_id;
    return BT_OK;
}

static bt_err find_by_token(bt_revoke_key *revoke, const bt_caller *caller, bt_txn *txn,
                            bt_fault *fault) {
    const bt_environments *environments = bt_txn_environments(txn);
    bool found = false;
    for (size_t i = 0; i < environments->count && !found; i++)
        if (bt_caller_sees(caller, environments->list[i].id))
            BT_TRY(look_in(&environments->list[i], txn, revoke->token, &revoke->id, &found, fault));
    if (found) return BT_OK;
    return bt_fail(fault, BT_ERR_NOT_FOUND, "token: it is that of no key in %s",
                   bt_caller_view(caller));
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
    if (!revoke->key_id.size && !revoke->token.size)
        return bt_fail(fault, BT_ERR_INVALID, "key_id, token: one of them must be set");
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
