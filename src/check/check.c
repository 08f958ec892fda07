#include "check/check.h"

#include "store/stops.h"

/* What can deny this key beside its record. */
static bt_err find_limits(bt_snapshot *snapshot, const bt_environment *environment,
                          bt_finding *finding) {
    const bt_record *record = finding->record;
    if (record->environment != environment->id) return BT_ERR_INTERNAL;
    finding->org_keys_stop_with_creator = environment->org_keys_stop_with_creator;
    BT_TRY(bt_snapshot_stopped(snapshot, record, &finding->stopped));
    if (!(record->flags & BT_RECORD_NARROW)) return BT_OK;
    bt_err err = bt_snapshot_narrow(snapshot, &record->key_id, &finding->narrow);
    return err == BT_ERR_NOT_FOUND ? BT_ERR_INTERNAL : err;
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
    return find_limits(snapshot, environment, finding);
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
