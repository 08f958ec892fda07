#include "service/read_keys.h"

#include "service/text.h"
#include "store/stops.h"

void bt_key_rows_describe(const bt_snapshot *snapshot, const bt_key_rows *rows, int64_t now_ms,
                          bt_key *ret_key) {
    const bt_environment *environment =
        bt_environment_by_id(bt_snapshot_environments(snapshot), rows->record->environment);
    bt_key_describe(rows, environment, bt_snapshot_catalogue(snapshot), now_ms, ret_key);
}

/* Where the record is flagged so. */
static bt_err read_narrow(bt_snapshot *snapshot, bt_key_rows *rows) {
    rows->narrow = (bt_bytes){0};
    if (!(rows->record->flags & BT_RECORD_NARROW)) return BT_OK;
    return bt_snapshot_narrow(snapshot, &rows->record->key_id, &rows->narrow);
}

static bt_err read_stops(bt_snapshot *snapshot, bt_key_rows *rows) {
    uint32_t stopped;
    const bt_environment *environment =
        bt_environment_by_id(bt_snapshot_environments(snapshot), rows->record->environment);
    BT_TRY(bt_snapshot_stopped(snapshot, rows->record, &stopped));
    stopped &= bt_key_owners(rows->record, environment);
    rows->owner_stopped = stopped != 0;
    return bt_snapshot_deleted(snapshot, rows->record, stopped, &rows->owner_deleted_ms);
}

bt_err bt_key_rows_read(bt_snapshot *snapshot, const bt_key_id *id, bt_bytes row, bt_arena *arena,
                        bt_key_rows *ret_rows, bt_fault *fault) {
    bt_key_rows rows = {.record = NULL};
    bt_err err = bt_detail_decode(row, arena, &rows.detail);
    if (!err) err = bt_snapshot_record_at(snapshot, rows.detail.record_key, &rows.record);
    if (!err && memcmp(&rows.record->key_id, id, sizeof *id) != 0) err = BT_ERR_INTERNAL;
    if (!err) err = read_narrow(snapshot, &rows);
    if (!err) err = read_stops(snapshot, &rows);
    if (err) {
        bt_key_damaged(id, fault);
        return BT_ERR_INTERNAL;
    }
    *ret_rows = rows;
    return BT_OK;
}

bt_err bt_service_get_key(bt_session *session, const bt_caller *caller, bt_bytes key_id,
                          bt_arena *arena, bt_key *ret_key, bt_fault *fault) {
    bt_key_id id;
    bt_bytes row;
    bt_key_rows rows = {.record = NULL};
    BT_TRY(bt_text_key_id(key_id, &id, fault));
    bt_err err = bt_snapshot_detail(session->snapshot, &id, &row);
    if (err == BT_ERR_NOT_FOUND) return bt_key_not_found(&id, bt_caller_view(caller), fault);
    if (err) return bt_key_damaged(&id, fault);
    BT_TRY(bt_key_rows_read(session->snapshot, &id, row, arena, &rows, fault));
    if (!bt_caller_sees(caller, rows.record->environment))
        return bt_key_not_found(&id, bt_caller_view(caller), fault);
    bt_key_rows_describe(session->snapshot, &rows, bt_clock_ms(), ret_key);
    return BT_OK;
}

bt_err bt_service_key_of(bt_session *session, const bt_answer *answer, bt_arena *arena,
                         bt_key *ret_key, bt_fault *fault) {
    bt_bytes row;
    bt_key_rows rows = {.record = answer->record, .owner_deleted_ms = BT_NEVER_MS};
    bt_err err = bt_check_detail(session->snapshot, answer, &row);
    if (!err) err = bt_detail_decode(row, arena, &rows.detail);
    if (!err) err = read_narrow(session->snapshot, &rows);
    if (err) return bt_key_damaged(&answer->record->key_id, fault);
    bt_key_rows_describe(session->snapshot, &rows, bt_clock_ms(), ret_key);
    return BT_OK;
}
