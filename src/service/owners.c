#include "service/owners.h"

#include "service/grant.h"
#include "service/text.h"

static bool is_membership(const bt_change_owner *change) {
    return change->action == BT_OWNER_END_MEMBERSHIP ||
           change->action == BT_OWNER_RESUME_MEMBERSHIP;
}

static bool is_resume(const bt_change_owner *change) {
    return change->action == BT_OWNER_RESUME || change->action == BT_OWNER_RESUME_MEMBERSHIP;
}

static bt_err check_ids(const bt_owner *owner, bt_fault *fault) {
    BT_TRY(bt_text_check("user_id", owner->user_id, BT_OWNER_ID_MAX, fault));
    BT_TRY(bt_text_check("org_id", owner->org_id, BT_OWNER_ID_MAX, fault));
    if (owner->user_id.size || owner->org_id.size) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID, "user_id, org_id: one of them must be named");
}

static bt_err check_request(const bt_change_owner *change, bt_fault *fault) {
    const bt_owner *owner = &change->owner;
    bool both = owner->user_id.size && owner->org_id.size;
    BT_TRY(check_ids(owner, fault));
    if (is_membership(change) && !both)
        return bt_fail(fault, BT_ERR_INVALID, "user_id, org_id: a membership is named by both");
    if (!is_membership(change) && both)
        return bt_fail(fault, BT_ERR_INVALID,
                       "user_id, org_id: only one may be named; EndMembership and "
                       "ResumeMembership take both");
    return BT_OK;
}

static bt_err name_environment(const bt_caller *caller, const bt_environments *environments,
                               const bt_owner *owner, const bt_environment **ret_environment,
                               bt_fault *fault) {
    BT_TRY(bt_caller_environment(caller, environments, owner->environment, ret_environment, fault));
    if (*ret_environment) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID, "environment: must be named");
}

/* Reads incarnations from a transaction, or else a snapshot. */
static bt_err find_ref(bt_txn *txn, bt_snapshot *snapshot, uint8_t environment, bt_owner_kind kind,
                       bt_bytes id, bt_owner_ref *ret_ref) {
    uint32_t incarnation;
    if (!id.size) return BT_OK;
    BT_TRY(txn ? bt_txn_incarnation(txn, environment, kind, id, &incarnation)
               : bt_snapshot_incarnation(snapshot, environment, kind, id, &incarnation));
    *ret_ref = bt_owner_ref_make(environment, kind, id, incarnation);
    return BT_OK;
}

static bt_err find_key(bt_txn *txn, bt_snapshot *snapshot, uint8_t environment,
                       const bt_owner *owner, bt_stop_key *ret_key) {
    *ret_key = (bt_stop_key){0};
    BT_TRY(find_ref(txn, snapshot, environment, BT_OWNER_USER, owner->user_id, &ret_key->user));
    return find_ref(txn, snapshot, environment, BT_OWNER_ORG, owner->org_id, &ret_key->org);
}

/* Whether a key of one of the owners is a key of both, for a membership. */
static bool concerns(const bt_record *record, const bt_stop_key *key, bool membership) {
    return !membership || ((record->flags & BT_RECORD_ORG) &&
                           memcmp(record->org_ref, key->org.bytes, BT_REF_SIZE) == 0);
}

/* What a key would hold if it were usable. */
static void add_grant(const bt_record *record, int64_t now_ms, uint64_t *mask, bool *full_access) {
    bool over = record->flags & BT_RECORD_REVOKED || record->expires_ms <= now_ms;
    if (over) return;
    *mask |= record->mask;
    *full_access |= (record->flags & BT_RECORD_FULL_ACCESS) != 0;
}

static bt_err too_many(bt_fault *fault) {
    return bt_fail(fault, BT_ERR_FORBIDDEN,
                   "this owner has more than %u keys, too many to compare with what the caller "
                   "holds; resuming it needs a caller with full access",
                   BT_RESUME_KEYS_MAX);
}

static bt_err check_grants(const bt_change_owner *change, const bt_caller *caller, bt_txn *txn,
                           const bt_stop_key *key, bt_fault *fault) {
    const bt_owner_ref *owner = change->owner.user_id.size ? &key->user : &key->org;
    uint64_t mask = 0;
    bool full_access = false;
    bt_key_id id = {0};
    for (unsigned keys = 0;; keys++) {
        const bt_record *record;
        bt_err err = bt_txn_seek_owned(txn, owner->bytes, &id, &id, &record);
        if (err == BT_ERR_NOT_FOUND) break;
        if (err) return err;
        if (keys == BT_RESUME_KEYS_MAX) return too_many(fault);
        if (concerns(record, key, is_membership(change)))
            add_grant(record, bt_txn_now_ms(txn), &mask, &full_access);
        if (!bt_key_id_next(&id)) break;
    }
    return bt_grant_allowed(caller, bt_txn_catalogue(txn), mask, full_access, fault);
}

static bt_err resume(const bt_change_owner *change, const bt_caller *caller, bt_txn *txn,
                     const bt_stop_key *key, bt_fault *fault) {
    bt_stop_row row;
    bt_err err = bt_txn_stop(txn, key, &row);
    if (err == BT_ERR_NOT_FOUND) return BT_OK;
    if (err) return err;
    if (!caller->administrator && !caller->full_access)
        BT_TRY(check_grants(change, caller, txn, key, fault));
    return bt_txn_delete_stop(txn, key);
}

/* Keeps the time of the first stop. */
static bt_err stop(bt_txn *txn, const bt_stop_key *key, bt_stop_why why) {
    bt_stop_row row;
    bt_err err = bt_txn_stop(txn, key, &row);
    if (err == BT_ERR_NOT_FOUND) return bt_txn_put_stop(txn, key, why);
    return err;
}

static bt_err delete_owner(const bt_owner *owner, bt_txn *txn, uint8_t environment,
                           const bt_stop_key *key) {
    bt_owner_kind kind = owner->user_id.size ? BT_OWNER_USER : BT_OWNER_ORG;
    BT_TRY(bt_txn_put_stop(txn, key, BT_STOP_DELETED));
    return bt_txn_raise_incarnation(txn, environment, kind,
                                    kind == BT_OWNER_USER ? owner->user_id : owner->org_id);
}

static bt_err work(bt_mutation *mutation, const bt_caller *caller, bt_txn *txn, bt_fault *fault) {
    const bt_change_owner *change = (const bt_change_owner *)mutation;
    const bt_environment *environment;
    bt_stop_key key;
    BT_TRY(name_environment(caller, bt_txn_environments(txn), &change->owner, &environment, fault));
    BT_TRY(find_key(txn, NULL, environment->id, &change->owner, &key));
    switch (change->action) {
    case BT_OWNER_STOP:
        return stop(txn, &key, BT_STOP_BLOCKED);
    case BT_OWNER_END_MEMBERSHIP:
        return stop(txn, &key, BT_STOP_ENDED);
    case BT_OWNER_DELETE:
        return delete_owner(&change->owner, txn, environment->id, &key);
    case BT_OWNER_RESUME:
    case BT_OWNER_RESUME_MEMBERSHIP:
        break;
    }
    return resume(change, caller, txn, &key, fault);
}

void bt_change_owner_run(bt_change_owner *change, bt_service *service, const bt_caller *caller) {
    bt_fault fault;
    if (check_request(change, &fault)) {
        bt_mutation_refuse(&change->mutation, &fault);
        return;
    }
    change->mutation.work = work;
    change->mutation.need =
        bt_mask_bit(is_resume(change) ? BT_SCOPE_APIKEYS_UPDATE : BT_SCOPE_APIKEYS_REVOKE);
    bt_mutation_run(&change->mutation, service, caller);
}

bt_err bt_owner_state_get(bt_session *session, const bt_caller *caller, const bt_owner *owner,
                          bt_owner_state *ret_state, int64_t *ret_since_ms, bt_fault *fault) {
    static const bt_owner_state states[] = {
        [BT_STOP_BLOCKED] = BT_OWNER_BLOCKED, [BT_STOP_ENDED] = BT_OWNER_ENDED};
    bt_snapshot *snapshot = session->snapshot;
    const bt_environment *environment;
    bt_stop_key key;
    bt_stop_row row = {0};
    BT_TRY(check_ids(owner, fault));
    BT_TRY(
        name_environment(caller, bt_snapshot_environments(snapshot), owner, &environment, fault));
    bt_err err = find_key(NULL, snapshot, environment->id, owner, &key);
    if (!err) err = bt_snapshot_stop(snapshot, &key, &row);
    if (err && err != BT_ERR_NOT_FOUND)
        return bt_fail(fault, err, "the rows of this owner cannot be read; restore a backup");
    /* A deleted owner is another incarnation, and is not found here. */
    *ret_state = err ? BT_OWNER_ACTIVE : states[row.why];
    *ret_since_ms = row.since_ms;
    return BT_OK;
}

const char *bt_owner_state_name(bt_owner_state state) {
    static const char *const names[] = {NULL, "active", "blocked", "ended"};
    return state >= BT_OWNER_ACTIVE && state <= BT_OWNER_ENDED ? names[state] : NULL;
}
