#include "decide/decide.h"

uint64_t bt_decide_held(const bt_record *record, uint64_t live) {
    return (record->flags & BT_RECORD_FULL_ACCESS ? live : record->mask) & live;
}

static bool kind_accepted(const bt_record *record, uint32_t accepted) {
    return accepted == 0 || (accepted >> record->kind & 1);
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
    if (finding->owner_stopped) return BT_REASON_OWNER_STOPPED;
    if (!kind_accepted(record, question->accepted_kinds)) return BT_REASON_WRONG_KIND;
    return BT_REASON_ALLOWED;
}

bt_verdict bt_decide(const bt_finding *finding, const bt_question *question) {
    bt_verdict verdict = {.reason = judge_credential(finding, question)};
    if (verdict.reason != BT_REASON_ALLOWED) return verdict;
    verdict.held = bt_decide_held(finding->record, finding->live);
    uint64_t missing = question->needed & ~verdict.held;
    bool enough = question->any ? missing != question->needed : missing == 0;
    if (question->needed && !enough) {
        verdict.reason = BT_REASON_MISSING_SCOPE;
        verdict.missing = missing;
    }
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
