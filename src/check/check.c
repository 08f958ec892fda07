#include "check/check.h"

#include "key/foreign.h"
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

/* A token of another system, where any were imported; else junk, turned away before any hash. */
static bt_sought seek_foreign(const bt_head *head, const bt_environments *environments,
                              const bt_pepper *pepper, bt_bytes token,
                              const bt_environment *environment) {
    bt_sought sought = {.malformed = true};
    if (!(head->flags & BT_HEAD_IMPORTED_KEYS)) return sought;
    if (!environment || !bt_foreign_ok(environments, token)) return sought;
    if (!bt_foreign_fits(environment, token)) return sought;
    return (bt_sought){.there = true, .foreign = token, .pepper = pepper};
}

static bt_sought parse(const bt_head *head, const bt_environments *environments,
                       const bt_pepper *pepper, bt_bytes credential,
                       const bt_environment *environment, bt_bytes *ret_token) {
    *ret_token = (bt_bytes){0};
    bt_bytes token = bt_token_strip_bearer(credential), prefix;
    if (!bt_token_parse(token, &prefix))
        return seek_foreign(head, environments, pepper, token, environment);
    const bt_environment *owner = bt_environment_by_prefix(environments, prefix);
    if (owner != environment) return (bt_sought){.malformed = !owner};
    *ret_token = token;
    return (bt_sought){.there = true};
}

bt_sought bt_check_parse(const bt_snapshot *snapshot, const bt_pepper *pepper, bt_bytes credential,
                         const bt_environment *environment, bt_bytes *ret_token) {
    return parse(bt_snapshot_head(snapshot), bt_snapshot_environments(snapshot), pepper, credential,
                 environment, ret_token);
}

bt_sought bt_check_seek_in(const bt_head *head, const bt_environments *environments,
                           const bt_pepper *pepper, bt_bytes credential,
                           const bt_environment *environment) {
    bt_bytes token;
    bt_sought sought = parse(head, environments, pepper, credential, environment, &token);
    if (!token.size) return sought;
    sought.digest = bt_digest_token(pepper, bt_bytes_text(environment->name), token);
    sought.slot = bt_digest_slot(&sought.digest);
    return sought;
}

bt_sought bt_check_seek(const bt_snapshot *snapshot, const bt_pepper *pepper, bt_bytes credential,
                        const bt_environment *environment) {
    return bt_check_seek_in(bt_snapshot_head(snapshot), bt_snapshot_environments(snapshot), pepper,
                            credential, environment);
}

/* The first scheme that knows the token. Where none does and one could not be tried, nothing is known. */
static bt_err find_foreign(bt_snapshot *snapshot, const bt_sought *sought,
                           const bt_environment *environment, bt_finding *finding,
                           uint64_t *ret_slot) {
    bt_digest digest;
    unsigned at = 0;
    while (!finding->record &&
           bt_foreign_next(sought->pepper, environment, sought->foreign, &at, &digest)) {
        *ret_slot = bt_digest_slot(&digest);
        BT_TRY(bt_snapshot_record(snapshot, &digest, &finding->record));
    }
    bool lacking = !finding->record && bt_foreign_lacking(environment, sought->foreign);
    return lacking ? BT_ERR_PRECONDITION : BT_OK;
}

/* ret_slot: where a record is found. */
static bt_err find(bt_snapshot *snapshot, const bt_sought *sought,
                   const bt_environment *environment, bt_finding *finding, uint64_t *ret_slot) {
    *ret_slot = sought->slot;
    if (!sought->there) return BT_OK;
    if (sought->foreign.size)
        BT_TRY(find_foreign(snapshot, sought, environment, finding, ret_slot));
    else
        BT_TRY(bt_snapshot_expected(snapshot, sought->row, &sought->digest, &finding->record));
    return finding->record ? find_limits(snapshot, environment, finding) : BT_OK;
}

bt_err bt_check_sought(bt_snapshot *snapshot, const bt_sought *sought,
                       const bt_environment *environment, const bt_question *question,
                       bt_answer *ret_answer) {
    const bt_head *head = bt_snapshot_head(snapshot);
    bt_finding finding = {.live = head->live, .malformed = sought->malformed};
    uint64_t slot;
    BT_TRY(find(snapshot, sought, environment, &finding, &slot));
    bt_verdict verdict = bt_decide(&finding, question);
    bool counted = finding.record && finding.record->flags & BT_RECORD_RATE_LIMITED;
    if (counted && verdict.reason == BT_REASON_ALLOWED) return BT_ERR_UNIMPLEMENTED;
    *ret_answer = (bt_answer){.verdict = verdict,
                              .record = finding.record,
                              .slot = finding.record ? slot : 0,
                              .revision = head->revision};
    if ((const void *)finding.record == sought->row.data) ret_answer->detail = sought->detail;
    return BT_OK;
}

bt_err bt_check_detail(bt_snapshot *snapshot, const bt_answer *answer, bt_bytes *ret_row) {
    if (!answer->detail.data) return bt_snapshot_detail(snapshot, &answer->record->key_id, ret_row);
    *ret_row = answer->detail;
    return BT_OK;
}

bt_err bt_check_token(bt_snapshot *snapshot, const bt_pepper *pepper, bt_bytes credential,
                      const bt_environment *environment, const bt_question *question,
                      bt_answer *ret_answer) {
    bt_sought sought = bt_check_seek(snapshot, pepper, credential, environment);
    return bt_check_sought(snapshot, &sought, environment, question, ret_answer);
}

const bt_environment *bt_check_environment(const bt_snapshot *snapshot, bt_bytes credential) {
    bt_bytes prefix;
    if (!bt_token_parse(bt_token_strip_bearer(credential), &prefix)) return NULL;
    return bt_environment_by_prefix(bt_snapshot_environments(snapshot), prefix);
}
