#include "service/purge_keys.h"

#include "service/read_keys.h"
#include "store/stops.h"

/* Rows that one step looks at, and keys that one transaction deletes at most. */
#define STEP 256u

/* When it ended; BT_NEVER_MS: it has not. */
static int64_t ended_ms(const bt_record *record, const bt_detail *detail, int64_t deleted_ms) {
    int64_t first_ms = record->expires_ms < deleted_ms ? record->expires_ms : deleted_ms;
    bool revoked = record->flags & BT_RECORD_REVOKED;
    return revoked && detail->revoked_ms < first_ms ? detail->revoked_ms : first_ms;
}

typedef struct purge_step {
    bt_change change;
    int64_t before_ms;
    size_t count;
    bt_key_id ids[STEP];
    uint64_t purged;
    uint8_t block[BT_DETAIL_ARENA];
} purge_step;

static bt_err read_deletion(bt_txn *txn, const bt_record *record, int64_t *ret_deleted_ms) {
    const bt_environment *environment =
        bt_environment_by_id(bt_txn_environments(txn), record->environment);
    return bt_txn_deleted(txn, record, bt_key_owners(record, environment), ret_deleted_ms);
}

/* A key that was changed since it was looked at is judged again. */
static bt_err purge_one(purge_step *step, const bt_key_id *id, bt_txn *txn) {
    bt_arena arena;
    bt_bytes row;
    bt_detail detail;
    const bt_record *record;
    int64_t deleted_ms = BT_NEVER_MS;
    bt_arena_init(&arena, step->block, sizeof step->block);
    bt_err err = bt_txn_detail(txn, id, &row);
    if (err == BT_ERR_NOT_FOUND) return BT_OK;
    if (!err) err = bt_detail_decode(row, &arena, &detail);
    if (!err) err = bt_txn_record_at(txn, detail.record_key, &record);
    if (!err) err = read_deletion(txn, record, &deleted_ms);
    if (err) return err;
    if (ended_ms(record, &detail, deleted_ms) >= step->before_ms) return BT_OK;
    step->purged++;
    return bt_txn_delete_key(txn, detail.record_key, id);
}

static bt_err apply(bt_change *change, bt_txn *txn, bt_fault *fault) {
    purge_step *step = (purge_step *)change;
    step->purged = 0;
    for (size_t i = 0; i < step->count; i++) {
        bt_err err = purge_one(step, &step->ids[i], txn);
        if (err) return bt_fail(fault, err, "a key's rows cannot be read or deleted");
    }
    return BT_OK;
}

/* Looks at the next rows from `from` on. False: there are no more. */
static bt_err collect(bt_session *session, purge_step *step, bt_key_id *from, bool *ret_more,
                      bt_purge_report *report, bt_fault *fault) {
    bt_snapshot *snapshot = session->snapshot;
    step->count = 0;
    *ret_more = true;
    if (bt_snapshot_renew(snapshot))
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "the store cannot be read");
    for (unsigned rows = 0; rows < STEP && *ret_more; rows++) {
        bt_arena arena;
        bt_key_id id;
        bt_bytes row;
        bt_key_rows key;
        bt_arena_init(&arena, step->block, sizeof step->block);
        bt_err err = bt_snapshot_seek(snapshot, from, &id, &row);
        if (err == BT_ERR_NOT_FOUND) *ret_more = false;
        if (err) return err == BT_ERR_NOT_FOUND ? BT_OK : bt_key_damaged(from, fault);
        BT_TRY(bt_key_rows_read(snapshot, &id, row, &arena, &key, fault));
        report->looked_at++;
        if (ended_ms(key.record, &key.detail, key.owner_deleted_ms) < step->before_ms)
            step->ids[step->count++] = id;
        *from = id;
        *ret_more = bt_key_id_next(from);
    }
    return BT_OK;
}

static bt_err purge_all(bt_session *session, purge_step *step, bool dry_run,
                        bt_purge_report *report, bt_fault *fault) {
    bt_key_id from = {{0}};
    for (bool more = true; more;) {
        BT_TRY(collect(session, step, &from, &more, report, fault));
        bt_snapshot_reset(session->snapshot);
        if (dry_run) report->purged += step->count;
        if (dry_run || step->count == 0) continue;
        step->change = (bt_change){.apply = apply, .deadline_ms = BT_NEVER_MS};
        bt_err err = bt_store_change(session->service->store, &step->change);
        if (err) *fault = step->change.fault;
        if (err) return err;
        report->purged += step->purged;
    }
    return BT_OK;
}

bt_err bt_purge_keys(bt_session *session, int64_t before_ms, bool dry_run,
                     bt_purge_report *ret_report, bt_fault *fault) {
    static purge_step step; /* too large for a stack; one purge a process */
    bt_purge_report report = {.looked_at = 0};
    step.before_ms = before_ms;
    BT_TRY(purge_all(session, &step, dry_run, &report, fault));
    *ret_report = report;
    return BT_OK;
}
