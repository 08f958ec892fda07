#include "service/add_environment.h"

#include <stdio.h>

static bt_err check_name(const bt_environments *environments, bt_bytes name, bt_fault *fault) {
    if (!bt_environment_name_ok(name))
        return bt_fail(fault, BT_ERR_INVALID,
                       "name must be a lower-case letter and up to 15 lower-case letters and "
                       "digits, not \"%.*s\"",
                       BT_BYTES_ARG(name));
    if (bt_environment_find(environments, name))
        return bt_fail(fault, BT_ERR_EXISTS, "there is an environment \"%.*s\" already",
                       BT_BYTES_ARG(name));
    return BT_OK;
}

/* What begins like a token of ours is looked for nowhere else: imported keys would be unknown from now on. */
static bt_err check_imported(const bt_environment *environment, bt_bytes prefix, bt_fault *fault) {
    for (size_t i = 0; i < environment->schemes_count; i++) {
        bt_bytes imported = bt_bytes_text(environment->schemes[i].prefix);
        bool apart =
            !bt_bytes_starts_with(imported, prefix) && !bt_bytes_starts_with(prefix, imported);
        if (imported.size && !apart)
            return bt_fail(fault, BT_ERR_PRECONDITION,
                           "prefix \"%.*s\": tokens that were imported into %s begin with \"%s\", "
                           "and would be good no more; take another",
                           BT_BYTES_ARG(prefix), environment->name, environment->schemes[i].prefix);
    }
    return BT_OK;
}

static bt_err check_prefix(const bt_environments *environments, bt_bytes prefix, bt_fault *fault) {
    if (!bt_token_prefix_ok(prefix))
        return bt_fail(fault, BT_ERR_INVALID,
                       "prefix must be 1 to %u lower-case letters, digits and underscores, "
                       "beginning with a letter and not ending in an underscore; not \"%.*s\"",
                       BT_TOKEN_PREFIX_MAX, BT_BYTES_ARG(prefix));
    const bt_environment *taken = bt_environment_by_prefix(environments, prefix);
    if (taken)
        return bt_fail(fault, BT_ERR_EXISTS, "prefix \"%.*s\" is that of environment \"%s\"",
                       BT_BYTES_ARG(prefix), taken->name);
    for (size_t i = 0; i < environments->count; i++)
        BT_TRY(check_imported(&environments->list[i], prefix, fault));
    return BT_OK;
}

/* One above the highest: no number is ever given twice. */
static bt_err next_id(const bt_environments *environments, uint8_t *ret_id, bt_fault *fault) {
    uint8_t highest = 0;
    for (size_t i = 0; i < environments->count; i++)
        if (environments->list[i].id > highest) highest = environments->list[i].id;
    if (environments->count >= BT_ENVIRONMENTS_MAX || highest == UINT8_MAX)
        return bt_fail(fault, BT_ERR_EXHAUSTED, "a store has at most %u environments",
                       BT_ENVIRONMENTS_MAX);
    *ret_id = (uint8_t)(highest + 1);
    return BT_OK;
}

static bt_err apply(bt_change *change, bt_txn *txn, bt_fault *fault) {
    bt_add_environment *add = (bt_add_environment *)change;
    bt_environments environments = *bt_txn_environments(txn);
    bt_environment added = {.kinds = BT_KINDS_BACKEND, .max_life_ms = BT_NEVER_MS};
    bt_bytes prefix = add->prefix;
    BT_TRY(check_name(&environments, add->name, fault));
    bt_bytes_copy_text(add->name, added.name, sizeof added.name);
    snprintf(added.prefix, sizeof added.prefix, "bt_%s", added.name);
    if (prefix.size == 0) prefix = bt_bytes_text(added.prefix);
    BT_TRY(check_prefix(&environments, prefix, fault));
    if (add->prefix.size) bt_bytes_copy_text(prefix, added.prefix, sizeof added.prefix);
    BT_TRY(next_id(&environments, &added.id, fault));
    environments.list[environments.count++] = added;
    add->result = added;
    return bt_txn_put_environments(txn, &environments);
}

void bt_add_environment_run(bt_add_environment *add, bt_store *store) {
    add->change.apply = apply;
    add->change.deadline_ms = BT_NEVER_MS;
    add->change.fault = (bt_fault){0};
    bt_store_change(store, &add->change);
}
