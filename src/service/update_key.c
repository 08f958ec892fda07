#include "service/update_key.h"

#include <stdio.h>

#include "service/environment_rules.h"
#include "service/template.h"
#include "service/text.h"

unsigned bt_update_path(bt_bytes path) {
    static const char *const paths[BT_UPDATE_PATHS] = {
        "name",       "scopes",        "scope_mask", "preset", "expires_at",
        "expires_in", "never_expires", "metadata",   "labels", "disabled",
        "selectors",  "networks",      "not_before"};
    for (unsigned i = 0; i < BT_UPDATE_PATHS; i++)
        if (bt_bytes_equal(bt_bytes_text(paths[i]), path)) return 1u << i;
    return 0;
}

static bool one_at_most(unsigned bits) {
    return (bits & (bits - 1)) == 0;
}

static bt_err check_mask(const bt_update_key_request *request, bt_fault *fault) {
    unsigned mask = request->mask;
    if (mask == 0)
        return bt_fail(fault, BT_ERR_INVALID,
                       "update_mask: names nothing; name the fields to be changed");
    if (!one_at_most(mask & BT_UPDATE_GRANT))
        return bt_fail(fault, BT_ERR_INVALID,
                       "update_mask: of scopes, scope_mask and preset only one may be named");
    if (!one_at_most(mask & BT_UPDATE_EXPIRY))
        return bt_fail(
            fault, BT_ERR_INVALID,
            "update_mask: of expires_at, expires_in and never_expires only one may be named");
    if (mask & BT_UPDATE_NEVER_EXPIRES && !request->never_expires)
        return bt_fail(fault, BT_ERR_INVALID,
                       "never_expires: must be true where it is named; to end a key name "
                       "expires_at or expires_in");
    if (mask & BT_UPDATE_EXPIRES_AT && request->expiry.expires_ms == BT_NEVER_MS)
        return bt_fail(fault, BT_ERR_INVALID,
                       "expires_at: is named in update_mask and not set; never_expires is the way "
                       "to say never");
    if (mask & BT_UPDATE_EXPIRES_IN && request->expiry.expires_in_ms == 0)
        return bt_fail(fault, BT_ERR_INVALID, "expires_in: is named in update_mask and not set");
    return BT_OK;
}

static bt_err check_request(bt_update_key *update, bt_fault *fault) {
    const bt_update_key_request *request = &update->request;
    unsigned mask = request->mask;
    BT_TRY(bt_text_key_id(request->key_id, &update->id, fault));
    BT_TRY(check_mask(request, fault));
    if (mask & BT_UPDATE_NAME) BT_TRY(bt_text_require("name", request->name, BT_NAME_MAX, fault));
    if (mask & BT_UPDATE_METADATA) BT_TRY(bt_text_metadata(request->metadata, fault));
    if (mask & BT_UPDATE_LABELS)
        BT_TRY(bt_text_labels(request->labels, request->labels_count, fault));
    if (mask & BT_UPDATE_NOT_BEFORE) BT_TRY(bt_text_not_before(request->not_before_ms, fault));
    return BT_OK;
}

/* A key as it was or will be. */
typedef struct key_state {
    bt_record record;
    bt_detail detail;
    bt_narrow narrow;
} key_state;

static bt_err change_grant(bt_update_key *update, bt_txn *txn, key_state *after, bt_fault *fault) {
    const bt_update_key_request *request = &update->request;
    bt_grant grant;
    if (!(request->mask & BT_UPDATE_GRANT)) return BT_OK;
    bt_grant_request asked = {.scope_mask = 0};
    if (request->mask & BT_UPDATE_SCOPE_MASK) asked.scope_mask = request->grant.scope_mask;
    if (request->mask & BT_UPDATE_PRESET) asked.preset = request->grant.preset;
    if (request->mask & BT_UPDATE_SCOPES) {
        asked.scopes_count = request->grant.scopes_count;
        memcpy(asked.scopes, request->grant.scopes, sizeof asked.scopes);
    }
    BT_TRY(bt_grant_resolve(bt_txn_catalogue(txn), &asked, &grant, fault));
    after->record.mask = grant.mask;
    after->record.flags &= (uint16_t)~BT_RECORD_FULL_ACCESS;
    if (grant.full_access) after->record.flags |= BT_RECORD_FULL_ACCESS;
    /* Otherwise the key still comes from its old preset, and is shown to have drifted from it. */
    if (!grant.preset) return BT_OK;
    snprintf(update->preset, sizeof update->preset, "%s", grant.preset->name);
    after->detail.preset = bt_bytes_text(update->preset);
    after->detail.preset_version = grant.preset->version;
    return BT_OK;
}

/* A key that takes a preset keeps to all that it says of keys, by bounds of its own or those of this change. */
static bt_err check_template(const bt_update_key *update, bt_txn *txn, const key_state *after,
                             bt_fault *fault) {
    const bt_catalogue *catalogue = bt_txn_catalogue(txn);
    if (!(update->request.mask & BT_UPDATE_PRESET) || !update->preset[0]) return BT_OK;
    return bt_template_admits(catalogue,
                              bt_catalogue_preset(catalogue, bt_bytes_text(update->preset)),
                              (bt_kind)after->record.kind, after->record.created_ms,
                              after->record.expires_ms, &after->narrow, fault);
}

static bt_err change_expiry(const bt_update_key *update, bt_txn *txn, key_state *after,
                            bt_fault *fault) {
    const bt_update_key_request *request = &update->request;
    int64_t now_ms = bt_txn_now_ms(txn), before_ms = after->record.expires_ms;
    if (!(request->mask & BT_UPDATE_EXPIRY)) return BT_OK;
    bt_expiry_request asked = {.expires_ms = BT_NEVER_MS};
    if (request->mask & BT_UPDATE_EXPIRES_AT) asked.expires_ms = request->expiry.expires_ms;
    if (request->mask & BT_UPDATE_EXPIRES_IN) asked.expires_in_ms = request->expiry.expires_in_ms;
    BT_TRY(bt_expiry_resolve(&asked, now_ms, &after->record.expires_ms, fault));
    if (after->record.expires_ms <= before_ms) return BT_OK; /* it takes away */
    const bt_environment *environment =
        bt_environment_by_id(bt_txn_environments(txn), after->record.environment);
    /* A life begins once: a key that is lengthened again and again would otherwise have no end. */
    return bt_environment_admits(environment, (bt_kind)after->record.kind, asked.expires_in_ms,
                                 after->record.expires_ms, after->record.created_ms, fault);
}

static bt_err change_bounds(const bt_update_key *update, key_state *after, bt_fault *fault) {
    const bt_update_key_request *request = &update->request;
    if (request->mask & BT_UPDATE_SELECTORS)
        BT_TRY(bt_bounds_selectors(&request->bounds, &after->narrow, fault));
    if (request->mask & BT_UPDATE_NETWORKS)
        BT_TRY(bt_bounds_networks(&request->bounds, &after->narrow, fault));
    if (request->mask & BT_UPDATE_NOT_BEFORE) after->record.not_before_ms = request->not_before_ms;
    after->record.flags &= (uint16_t)~BT_RECORD_NARROW;
    if (after->narrow.selectors_count + after->narrow.networks_count)
        after->record.flags |= BT_RECORD_NARROW;
    return BT_OK;
}

/* What is not asked for stays as it is, however it came to be so. */
static bt_err check_begin(const bt_update_key *update, const bt_record *after, bt_fault *fault) {
    unsigned mask = update->request.mask;
    const char *field = mask & BT_UPDATE_NOT_BEFORE   ? "not_before"
                        : mask & BT_UPDATE_EXPIRES_IN ? "expires_in"
                                                      : "expires_at";
    if (!(mask & (BT_UPDATE_EXPIRY | BT_UPDATE_NOT_BEFORE))) return BT_OK;
    return bt_expiry_check_begin(field, after->not_before_ms, after->expires_ms, fault);
}

static void change_words(const bt_update_key *update, key_state *after) {
    const bt_update_key_request *request = &update->request;
    if (request->mask & BT_UPDATE_NAME) after->detail.name = request->name;
    if (request->mask & BT_UPDATE_METADATA) after->detail.metadata = request->metadata;
    if (request->mask & BT_UPDATE_LABELS) {
        after->detail.labels = request->labels;
        after->detail.labels_count = request->labels_count;
    }
    if (!(request->mask & BT_UPDATE_DISABLED)) return;
    after->record.flags &= (uint16_t)~BT_RECORD_DISABLED;
    if (request->disabled) after->record.flags |= BT_RECORD_DISABLED;
}

/* Whether the key becomes good for more, for longer, or in more places. */
static bool widens(const key_state *before, const key_state *after) {
    unsigned was = before->record.flags, is = after->record.flags;
    bool gains = (is & ~was & BT_RECORD_FULL_ACCESS) || (was & ~is & BT_RECORD_DISABLED);
    /* Giving up full access for scopes by name is to hold less, whichever they are. */
    bool scopes = !(was & BT_RECORD_FULL_ACCESS) && (after->record.mask & ~before->record.mask);
    bool time = after->record.expires_ms > before->record.expires_ms ||
                after->record.not_before_ms < before->record.not_before_ms;
    return gains || scopes || time || bt_bounds_widen(&before->narrow, &after->narrow);
}

static bt_err read_before(bt_update_key *update, const bt_caller *caller, bt_txn *txn,
                          key_state *ret_before, bt_fault *fault) {
    bt_arena arena;
    bt_bytes row;
    bt_arena_init(&arena, update->details, sizeof update->details);
    BT_TRY(bt_mutation_find(txn, caller, &update->id, &arena, &ret_before->record,
                            &ret_before->detail, fault));
    if (ret_before->record.flags & BT_RECORD_REVOKED)
        return bt_fail(fault, BT_ERR_PRECONDITION,
                       "key_id: the key is revoked, which is for ever; create another");
    ret_before->narrow.selectors_count = ret_before->narrow.networks_count = 0;
    if (!(ret_before->record.flags & BT_RECORD_NARROW)) return BT_OK;
    bt_err err = bt_txn_narrow(txn, &update->id, &row);
    /* A copy, since writing may move the row. */
    if (!err) memcpy(update->issued.narrow_row, row.data, row.size <= BT_NARROW_MAX ? row.size : 0);
    row.data = update->issued.narrow_row;
    if (err || row.size > BT_NARROW_MAX || !bt_narrow_decode(row, &ret_before->narrow))
        return bt_key_damaged(&update->id, fault);
    return BT_OK;
}

static bt_err write_after(bt_update_key *update, bt_txn *txn, const key_state *after) {
    uint8_t row[BT_NARROW_MAX];
    size_t size = 0;
    if (after->record.flags & BT_RECORD_NARROW) size = bt_narrow_encode(&after->narrow, row);
    BT_TRY(bt_txn_update_key(txn, &after->record, &after->detail));
    BT_TRY(bt_txn_put_narrow(txn, &update->id, bt_bytes_of(row, size)));
    bt_issue_describe(txn, &after->record, &after->detail, bt_bytes_of(row, size), &update->issued);
    return BT_OK;
}

static bt_err work(bt_mutation *mutation, const bt_caller *caller, bt_txn *txn, bt_fault *fault) {
    bt_update_key *update = (bt_update_key *)mutation;
    key_state before, after;
    BT_TRY(read_before(update, caller, txn, &before, fault));
    after = before;
    BT_TRY(change_grant(update, txn, &after, fault));
    BT_TRY(change_expiry(update, txn, &after, fault));
    BT_TRY(change_bounds(update, &after, fault));
    BT_TRY(check_begin(update, &after.record, fault));
    BT_TRY(check_template(update, txn, &after, fault));
    change_words(update, &after);
    if (widens(&before, &after))
        BT_TRY(bt_grant_allowed(caller, bt_txn_catalogue(txn), after.record.mask,
                                after.record.flags & BT_RECORD_FULL_ACCESS, fault));
    return write_after(update, txn, &after);
}

void bt_update_key_run(bt_update_key *update, bt_service *service, const bt_caller *caller) {
    bt_fault fault;
    if (check_request(update, &fault)) {
        bt_mutation_refuse(&update->mutation, &fault);
        return;
    }
    update->mutation.work = work;
    update->mutation.need = bt_mask_bit(BT_SCOPE_APIKEYS_UPDATE);
    bt_mutation_run(&update->mutation, service, caller);
}
