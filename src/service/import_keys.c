#include "service/import_keys.h"

#include <inttypes.h>
#include <stdio.h>

#include "key/foreign.h"
#include "service/foreign_key.h"
#include "service/text.h"
#include "store/foreign_peppers.h"

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

static bt_err check_method(const bt_import_item *item, bt_fault *fault) {
    bool peppered = item->method > BT_HASH_SHA256;
    if (item->method < 0 || item->method > BT_HASH_LAST)
        return bt_fail(fault, BT_ERR_INVALID, "method: %" PRId64 " is not a value; 0 to %d are",
                       item->method, BT_HASH_LAST);
    if (!peppered && item->pepper.size)
        return bt_fail(fault, BT_ERR_INVALID, "pepper: is for the methods that have one");
    if (!peppered || bt_pepper_name_ok(item->pepper)) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID,
                   "pepper: must be the name of one: a letter and up to %u letters, digits, _ and "
                   "-, lower case",
                   BT_PEPPER_NAME_MAX - 1);
}

/* What an item says of its hash, without the pepper's mark. */
static bt_err read_scheme(bt_txn *txn, const bt_import_item *item, bt_scheme *ret_scheme,
                          bt_fault *fault) {
    *ret_scheme = (bt_scheme){.hashes_rest = item->without_prefix, .method = BT_HASH_SHA256};
    BT_TRY(check_method(item, fault));
    if (item->method) ret_scheme->method = (bt_hash_method)item->method;
    if (!prefix_ok(bt_txn_environments(txn), item->prefix))
        return bt_fail(fault, BT_ERR_INVALID,
                       "prefix: must be up to %u visible characters, and not begin like a token of "
                       "this store",
                       BT_SCHEME_PREFIX_MAX);
    bt_bytes_copy_text(item->prefix, ret_scheme->prefix, sizeof ret_scheme->prefix);
    bt_bytes_copy_text(item->pepper, ret_scheme->pepper_name, sizeof ret_scheme->pepper_name);
    return BT_OK;
}

/* A name stands for one secret in the whole store. */
static bt_err check_mark(const bt_environments *all, const bt_scheme *scheme, bt_fault *fault) {
    for (size_t i = 0; i < all->count; i++)
        for (size_t j = 0; j < all->list[i].schemes_count; j++) {
            const bt_scheme *other = &all->list[i].schemes[j];
            if (!other->forgotten && strcmp(other->pepper_name, scheme->pepper_name) == 0 &&
                memcmp(other->pepper_mark, scheme->pepper_mark, sizeof scheme->pepper_mark) != 0)
                return bt_fail(fault, BT_ERR_PRECONDITION,
                               "pepper %s: is another than the one that keys of %s were imported "
                               "with; give it another name",
                               scheme->pepper_name, all->list[i].name);
        }
    return BT_OK;
}

static bt_err add_scheme(bt_txn *txn, const bt_environment *environment, bt_scheme *scheme,
                         unsigned *ret_scheme, bt_fault *fault) {
    bt_environments all = *bt_txn_environments(txn);
    bt_environment *changed = &all.list[environment - bt_txn_environments(txn)->list];
    if (changed->schemes_count == BT_SCHEMES_MAX)
        return bt_fail(fault, BT_ERR_EXHAUSTED,
                       "prefix: %s has imported keys of %u prefixes and methods, and no more are "
                       "looked for",
                       environment->name, BT_SCHEMES_MAX);
    if (scheme->method != BT_HASH_SHA256) {
        BT_TRY(bt_store_foreign_pepper(bt_txn_store(txn), scheme->pepper_name, &scheme->pepper,
                                       scheme->pepper_mark, fault));
        BT_TRY(check_mark(&all, scheme, fault));
    }
    changed->schemes[changed->schemes_count] = *scheme;
    *ret_scheme = (unsigned)changed->schemes_count++;
    return bt_txn_put_environments(txn, &all);
}

static bt_err forgotten(const bt_scheme *scheme, bt_fault *fault) {
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "pepper %s: was forgotten, and what was imported with it is found no more; give "
                   "it another name",
                   scheme->pepper_name);
}

static bool same_hash(const bt_scheme *a, const bt_scheme *b) {
    return a->method == b->method && strcmp(a->pepper_name, b->pepper_name) == 0;
}

/* A token could be made its hash with. */
static bt_err check_ready(bt_txn *txn, const bt_environment *environment, const bt_scheme *scheme,
                          bt_fault *fault) {
    if (scheme->forgotten) return forgotten(scheme, fault);
    if (scheme->method == BT_HASH_SHA256 || scheme->pepper) return BT_OK;
    BT_TRY(bt_store_check_pepper(bt_txn_store(txn), environment, scheme, fault));
    return bt_fail(fault, BT_ERR_UNAVAILABLE,
                   "pepper %s: could not be read a moment ago, and now can; try again",
                   scheme->pepper_name);
}

/* The scheme of exactly this prefix and kind of hash, made where there is none. */
static bt_err find_scheme(bt_txn *txn, const bt_environment *environment, bt_scheme *wanted,
                          unsigned *ret_scheme, bt_fault *fault) {
    for (unsigned i = 0; i < environment->schemes_count; i++) {
        const bt_scheme *scheme = &environment->schemes[i];
        if (strcmp(scheme->prefix, wanted->prefix) != 0 || !same_hash(scheme, wanted)) continue;
        *ret_scheme = i;
        if (scheme->hashes_rest == wanted->hashes_rest)
            return check_ready(txn, environment, scheme, fault);
        return bt_fail(fault, BT_ERR_PRECONDITION,
                       "without_prefix: keys of this prefix were imported with the other value");
    }
    return add_scheme(txn, environment, wanted, ret_scheme, fault);
}

static bt_err is_there(bt_fault *fault) {
    return bt_fail(fault, BT_ERR_EXISTS,
                   "token: this key has been imported, or its digest's place is taken by another; "
                   "in that case make it a new one");
}

static bt_err check_token(bt_txn *txn, const bt_environment *environment,
                          const bt_import_item *item, bt_fault *fault) {
    const bt_record *record;
    if (!bt_foreign_ok(bt_txn_environments(txn), item->token))
        return bt_fail(fault, BT_ERR_INVALID,
                       "token: must be %u to %u visible characters of ASCII, and not begin like a "
                       "token of this store",
                       BT_FOREIGN_MIN, BT_FOREIGN_MAX);
    if (item->prefix.size || item->without_prefix || item->method || item->pepper.size)
        return bt_fail(fault, BT_ERR_INVALID,
                       "prefix, without_prefix, method, pepper: are for sha256, and not for token");
    bt_err err = bt_foreign_key_find(txn, environment, item->token, &record, fault);
    if (err == BT_ERR_NOT_FOUND) return BT_OK;
    return err ? err : is_there(fault);
}

static bt_err find_by_token(bt_txn *txn, const bt_environment *environment,
                            const bt_import_item *item, found_place *ret_place, bt_fault *fault) {
    BT_TRY(check_token(txn, environment, item, fault));
    bt_scheme whole = {.method = BT_HASH_SHA256};
    int scheme = bt_foreign_scheme(environment, item->token);
    ret_place->scheme = (unsigned)scheme;
    if (scheme < 0) BT_TRY(add_scheme(txn, environment, &whole, &ret_place->scheme, fault));
    /* The environment is the transaction's, which may have changed. */
    ret_place->hash = bt_foreign_hash_token(&environment->schemes[ret_place->scheme], item->token);
    return BT_OK;
}

/* Whether the same hash under both can be that of one token. */
static bool same_message(const bt_scheme *a, const bt_scheme *b) {
    bt_bytes one = bt_bytes_text(a->prefix), other = bt_bytes_text(b->prefix);
    return same_hash(a, b) && !a->hashes_rest && !b->hashes_rest &&
           (bt_bytes_starts_with(one, other) || bt_bytes_starts_with(other, one));
}

static bt_err check_hash(bt_txn *txn, const bt_environment *environment, const bt_scheme *own,
                         const bt_foreign_hash *hash, bt_fault *fault) {
    for (unsigned i = 0; i < environment->schemes_count; i++) {
        const bt_record *record;
        if (environment->schemes[i].forgotten || !same_message(own, &environment->schemes[i]))
            continue;
        bt_digest digest =
            bt_foreign_digest(bt_store_pepper(bt_txn_store(txn)), environment, i, hash);
        bt_err err = bt_digest_find(txn, &digest, &record);
        if (err != BT_ERR_NOT_FOUND) return err ? err : is_there(fault);
    }
    return BT_OK;
}

static bt_err find_by_hash(bt_txn *txn, const bt_environment *environment,
                           const bt_import_item *item, found_place *ret_place, bt_fault *fault) {
    bt_scheme wanted;
    if (!bt_foreign_hash_parse(item->sha256, &ret_place->hash))
        return bt_fail(fault, BT_ERR_INVALID,
                       "sha256: must be 64 hexadecimal digits, or the base64 of 32 bytes");
    BT_TRY(read_scheme(txn, item, &wanted, fault));
    BT_TRY(check_hash(txn, environment, &wanted, &ret_place->hash, fault));
    return find_scheme(txn, environment, &wanted, &ret_place->scheme, fault);
}

static bt_err find_place(bt_txn *txn, const bt_environment *environment, const bt_import_item *item,
                         found_place *ret_place, bt_fault *fault) {
    if (!item->token.size && !item->sha256.size)
        return bt_fail(fault, BT_ERR_INVALID, "token, sha256: one of them must be set");
    if (item->token.size && item->sha256.size)
        return bt_fail(fault, BT_ERR_INVALID, "token, sha256: only one may be set");
    if (item->token.size) return find_by_token(txn, environment, item, ret_place, fault);
    return find_by_hash(txn, environment, item, ret_place, fault);
}

static bt_err insert(bt_import_keys *import, bt_txn *txn, const found_place *place,
                     bt_fault *fault) {
    bt_key_plan *plan = &import->plan;
    bt_digest digest = bt_foreign_digest(bt_store_pepper(bt_txn_store(txn)), plan->environment,
                                         place->scheme, &place->hash);
    plan->record.flags |= BT_RECORD_IMPORTED;
    plan->record.key_id = bt_key_id_make(bt_txn_now_ms(txn));
    plan->detail.record_key = bt_digest_slot(&digest);
    plan->detail.scheme = place->scheme + 1;
    bt_record_set_digest(&plan->record, &digest);
    bt_err err = bt_txn_insert_key(txn, plan->detail.record_key, &plan->record, &plan->detail);
    if (err == BT_ERR_EXISTS) return is_there(fault);
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
