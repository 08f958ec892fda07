#include "library/answer.h"

#include <stdlib.h>

#include "library/sized.h"
#include "store/detail.h"

#define SAME(reason) static_assert((int)BITTING_##reason == (int)BT_##reason, "values of enums")
SAME(REASON_ALLOWED);
SAME(REASON_MALFORMED_TOKEN);
SAME(REASON_UNKNOWN_KEY);
SAME(REASON_REVOKED);
SAME(REASON_DISABLED);
SAME(REASON_EXPIRED);
SAME(REASON_NOT_YET_VALID);
SAME(REASON_OWNER_STOPPED);
SAME(REASON_WRONG_KIND);
SAME(REASON_ADDRESS_NOT_ALLOWED);
SAME(REASON_MISSING_SCOPE);
SAME(REASON_RESOURCE_NOT_GRANTED);
SAME(REASON_RATE_LIMITED);
SAME(KIND_BACKEND);
SAME(KIND_PERSONAL);
SAME(KIND_ORG);
SAME(KIND_GENERIC);
SAME(LAYER_KEY);
SAME(LAYER_REQUESTED);
static_assert(BITTING_KEY_ID_SIZE == BT_KEY_ID_TEXT_SIZE, "size of key ids");
static_assert(BITTING_NAME_SIZE == BT_NAME_MAX + 1, "size of names");
static_assert(BITTING_OWNER_ID_SIZE == BT_OWNER_ID_MAX + 1, "size of owners");
static_assert(BITTING_METADATA_SIZE == BT_METADATA_MAX + 1, "size of metadata");

void bt_answer_write(const bt_answer *from, bitting_answer *ret_answer) {
    const bt_verdict *verdict = &from->verdict;
    bitting_answer answer = {.allowed = verdict->reason == BT_REASON_ALLOWED,
                             .reason = (bitting_reason)verdict->reason,
                             .scope_mask = verdict->held,
                             .missing_mask = verdict->missing,
                             .revision = from->revision,
                             .layer = (bitting_layer)verdict->layer};
    if (from->record) {
        bt_key_id_format(&from->record->key_id, answer.key_id);
        if (from->record->expires_ms != BT_NEVER_MS)
            answer.expires_at_ms = from->record->expires_ms;
    }
    bt_sized_write(&answer, sizeof answer, ret_answer);
}

bt_err bt_answer_no_key(bitting_key *key, bt_fault *fault) {
    static const bitting_key none = BITTING_KEY_INIT;
    BT_TRY(bt_sized_check(key, sizeof none, "ret_key", fault));
    /* The texts are empty with their first byte; the rest of 9 KB can stay. */
    key->kind = none.kind;
    key->full_access = false;
    key->created_at_ms = 0;
    key->environment[0] = key->name[0] = key->user_id[0] = key->org_id[0] = key->metadata[0] = 0;
    return BT_OK;
}

static bool copy_texts(const bt_detail *detail, const bt_environment *environment,
                       bitting_key *key) {
    bt_bytes name = bt_bytes_text(environment->name);
    return bt_bytes_copy_text(name, key->environment, sizeof key->environment) &&
           bt_bytes_copy_text(detail->name, key->name, sizeof key->name) &&
           bt_bytes_copy_text(detail->user_id, key->user_id, sizeof key->user_id) &&
           bt_bytes_copy_text(detail->org_id, key->org_id, sizeof key->org_id) &&
           bt_bytes_copy_text(detail->metadata, key->metadata, sizeof key->metadata);
}

static bt_err copy_detail(bt_snapshot *snapshot, const bt_record *record,
                          const bt_environment *environment, void *block, bitting_key *key) {
    bt_arena arena;
    bt_bytes row;
    bt_detail detail;
    bt_arena_init(&arena, block, BT_DETAIL_ARENA);
    BT_TRY(bt_snapshot_detail(snapshot, &record->key_id, &row));
    BT_TRY(bt_detail_decode(row, &arena, &detail));
    return copy_texts(&detail, environment, key) ? BT_OK : BT_ERR_INTERNAL;
}

bt_err bt_answer_write_key(bt_snapshot *snapshot, const bt_answer *answer,
                           const bt_environment *environment, bitting_key *key, bt_fault *fault) {
    const bt_record *record = answer->record;
    void *block = malloc(BT_DETAIL_ARENA);
    if (!block) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory");
    bt_err err = copy_detail(snapshot, record, environment, block, key);
    free(block);
    if (err) {
        (void)bt_answer_no_key(key, NULL);
        return bt_fail(fault, BT_ERR_INTERNAL, "token: the store's rows of this key are damaged");
    }
    key->kind = (bitting_kind)record->kind;
    key->full_access = record->flags & BT_RECORD_FULL_ACCESS;
    key->created_at_ms = record->created_ms;
    return BT_OK;
}
