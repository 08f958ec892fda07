#include "service/key_plan.h"

#include <stdio.h>

#include "service/environment_rules.h"
#include "service/text.h"
#include "store/stops.h"

typedef enum owner_rule { NO, MAY, MUST } owner_rule;

static const struct {
    owner_rule user, org;
} owner_rules[] = {
    [BT_KIND_BACKEND] = {NO, NO},
    [BT_KIND_PERSONAL] = {MUST, MAY},
    [BT_KIND_ORG] = {MAY, MUST},
    [BT_KIND_GENERIC] = {NO, NO},
};

static bt_err check_owner(const char *field, bt_bytes id, owner_rule rule, bt_kind kind,
                          bt_fault *fault) {
    if (rule == NO && id.size)
        return bt_fail(fault, BT_ERR_INVALID, "%s: a key of kind %s has none", field,
                       bt_kind_name(kind));
    if (rule == MUST && !id.size)
        return bt_fail(fault, BT_ERR_INVALID, "%s: must be named for a key of kind %s", field,
                       bt_kind_name(kind));
    return bt_text_check(field, id, BT_OWNER_ID_MAX, fault);
}

static bt_err check_kind(const bt_create_key_request *request, bt_kind kind, bt_fault *fault) {
    if (!bt_kind_name(kind))
        return bt_fail(fault, BT_ERR_INVALID, "kind: has a value that is no kind of key");
    BT_TRY(check_owner("user_id", request->user_id, owner_rules[kind].user, kind, fault));
    return check_owner("org_id", request->org_id, owner_rules[kind].org, kind, fault);
}

bt_err bt_key_plan_check(const bt_create_key_request *request, bt_fault *fault) {
    BT_TRY(bt_text_require("name", request->name, BT_NAME_MAX, fault));
    BT_TRY(bt_text_not_before(request->not_before_ms, fault));
    BT_TRY(bt_text_labels(request->labels, request->labels_count, fault));
    return bt_text_metadata(request->metadata, fault);
}

/* What the request says, and its preset where it does not. */
static bt_err decide_terms(const bt_create_key_request *request, bt_txn *txn, bt_key_plan *plan,
                           bt_fault *fault) {
    const bt_catalogue *catalogue = bt_txn_catalogue(txn);
    const bt_preset *preset = plan->grant.preset;
    int64_t now_ms = bt_txn_now_ms(txn);
    bt_terms *terms = &plan->terms;
    terms->kind = request->kind;
    terms->expiry = request->expiry;
    BT_TRY(bt_bounds_selectors(&request->bounds, &terms->narrow, fault));
    BT_TRY(bt_bounds_networks(&request->bounds, &terms->narrow, fault));
    BT_TRY(bt_template_fill(catalogue, preset, terms, fault));
    BT_TRY(check_kind(request, terms->kind, fault));
    BT_TRY(bt_expiry_resolve(&terms->expiry, now_ms, &plan->expires_ms, fault));
    BT_TRY(bt_expiry_check_begin("not_before", request->not_before_ms, plan->expires_ms, fault));
    return bt_template_admits(catalogue, preset, terms->kind, now_ms, plan->expires_ms,
                              &terms->narrow, fault);
}

static bt_err decide_plan(const bt_create_key_request *request, const bt_caller *caller,
                          bt_txn *txn, bt_key_plan *plan, bt_fault *fault) {
    const bt_catalogue *catalogue = bt_txn_catalogue(txn);
    BT_TRY(bt_caller_environment(caller, bt_txn_environments(txn), request->environment,
                                 &plan->environment, fault));
    if (!plan->environment) return bt_fail(fault, BT_ERR_INVALID, "environment: must be named");
    BT_TRY(bt_grant_resolve(catalogue, &request->grant, &plan->grant, fault));
    BT_TRY(bt_grant_allowed(caller, catalogue, plan->grant.mask, plan->grant.full_access, fault));
    BT_TRY(decide_terms(request, txn, plan, fault));
    return bt_environment_admits(plan->environment, plan->terms.kind,
                                 plan->terms.expiry.expires_in_ms, plan->expires_ms,
                                 bt_txn_now_ms(txn), fault);
}

static bt_err set_owner(bt_txn *txn, const bt_environment *environment, bt_owner_kind kind,
                        bt_bytes id, uint8_t *ret_ref) {
    uint32_t incarnation;
    BT_TRY(bt_txn_incarnation(txn, environment->id, kind, id, &incarnation));
    bt_owner_ref ref = bt_owner_ref_make(environment->id, kind, id, incarnation);
    memcpy(ret_ref, ref.bytes, sizeof ref.bytes);
    return BT_OK;
}

/* A key that is made for a stopped owner is stopped. */
static bt_err set_owners(bt_key_plan *plan, const bt_create_key_request *request, bt_txn *txn) {
    bt_record *record = &plan->record;
    if (request->user_id.size) {
        record->flags |= BT_RECORD_USER;
        BT_TRY(
            set_owner(txn, plan->environment, BT_OWNER_USER, request->user_id, record->user_ref));
    }
    if (request->org_id.size) {
        record->flags |= BT_RECORD_ORG;
        BT_TRY(set_owner(txn, plan->environment, BT_OWNER_ORG, request->org_id, record->org_ref));
    }
    return BT_OK;
}

static void fill_narrow(bt_key_plan *plan) {
    const bt_narrow *narrow = &plan->terms.narrow;
    if (narrow->selectors_count + narrow->networks_count == 0) return;
    plan->narrow_size = bt_narrow_encode(narrow, plan->narrow_row);
    plan->record.flags |= BT_RECORD_NARROW;
}

static bt_err fill_record(bt_key_plan *plan, const bt_create_key_request *request, bt_txn *txn) {
    plan->record = (bt_record){
        .mask = plan->grant.mask,
        .version = BT_RECORD_VERSION,
        .kind = (uint8_t)plan->terms.kind,
        .flags = plan->grant.full_access ? BT_RECORD_FULL_ACCESS : 0,
        .environment = plan->environment->id,
        .created_ms = bt_txn_now_ms(txn),
        .expires_ms = plan->expires_ms,
        .not_before_ms = request->not_before_ms,
    };
    return set_owners(plan, request, txn);
}

static void fill_detail(bt_key_plan *plan, const bt_create_key_request *request,
                        const bt_caller *caller) {
    const bt_preset *preset = plan->grant.preset;
    snprintf(plan->preset, sizeof plan->preset, "%s", preset ? preset->name : "");
    snprintf(plan->created_by, sizeof plan->created_by, "cli");
    if (!caller->administrator) bt_key_id_format(&caller->key_id, plan->created_by);
    plan->detail = (bt_detail){
        .name = request->name,
        .metadata = request->metadata,
        .labels = plan->labels.list,
        .labels_count = plan->labels.count,
        .user_id = request->user_id,
        .org_id = request->org_id,
        .preset = bt_bytes_text(plan->preset),
        .preset_version = preset ? preset->version : 0,
        .created_by = bt_bytes_text(plan->created_by),
    };
}

bt_err bt_key_plan_make(const bt_create_key_request *request, const bt_caller *caller, bt_txn *txn,
                        bt_key_plan *ret_plan, bt_fault *fault) {
    bt_key_plan *plan = ret_plan;
    plan->narrow_size = 0;
    BT_TRY(decide_plan(request, caller, txn, plan, fault));
    BT_TRY(bt_template_label(bt_txn_catalogue(txn), plan->grant.preset, request->labels,
                             request->labels_count, &plan->labels, fault));
    BT_TRY(fill_record(plan, request, txn));
    fill_narrow(plan);
    fill_detail(plan, request, caller);
    return BT_OK;
}
