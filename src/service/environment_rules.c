#include "service/environment_rules.h"

#include <stdio.h>

#include "base/duration.h"

static bt_err check_choices(const bt_environment *rules, bt_fault *fault) {
    for (size_t i = 0; i < rules->expiry_choices_count; i++)
        if (rules->expiry_choices_ms[i] <= 0)
            return bt_fail(fault, BT_ERR_INVALID, "expiry choices must be longer than nothing");
    return BT_OK;
}

static bt_err check_rules(const bt_set_environment *set, bt_fault *fault) {
    const bt_environment *rules = &set->rules;
    if (set->set_kinds && !(rules->kinds & BT_KINDS_BACKEND))
        return bt_fail(fault, BT_ERR_INVALID,
                       "kinds must include backend: without one nobody could call this service");
    if (set->set_kinds && rules->kinds & ~BT_KINDS_ALL)
        return bt_fail(fault, BT_ERR_INVALID,
                       "kinds are backend, personal, org and generic, and no others");
    if (set->set_max_life && rules->max_life_ms <= 0)
        return bt_fail(fault, BT_ERR_INVALID, "max life must be longer than nothing");
    return set->set_expiry_choices ? check_choices(rules, fault) : BT_OK;
}

static void set_rules(const bt_set_environment *set, bt_environment *environment) {
    const bt_environment *rules = &set->rules;
    if (set->set_kinds) environment->kinds = rules->kinds;
    if (set->set_creator_rule)
        environment->org_keys_stop_with_creator = rules->org_keys_stop_with_creator;
    if (set->set_max_life) environment->max_life_ms = rules->max_life_ms;
    if (!set->set_expiry_choices) return;
    environment->expiry_choices_count = rules->expiry_choices_count;
    memcpy(environment->expiry_choices_ms, rules->expiry_choices_ms,
           sizeof rules->expiry_choices_ms);
}

/* For one that is lost: no server would start any more. */
static bt_err forget_pepper(bt_bytes name, bt_environment *environment, bt_fault *fault) {
    bool found = name.size == 0;
    for (size_t i = 0; i < environment->schemes_count; i++) {
        bt_scheme *scheme = &environment->schemes[i];
        if (!name.size || !bt_bytes_equal(bt_bytes_text(scheme->pepper_name), name)) continue;
        found = scheme->forgotten = true;
    }
    if (found) return BT_OK;
    return bt_fail(fault, BT_ERR_NOT_FOUND, "no keys of %s were imported with a pepper \"%.*s\"",
                   environment->name, BT_BYTES_ARG(name));
}

static bt_err apply(bt_change *change, bt_txn *txn, bt_fault *fault) {
    bt_set_environment *set = (bt_set_environment *)change;
    bt_environments environments = *bt_txn_environments(txn);
    const bt_environment *found = bt_environment_find(&environments, set->name);
    if (!found)
        return bt_fail(fault, BT_ERR_NOT_FOUND, "there is no environment \"%.*s\"",
                       BT_BYTES_ARG(set->name));
    BT_TRY(check_rules(set, fault));
    bt_environment *environment = &environments.list[found - environments.list];
    BT_TRY(forget_pepper(set->forget_pepper, environment, fault));
    set_rules(set, environment);
    set->result = *environment;
    return bt_txn_put_environments(txn, &environments);
}

void bt_set_environment_run(bt_set_environment *set, bt_store *store) {
    set->change.apply = apply;
    set->change.deadline_ms = BT_NEVER_MS;
    set->change.fault = (bt_fault){0};
    bt_store_change(store, &set->change);
}

static void list_choices(const bt_environment *environment, char *ret_text, size_t size) {
    size_t used = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < environment->expiry_choices_count && used < size; i++) {
        char choice[24];
        bt_duration_format(environment->expiry_choices_ms[i], choice);
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s", i ? ", " : "", choice);
    }
}

static bool is_choice(const bt_environment *environment, int64_t expires_in_ms) {
    for (size_t i = 0; i < environment->expiry_choices_count; i++)
        if (environment->expiry_choices_ms[i] == expires_in_ms) return true;
    return false;
}

/* Neither expires_in nor expires_at chooses for ever. A time of the caller's clock is no choice: hardly ever would it be
 * one of them to the millisecond. */
static bt_err check_choice(const bt_environment *environment, int64_t expires_in_ms,
                           int64_t expires_ms, bt_fault *fault) {
    char choices[24 * BT_EXPIRY_CHOICES_MAX];
    int64_t chosen = expires_in_ms == 0 && expires_ms == BT_NEVER_MS ? BT_NEVER_MS : expires_in_ms;
    if (is_choice(environment, chosen)) return BT_OK;
    list_choices(environment, choices, sizeof choices);
    return bt_fail(fault, BT_ERR_INVALID, "expires_in: end-user keys of %s are good for one of: %s",
                   environment->name, choices);
}

/* A key that is there keeps its end, where a new one could be good as long. */
static bt_err check_longest_choice(const bt_environment *environment, int64_t expires_ms,
                                   int64_t now_ms, bt_fault *fault) {
    char choices[24 * BT_EXPIRY_CHOICES_MAX];
    int64_t longest_ms = 0;
    for (size_t i = 0; i < environment->expiry_choices_count; i++)
        if (environment->expiry_choices_ms[i] > longest_ms)
            longest_ms = environment->expiry_choices_ms[i];
    if (longest_ms == BT_NEVER_MS) return BT_OK;
    if (expires_ms != BT_NEVER_MS && expires_ms - now_ms <= longest_ms) return BT_OK;
    list_choices(environment, choices, sizeof choices);
    return bt_fail(fault, BT_ERR_INVALID,
                   "expires_in: must be said, since the key is good for longer than end-user keys "
                   "of %s now are: one of %s",
                   environment->name, choices);
}

static bt_err check_kind(const bt_environment *environment, bt_kind kind, bt_fault *fault) {
    if (environment->kinds >> kind & 1) return BT_OK;
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "kind: keys of kind %s are switched off in %s; `bitting env set %s --kinds` "
                   "switches them on",
                   bt_kind_name(kind), environment->name, environment->name);
}

static bt_err check_life(const bt_environment *environment, int64_t expires_ms, int64_t from_ms,
                         bt_fault *fault) {
    char life[24];
    if (environment->max_life_ms == BT_NEVER_MS) return BT_OK;
    if (expires_ms != BT_NEVER_MS && expires_ms - from_ms <= environment->max_life_ms) return BT_OK;
    bt_duration_format(environment->max_life_ms, life);
    return bt_fail(fault, BT_ERR_INVALID,
                   "expires_at: keys of %s are good for %s at most, from their creation on; name "
                   "an earlier time, or "
                   "expires_in",
                   environment->name, life);
}

static bool has_choices(const bt_environment *environment, bt_kind kind) {
    return kind != BT_KIND_BACKEND && environment->expiry_choices_count;
}

bt_err bt_environment_admits_kept(const bt_environment *environment, bt_kind kind,
                                  int64_t expires_ms, int64_t now_ms, bt_fault *fault) {
    BT_TRY(check_kind(environment, kind, fault));
    if (has_choices(environment, kind))
        BT_TRY(check_longest_choice(environment, expires_ms, now_ms, fault));
    return check_life(environment, expires_ms, now_ms, fault);
}

bt_err bt_environment_admits(const bt_environment *environment, bt_kind kind, int64_t expires_in_ms,
                             int64_t expires_ms, int64_t from_ms, bt_fault *fault) {
    BT_TRY(check_kind(environment, kind, fault));
    if (has_choices(environment, kind))
        BT_TRY(check_choice(environment, expires_in_ms, expires_ms, fault));
    return check_life(environment, expires_ms, from_ms, fault);
}
