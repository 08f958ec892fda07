#include "service/import_keys.h"

#include <stdio.h>

#include "key/foreign.h"
#include "service/text.h"

/* What is found by the digest of an item. */
typedef struct found_place {
    unsigned scheme;
    bt_foreign_hash hash;
} found_place;

static bool prefix_ok(const bt_environments *environments, bt_bytes prefix) {
    if (prefix.size > BT_SCHEME_PREFIX_MAX) return false;
    for (size_t i = 0; i < prefix.size; i++)
        if (prefix.data[i] <= ' ' || prefix.data[i] > '~') return false;
    for (size_t i = 0; i < environments->count; i++) {
        /* `acme` would be the beginning of every `acme_live_...`. */
        bt_bytes ours = bt_bytes_text(environments->list[i].prefix);
        if (prefix.size &&
            (bt_bytes_starts_with(ours, prefix) || bt_bytes_starts_with(prefix, ours)))
            return false;
    }
    return true;
}

static bt_err add_scheme(bt_txn *txn, const bt_environment *environment, const bt_import_item *item,
                         unsigned *ret_scheme, bt_fault *fault) {
    bt_environments all = *bt_txn_environments(txn);
    bt_environment *changed = &all.list[environment - bt_txn_environments(txn)->list];
    if (changed->schemes_count == BT_SCHEMES_MAX)
        return bt_fail(fault, BT_ERR_EXHAUSTED,
                       "prefix: %s has imported keys with %u others, and no more are looked for",
                       environment->name, BT_SCHEMES_MAX);
    bt_scheme *scheme = &changed->schemes[changed->schemes_count];
    bt_bytes_copy_text(item->prefix, scheme->prefix, sizeof scheme->prefix);
    scheme->hashes_rest = item->without_prefix;
    *ret_scheme = (unsigned)changed->schemes_count++;
    return bt_txn_put_environments(txn, &all);
}

/* The scheme of exactly this prefix, made where there is none. */
static bt_err find_scheme(bt_txn *txn, const bt_environment *environment,
                          const bt_import_item *item, unsigned *ret_scheme, bt_fault *fault) {
    if (!prefix_ok(bt_txn_environments(txn), item->prefix))
        return bt_fail(fault, BT_ERR_INVALID,
                       "prefix: must be up to %u visible characters, and not begin like a token of "
                       "this store",
                       BT_SCHEME_PREFIX_MAX);
    for (unsigned i = 0; i < environment->schemes_count; i++) {
        const bt_scheme *scheme = &environment->schemes[i];
        if (!bt_bytes_equal(bt_bytes_text(scheme->prefix), item->prefix)) continue;
        *ret_scheme = i;
        if (scheme->hashes_rest == (item->without_prefix != 0)) return BT_OK;
        return bt_fail(fault, BT_ERR_PRECONDITION,
                       "without_prefix: keys of this prefix were imported with the other value");
    }
    return add_scheme(txn, environment, item, ret_scheme, fault);
}

static bt_err find_by_token(bt_txn *txn, const bt_environment *environment,
                            const bt_import_item *item, found_place *ret_place, bt_fault *fault) {
    if (!bt_foreign_ok(bt_txn_environments(txn), item->token))
        return bt_fail(fault, BT_ERR_INVALID,
                       "token: must be %u to %u visible characters of ASCII, and not begin like a "
                       "token of this store",
                       BT_FOREIGN_MIN, BT_FOREIGN_MAX);
    if (item->prefix.size || item->without_prefix)
        return bt_fail(fault, BT_ERR_INVALID, "prefix: is for sha256; a token has its own");
    int scheme = bt_foreign_scheme(environment, item->token);
    ret_place->scheme = (unsigned)scheme;
    if (scheme < 0) BT_TRY(find_scheme(txn, environment, item, &ret_place->scheme, fault));
    /* The environment is the transaction's, which may have changed. */
    ret_place->hash = bt_foreign_hash_token(&environment->schemes[ret_place->scheme], item->token);
    return BT_OK;
}

static bt_err find_place(bt_txn *txn, const bt_environment *environment, const bt_import_item *item,
                         found_place *ret_place, bt_fault *fault) {
    if ((item->token.size > 0) == (item->sha256.size > 0))
        return bt_fail(fault, BT_ERR_INVALID, "token, sha256: one of them must be set");
    if (item->token.size) return find_by_token(txn, environment, item, ret_place, fault);
    if (!bt_foreign_hash_parse(item->sha256, &ret_place->hash))
        return bt_fail(fault, BT_ERR_INVALID,
                       "sha256: must be 64 hexadecimal digits, or the base64 of 32 bytes");
    return find_scheme(txn, environment, item, &ret_place->scheme, fault);
}

static bt_err insert(bt_import_keys *import, bt_txn *txn, const found_place *place,
                     bt_fault *fault) {
    bt_key_plan *plan = &import->plan;
    bt_digest digest = bt_foreign_digest(bt_store_pepper(bt_txn_store(txn)), plan->environment,
                                         place->scheme, &place->hash);
    plan->record.flags |= BT_RECORD_IMPORTED;
    plan->record.key_id = bt_key_id_make(bt_txn_now_ms(txn));
    plan->detail.record_key = bt_digest_slot(&digest);
    bt_record_set_digest(&plan->record, &digest);
    bt_err err = bt_txn_insert_key(txn, plan->detail.record_key, &plan->record, &plan->detail);
    if (err == BT_ERR_EXISTS)
        return bt_fail(fault, err,
                       "token: this key has been imported, or its digest's place is taken by "
                       "another; in that case make it a new one");
    if (err || !plan->narrow_size) return err;
    return bt_txn_put_narrow(txn, &plan->record.key_id,
                             bt_bytes_of(plan->narrow_row, plan->narrow_size));
}

static bt_err import_one(bt_import_keys *import, const bt_import_item *item,
                         const bt_caller *caller, bt_txn *txn, bt_key_id *ret_id, bt_fault *fault) {
    bt_create_key_request *request = &import->request;
    found_place place;
    BT_TRY(import->read(item->key, request, fault));
    if (!request->environment.size) request->environment = import->environment;
    BT_TRY(bt_key_plan_check(request, fault));
    BT_TRY(bt_key_plan_make(request, caller, txn, &import->plan, fault));
    BT_TRY(find_place(txn, import->plan.environment, item, &place, fault));
    BT_TRY(insert(import, txn, &place, fault));
    *ret_id = import->plan.record.key_id;
    return BT_OK;
}

/* An error of the store ends them all; any other is its item's. */
static bt_err work(bt_mutation *mutation, const bt_caller *caller, bt_txn *txn, bt_fault *fault) {
    bt_import_keys *import = (bt_import_keys *)mutation;
    for (size_t i = 0; i < import->count; i++) {
        bt_import_result *result = &import->results[i];
        result->fault = (bt_fault){0};
        bt_err err =
            import_one(import, &import->items[i], caller, txn, &result->id, &result->fault);
        if (err && !result->fault.err) return err;
        if (!err) bt_txn_head(txn)->flags |= BT_HEAD_IMPORTED_KEYS;
    }
    (void)fault;
    return BT_OK;
}

void bt_import_keys_run(bt_import_keys *import, bt_service *service, const bt_caller *caller) {
    bt_fault fault;
    if (import->count == 0) {
        bt_fail(&fault, BT_ERR_INVALID, "keys: has none; 1 to %u are right", BT_IMPORT_MAX);
        bt_mutation_refuse(&import->mutation, &fault);
        return;
    }
    import->mutation.work = work;
    import->mutation.need = bt_mask_bit(BT_SCOPE_APIKEYS_IMPORT);
    bt_mutation_run(&import->mutation, service, caller);
}
