#include "service/key.h"

#include "decide/decide.h"
#include "key/foreign.h"
#include "service/template.h"

static const char *const state_names[] = {
    [BT_KEY_ACTIVE] = "active",
    [BT_KEY_REVOKED] = "revoked",
    [BT_KEY_DISABLED] = "disabled",
    [BT_KEY_EXPIRED] = "expired",
    [BT_KEY_NOT_YET_VALID] = "not_yet_valid",
    [BT_KEY_LOST] = "lost",
};

const char *bt_key_state_name(bt_key_state state) {
    return (unsigned)state <= BT_KEY_STATE_LAST ? state_names[state] : NULL;
}

bt_key_state bt_key_state_find(bt_bytes name) {
    for (unsigned state = BT_KEY_ACTIVE; state <= BT_KEY_STATE_LAST; state++)
        if (bt_bytes_equal(bt_bytes_text(state_names[state]), name)) return (bt_key_state)state;
    return (bt_key_state)0;
}

bt_key_state bt_key_state_of(const bt_record *record, int64_t now_ms) {
    bt_finding finding = {.record = record};
    bt_question question = {.now_ms = now_ms};
    switch (bt_decide(&finding, &question).reason) {
    case BT_REASON_REVOKED:
        return BT_KEY_REVOKED;
    case BT_REASON_DISABLED:
        return BT_KEY_DISABLED;
    case BT_REASON_EXPIRED:
        return BT_KEY_EXPIRED;
    case BT_REASON_NOT_YET_VALID:
        return BT_KEY_NOT_YET_VALID;
    default:
        return BT_KEY_ACTIVE;
    }
}

uint32_t bt_key_owners(const bt_record *record, const bt_environment *environment) {
    return bt_decide_owners(record, environment && environment->org_keys_stop_with_creator);
}

bt_key_state bt_key_rows_state(const bt_key_rows *rows, const bt_environment *environment,
                               int64_t now_ms) {
    bt_key_state state = bt_key_state_of(rows->record, now_ms);
    bool imported = rows->record->flags & BT_RECORD_IMPORTED;
    if (state == BT_KEY_REVOKED || !imported || !environment) return state;
    return bt_foreign_is_lost(environment, rows->detail.scheme) ? BT_KEY_LOST : state;
}

bt_err bt_key_not_found(const bt_key_id *id, const char *where, bt_fault *fault) {
    char text[BT_KEY_ID_TEXT_SIZE];
    bt_key_id_format(id, text);
    return bt_fail(fault, BT_ERR_NOT_FOUND, "key_id: there is no key %s in %s", text, where);
}

bt_err bt_key_damaged(const bt_key_id *id, bt_fault *fault) {
    char text[BT_KEY_ID_TEXT_SIZE];
    bt_key_id_format(id, text);
    return bt_fail(fault, BT_ERR_INTERNAL, "key %s: its rows in the store cannot be read", text);
}

/* A key made from a preset that has changed since, or that goes beyond it by a change of its own. */
static bool has_drifted(const bt_record *record, const bt_key *key, const bt_catalogue *catalogue) {
    if (key->detail.preset.size == 0) return false;
    const bt_preset *preset = bt_catalogue_preset(catalogue, key->detail.preset);
    if (!preset || key->detail.preset_version != preset->version) return true;
    if (key->full_access != preset->full_access) return true;
    if (!key->full_access && key->mask != (preset->mask & catalogue->live)) return true;
    return bt_template_admits(catalogue, preset, key->kind, record->created_ms, record->expires_ms,
                              &key->narrow, NULL) != BT_OK;
}

void bt_key_describe(const bt_key_rows *rows, const bt_environment *environment,
                     const bt_catalogue *catalogue, int64_t now_ms, bt_key *ret_key) {
    const bt_record *record = rows->record;
    bt_key *key = ret_key;
    key->id = record->key_id;
    key->kind = (bt_kind)record->kind;
    key->state = bt_key_rows_state(rows, environment, now_ms);
    key->full_access = record->flags & BT_RECORD_FULL_ACCESS;
    key->mask = bt_decide_held(record, catalogue->live);
    key->high_risk = key->mask & catalogue->high_risk;
    key->created_ms = record->created_ms;
    key->expires_ms = record->expires_ms;
    key->not_before_ms = record->not_before_ms;
    key->environment = bt_bytes_text(environment ? environment->name : NULL);
    key->detail = rows->detail;
    key->narrow.networks_count = key->narrow.selectors_count = 0;
    if (rows->narrow.size) bt_narrow_decode(rows->narrow, &key->narrow);
    key->owner_stopped = rows->owner_stopped;
    key->preset_drifted = has_drifted(record, key, catalogue);
    key->scopes_count = 0;
    for (uint64_t rest = key->mask; rest; rest = bt_mask_without_lowest(rest))
        key->scopes[key->scopes_count++] =
            bt_bytes_text(catalogue->scopes[bt_mask_lowest(rest)].name);
}
