#include "service/revoke_key.h"

#include "service/text.h"

static bt_err work(bt_mutation *mutation, const bt_caller *caller, bt_txn *txn, bt_fault *fault) {
    bt_revoke_key *revoke = (bt_revoke_key *)mutation;
    uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_record record;
    bt_detail detail;
    bt_arena_init(&arena, block, sizeof block);
    BT_TRY(bt_mutation_find(txn, caller, &revoke->id, &arena, &record, &detail, fault));
    if (record.flags & BT_RECORD_REVOKED) return BT_OK;
    record.flags |= BT_RECORD_REVOKED;
    detail.revoked_ms = bt_txn_now_ms(txn);
    detail.revoke_reason = revoke->reason;
    return bt_txn_update_key(txn, &record, &detail);
}

static bt_err check_request(bt_revoke_key *revoke, bt_fault *fault) {
    BT_TRY(bt_text_key_id(revoke->key_id, &revoke->id, fault));
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
