#include "check/check.h"

/* What the program that reads cannot decide, it must not guess. */
static bt_err refuse_unknown_features(const bt_snapshot *snapshot, const bt_record *record) {
    bool owned = record->flags & (BT_RECORD_USER | BT_RECORD_ORG);
    bool owners = bt_snapshot_head(snapshot)->flags & BT_HEAD_STOPPED_OWNERS;
    if (record->flags & BT_RECORD_NARROW) return BT_ERR_UNAVAILABLE;
    return owned && owners ? BT_ERR_UNAVAILABLE : BT_OK;
}

static bt_err find(bt_snapshot *snapshot, const bt_pepper *pepper, bt_bytes token,
                   const bt_environment *environment, bt_finding *finding, uint64_t *ret_slot) {
    bt_bytes prefix;
    finding->malformed = !bt_token_parse(token, &prefix);
    if (finding->malformed) return BT_OK;
    const bt_environment *owner =
        bt_environment_by_prefix(bt_snapshot_environments(snapshot), prefix);
    finding->malformed = !owner;
    if (owner != environment) return BT_OK;
    bt_digest digest = bt_digest_token(pepper, bt_bytes_text(environment->name), token);
    BT_TRY(bt_snapshot_record(snapshot, &digest, &finding->record));
    if (!finding->record) return BT_OK;
    *ret_slot = bt_digest_slot(&digest);
    if (finding->record->environment != environment->id) return BT_ERR_INTERNAL;
    return refuse_unknown_features(snapshot, finding->record);
}

bt_err bt_check_token(bt_snapshot *snapshot, const bt_pepper *pepper, bt_bytes credential,
                      const bt_environment *environment, const bt_question *question,
                      bt_answer *ret_answer) {
    const bt_head *head = bt_snapshot_head(snapshot);
    bt_finding finding = {.live = head->live};
    uint64_t slot = 0;
    BT_TRY(find(snapshot, pepper, bt_token_strip_bearer(credential), environment, &finding, &slot));
    bt_verdict verdict = bt_decide(&finding, question);
    bool counted = finding.record && finding.record->flags & BT_RECORD_RATE_LIMITED;
    if (counted && verdict.reason == BT_REASON_ALLOWED) return BT_ERR_UNIMPLEMENTED;
    *ret_answer = (bt_answer){
        .verdict = verdict, .record = finding.record, .slot = slot, .revision = head->revision};
    return BT_OK;
}

const bt_environment *bt_check_environment(const bt_snapshot *snapshot, bt_bytes credential) {
    bt_bytes prefix;
    if (!bt_token_parse(bt_token_strip_bearer(credential), &prefix)) return NULL;
    return bt_environment_by_prefix(bt_snapshot_environments(snapshot), prefix);
}
