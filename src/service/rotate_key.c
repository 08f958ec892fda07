#include "service/rotate_key.h"

#include <stdio.h>

#include "service/environment_rules.h"
#include "service/grant.h"
#include "service/text.h"

typedef struct old_key {
    bt_record record;
    bt_detail detail;
    size_t narrow_size;
    uint8_t narrow_row[BT_NARROW_MAX];
} old_key;

static bt_err check_usable(const old_key *old, int64_t now_ms, bt_fault *fault) {
    bt_key_state state = bt_key_state_of(&old->record, now_ms);
    if (old->detail.rotated_to.size)
        return bt_fail(fault, BT_ERR_PRECONDITION,
                       "key_id: the key has been rotated already; rotate the one after it");
    if (state == BT_KEY_ACTIVE || state == BT_KEY_NOT_YET_VALID) return BT_OK;
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "key_id: the key is %s; only a key that is good can be rotated",
                   bt_key_state_name(state));
}

static bt_err read_old(bt_rotate_key *rotate, const bt_caller *caller, bt_txn *txn,
                       old_key *ret_old, bt_fault *fault) {
    bt_arena arena;
    bt_bytes row = {0};
    bt_arena_init(&arena, rotate->details, sizeof rotate->details);
    BT_TRY(bt_mutation_find(txn, caller, &rotate->id, &arena, &ret_old->record, &ret_old->detail,
                            fault));
    BT_TRY(check_usable(ret_old, bt_txn_now_ms(txn), fault));
    if (ret_old->record.flags & BT_RECORD_NARROW) {
        bt_err err = bt_txn_narrow(txn, &rotate->id, &row);
        if (err || row.size > BT_NARROW_MAX) return bt_key_damaged(&rotate->id, fault);
        memcpy(ret_old->narrow_row, row.data, row.size);
    }
    ret_old->narrow_size = row.size;
    return bt_grant_allowed(caller, bt_txn_catalogue(txn), ret_old->record.mask,
                            ret_old->record.flags & BT_RECORD_FULL_ACCESS, fault);
}

/* That of the old key, unless another is asked for. A new token is a new key to the rules of the environment: its kind
 * must not be switched off, and its life, from now, not be longer than theirs. */
static bt_err decide_expiry(const bt_rotate_key *rotate, const old_key *old,
                            const bt_environment *environment, int64_t now_ms,
                            int64_t *ret_expires_ms, bt_fault *fault) {
    const bt_expiry_request *asked = &rotate->expiry;
    *ret_expires_ms = old->record.expires_ms;
    if (asked->expires_ms == BT_NEVER_MS && asked->expires_in_ms == 0)
        return bt_environment_admits_kept(environment, (bt_kind)old->record.kind, *ret_expires_ms,
                                          now_ms, fault);
    BT_TRY(bt_expiry_resolve(asked, now_ms, ret_expires_ms, fault));
    return bt_environment_admits(environment, (bt_kind)old->record.kind, asked->expires_in_ms,
                                 *ret_expires_ms, now_ms, fault);
}

/* The new key begins when the old one does. */
static bt_err check_begin(const bt_rotate_key *rotate, const old_key *old, int64_t expires_ms,
                          bt_fault *fault) {
    const char *field = rotate->expiry.expires_in_ms ? "expires_in" : "expires_at";
    return bt_expiry_check_begin(field, old->record.not_before_ms, expires_ms, fault);
}

static void name_maker(bt_rotate_key *rotate, const bt_caller *caller, bt_detail *detail) {
    snprintf(rotate->created_by, sizeof rotate->created_by, "cli");
    if (!caller->administrator) bt_key_id_format(&caller->key_id, rotate->created_by);
    detail->created_by = bt_bytes_text(rotate->created_by);
}

/* Imported keys become ours: the new token is minted. */
static bt_err insert_new(bt_rotate_key *rotate, const bt_caller *caller, bt_txn *txn,
                         const old_key *old, const bt_environment *environment,
                         int64_t expires_ms) {
    bt_record record = old->record;
    bt_detail detail = old->detail;
    bt_bytes narrow = bt_bytes_of(old->narrow_row, old->narrow_size);
    record.flags &= (uint16_t)~BT_RECORD_IMPORTED;
    detail.scheme = 0;
    record.created_ms = bt_txn_now_ms(txn);
    record.expires_ms = expires_ms;
    memcpy(rotate->links, rotate->id.bytes, BT_KEY_ID_SIZE);
    detail.rotated_from = bt_bytes_of(rotate->links, BT_KEY_ID_SIZE);
    name_maker(rotate, caller, &detail);
    BT_TRY(bt_issue_insert(txn, environment, &record, &detail, narrow, &rotate->issued));
    bt_issue_describe(txn, &record, &detail, narrow, &rotate->issued);
    return BT_OK;
}

static bt_err end_old(bt_rotate_key *rotate, bt_txn *txn, old_key *old) {
    int64_t ends_ms = bt_txn_now_ms(txn) + rotate->grace_ms;
    if (ends_ms < old->record.expires_ms) old->record.expires_ms = ends_ms;
    rotate->old_expires_ms = old->record.expires_ms;
    memcpy(rotate->links + BT_KEY_ID_SIZE, rotate->issued.key.id.bytes, BT_KEY_ID_SIZE);
    old->detail.rotated_to = bt_bytes_of(rotate->links + BT_KEY_ID_SIZE, BT_KEY_ID_SIZE);
    return bt_txn_update_key(txn, &old->record, &old->detail);
}

static bt_err work(bt_mutation *mutation, const bt_caller *caller, bt_txn *txn, bt_fault *fault) {
    bt_rotate_key *rotate = (bt_rotate_key *)mutation;
    old_key old;
    int64_t expires_ms;
    BT_TRY(read_old(rotate, caller, txn, &old, fault));
    const bt_environment *environment =
        bt_environment_by_id(bt_txn_environments(txn), old.record.environment);
    if (!environment) return bt_key_damaged(&rotate->id, fault);
    BT_TRY(decide_expiry(rotate, &old, environment, bt_txn_now_ms(txn), &expires_ms, fault));
    BT_TRY(check_begin(rotate, &old, expires_ms, fault));
    BT_TRY(insert_new(rotate, caller, txn, &old, environment, expires_ms));
    return end_old(rotate, txn, &old);
}

static bt_err check_request(bt_rotate_key *rotate, bt_fault *fault) {
    BT_TRY(bt_text_key_id(rotate->key_id, &rotate->id, fault));
    if (rotate->grace_ms >= 0 && rotate->grace_ms <= BT_GRACE_MAX_MS) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID, "grace: must be between nothing and 366 days");
}

void bt_rotate_key_run(bt_rotate_key *rotate, bt_service *service, const bt_caller *caller) {
    bt_fault fault;
    if (check_request(rotate, &fault)) {
        bt_mutation_refuse(&rotate->mutation, &fault);
        return;
    }
    rotate->mutation.work = work;
    rotate->mutation.need = bt_mask_bit(BT_SCOPE_APIKEYS_CREATE);
    bt_mutation_run(&rotate->mutation, service, caller);
}

void bt_rotate_key_wipe(bt_rotate_key *rotate) {
    bt_issued_wipe(&rotate->issued);
}
