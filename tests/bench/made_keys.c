#include "made_keys.h"

#include <stdio.h>

#include "store/stops.h"

/* SplitMix64. */
uint64_t made_random(uint64_t seed, uint64_t n) {
    uint64_t word = seed + (n + 1) * UINT64_C(0x9E3779B97F4A7C15);
    word = (word ^ word >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ word >> 27) * UINT64_C(0x94D049BB133111EB);
    return word ^ word >> 31;
}

/* 128 bits of n and the seed, twice: enough for no two tokens to be the same. */
void made_token(const made_plan *plan, uint64_t n, char ret_token[BT_TOKEN_MAX + 1]) {
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    char random[BT_TOKEN_RANDOM];
    uint64_t word = 0;
    for (size_t i = 0; i < sizeof random; i++, word /= 62) {
        if (i % 10 == 0) word = made_random(plan->seed + i / 10, n);
        random[i] = digits[word % 62];
    }
    bt_token_compose(bt_bytes_text(plan->environment->prefix), random, ret_token);
}

typedef struct made_key {
    bt_digest digest;
    bt_record record;
    bt_detail detail;
    char name[32];
    char user[32];
} made_key;

static bt_owner_ref user_ref(const made_plan *plan, uint64_t user, char ret_name[32]) {
    int size = snprintf(ret_name, 32, "user-%llu", (unsigned long long)user);
    return bt_owner_ref_make(plan->environment->id, BT_OWNER_USER,
                             bt_bytes_of(ret_name, (size_t)size), 0);
}

static void set_user(const made_plan *plan, uint64_t n, made_key *key) {
    bt_owner_ref ref = user_ref(plan, n % plan->users, key->user);
    key->record.kind = BT_KIND_PERSONAL;
    key->record.flags = BT_RECORD_USER;
    memcpy(key->record.user_ref, ref.bytes, sizeof ref.bytes);
    key->detail.user_id = bt_bytes_text(key->user);
}

static void set_org(const made_plan *plan, made_key *key) {
    bt_bytes org = bt_bytes_text(plan->org);
    bt_owner_ref ref = bt_owner_ref_make(plan->environment->id, BT_OWNER_ORG, org, 0);
    key->record.kind = BT_KIND_ORG;
    key->record.flags = BT_RECORD_ORG;
    memcpy(key->record.org_ref, ref.bytes, sizeof ref.bytes);
    key->detail.org_id = org;
}

static void make(const bt_pepper *pepper, const made_plan *plan, uint64_t n, made_key *ret_key) {
    char token[BT_TOKEN_MAX + 1];
    made_token(plan, n, token);
    *ret_key = (made_key){
        .record = {.mask = plan->mask,
                   .version = BT_RECORD_VERSION,
                   .kind = BT_KIND_GENERIC,
                   .environment = plan->environment->id,
                   .created_ms = INT64_C(1700000000000) + (int64_t)n,
                   .expires_ms = BT_NEVER_MS},
    };
    bt_record *record = &ret_key->record;
    ret_key->digest =
        bt_digest_token(pepper, bt_bytes_text(plan->environment->name), bt_bytes_text(token));
    bt_record_set_digest(record, &ret_key->digest);
    for (unsigned i = 0; i < 8; i++) record->key_id.bytes[i] = (uint8_t)(n >> (56 - 8 * i));
    memcpy(record->key_id.bytes + 8, ret_key->digest.bytes + 8, 8);
    snprintf(ret_key->name, sizeof ret_key->name, "key %llu", (unsigned long long)n);
    ret_key->detail = (bt_detail){.record_key = bt_digest_slot(&ret_key->digest),
                                  .name = bt_bytes_text(ret_key->name)};
    if (plan->users)
        set_user(plan, n, ret_key);
    else if (plan->org)
        set_org(plan, ret_key);
}

typedef struct made_change {
    bt_change change;
    bt_store *store;
    const made_plan *plan;
    uint64_t first, count;
    unsigned set, clear;
} made_change;

static bt_err apply(bt_err (*function)(bt_change *, bt_txn *, bt_fault *), made_change change,
                    bt_fault *fault) {
    change.change = (bt_change){.apply = function, .deadline_ms = BT_NEVER_MS};
    bt_err err = bt_store_change(change.store, &change.change);
    if (err && fault) *fault = change.change.fault;
    return err;
}

bt_digest made_digest(const bt_pepper *pepper, const made_plan *plan, uint64_t n) {
    made_key key;
    make(pepper, plan, n, &key);
    return key.digest;
}

bt_err made_insert_in(bt_txn *txn, const made_plan *plan, uint64_t n) {
    made_key key;
    make(bt_store_pepper(bt_txn_store(txn)), plan, n, &key);
    return bt_txn_insert_key(txn, key.detail.record_key, &key.record, &key.detail);
}

bt_err made_revoke_in(bt_txn *txn, const made_plan *plan, uint64_t n) {
    made_key key;
    make(bt_store_pepper(bt_txn_store(txn)), plan, n, &key);
    key.record.flags |= BT_RECORD_REVOKED;
    key.detail.revoked_ms = bt_txn_now_ms(txn);
    return bt_txn_update_key(txn, &key.record, &key.detail);
}

static bt_err insert(bt_change *change, bt_txn *txn, bt_fault *fault) {
    const made_change *self = (const made_change *)change;
    for (uint64_t n = self->first; n < self->first + self->count; n++) {
        bt_err err = made_insert_in(txn, self->plan, n);
        if (err) return bt_fail(fault, err, "key %llu: cannot be added", (unsigned long long)n);
    }
    return BT_OK;
}

bt_err made_insert(bt_store *store, const made_plan *plan, uint64_t first, uint64_t count,
                   bt_fault *fault) {
    made_change change = {.store = store, .plan = plan, .first = first, .count = count};
    return apply(insert, change, fault);
}

static bt_err block(bt_change *change, bt_txn *txn, bt_fault *fault) {
    const made_change *self = (const made_change *)change;
    (void)fault;
    for (uint64_t user = self->first; user < self->first + self->count; user++) {
        char name[32];
        bt_stop_key key = {.user = user_ref(self->plan, user, name)};
        BT_TRY(bt_txn_put_stop(txn, &key, BT_STOP_BLOCKED));
    }
    return BT_OK;
}

bt_err made_block_users(bt_store *store, const made_plan *plan, uint64_t first, uint64_t count,
                        bt_fault *fault) {
    made_change change = {.store = store, .plan = plan, .first = first, .count = count};
    return apply(block, change, fault);
}

static bt_err set_flags(bt_change *change, bt_txn *txn, bt_fault *fault) {
    const made_change *self = (const made_change *)change;
    (void)fault;
    made_key key;
    const bt_record *there;
    make(bt_store_pepper(self->store), self->plan, self->first, &key);
    BT_TRY(bt_txn_record_at(txn, key.detail.record_key, &there));
    bt_record record = *there;
    record.flags = (uint16_t)((record.flags | self->set) & ~self->clear);
    return bt_txn_update_key(txn, &record, &key.detail);
}

bt_err made_set_flags(bt_store *store, const made_plan *plan, uint64_t n, unsigned set,
                      unsigned clear, bt_fault *fault) {
    made_change change = {.store = store, .plan = plan, .first = n, .set = set, .clear = clear};
    return apply(set_flags, change, fault);
}
