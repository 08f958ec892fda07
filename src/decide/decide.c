#include "decide/decide.h"

uint64_t bt_decide_held(const bt_record *record, uint64_t live) {
    return (record->flags & BT_RECORD_FULL_ACCESS ? live : record->mask) & live;
}

uint32_t bt_decide_owners(const bt_record *record, bool org_keys_stop_with_creator) {
    const uint32_t maker = BT_STOPPED_USER | BT_STOPPED_MEMBERSHIP;
    switch ((bt_kind)record->kind) {
    case BT_KIND_GENERIC:
        return 0;
    case BT_KIND_ORG:
        return BT_STOPPED_ORG | (org_keys_stop_with_creator ? maker : 0);
    case BT_KIND_BACKEND:
    case BT_KIND_PERSONAL:
        break;
    }
    return BT_STOPPED_ORG | maker;
}

bool bt_decide_owner_stops(const bt_record *record, uint32_t stopped,
                           bool org_keys_stop_with_creator) {
    return stopped & bt_decide_owners(record, org_keys_stop_with_creator);
}

static bool kind_accepted(const bt_record *record, uint32_t accepted) {
    return accepted == 0 || (accepted >> record->kind & 1);
}

static bool address_allowed(const bt_finding *finding, const bt_question *question) {
    return !(finding->record->flags & BT_RECORD_NARROW) ||
           bt_narrow_allows_address(finding->narrow, &question->client);
}

/* Validate names no resource and is about the credential alone. */
static bool resource_allowed(const bt_finding *finding, const bt_question *question) {
    bool acts = question->acts || question->needed || question->also_count;
    return !acts || !(finding->record->flags & BT_RECORD_NARROW) ||
           bt_narrow_allows_resource(finding->narrow, question->resource);
}

/* The first thing wrong with the credential itself, or BT_REASON_ALLOWED. */
static bt_reason judge_credential(const bt_finding *finding, const bt_question *question) {
    const bt_record *record = finding->record;
    if (finding->malformed) return BT_REASON_MALFORMED_TOKEN;
    if (!record) return BT_REASON_UNKNOWN_KEY;
    if (record->flags & BT_RECORD_REVOKED) return BT_REASON_REVOKED;
    if (record->flags & BT_RECORD_DISABLED) return BT_REASON_DISABLED;
    if (question->now_ms >= record->expires_ms) return BT_REASON_EXPIRED;
    if (question->now_ms < record->not_before_ms) return BT_REASON_NOT_YET_VALID;
    if (bt_decide_owner_stops(record, finding->stopped, finding->org_keys_stop_with_creator))
        return BT_REASON_OWNER_STOPPED;
    if (!kind_accepted(record, question->accepted_kinds)) return BT_REASON_WRONG_KIND;
    if (!address_allowed(finding, question)) return BT_REASON_ADDRESS_NOT_ALLOWED;
    return BT_REASON_ALLOWED;
}

/* What is needed and not held; 0 where that is enough. */
static uint64_t lacks(uint64_t held, const bt_question *question) {
    uint64_t missing = question->needed & ~held;
    if (question->any && missing != question->needed) missing = 0;
    for (size_t i = 0; i < question->also_count; i++)
        if (!(question->also[i] & held)) missing |= question->also[i];
    return missing;
}

static bt_verdict deny_scope(bt_verdict verdict, bt_layer layer, uint64_t missing) {
    verdict.reason = BT_REASON_MISSING_SCOPE;
    verdict.layer = layer;
    verdict.missing = missing;
    return verdict;
}

bt_verdict bt_decide(const bt_finding *finding, const bt_question *question) {
    bt_verdict verdict = {.reason = judge_credential(finding, question)};
    if (verdict.reason != BT_REASON_ALLOWED) return verdict;
    verdict.held = bt_decide_held(finding->record, finding->live);
    uint64_t missing = lacks(verdict.held, question);
    if (missing) return deny_scope(verdict, BT_LAYER_KEY, missing);
    if (question->has_requested) missing = lacks(verdict.held & question->requested, question);
    if (missing) return deny_scope(verdict, BT_LAYER_REQUESTED, missing);
    if (!resource_allowed(finding, question)) verdict.reason = BT_REASON_RESOURCE_NOT_GRANTED;
    return verdict;
}

const char *bt_reason_name(bt_reason reason) {
    static const char *const names[] = {
        "UNSPECIFIED",
        "ALLOWED",
        "MALFORMED_TOKEN",
        "UNKNOWN_KEY",
        "REVOKED",
        "DISABLED",
        "EXPIRED",
        "NOT_YET_VALID",
        "OWNER_STOPPED",
        "WRONG_KIND",
        "ADDRESS_NOT_ALLOWED",
        "MISSING_SCOPE",
        "RESOURCE_NOT_GRANTED",
        "RATE_LIMITED",
    };
    return (unsigned)reason < sizeof names / sizeof *names ? names[reason] : names[0];
}
