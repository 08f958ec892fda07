#include "store/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/detail.h"
#include "store/rows.h"

typedef struct inspection {
    bt_snapshot *snapshot;
    bt_verify_report report;
    uint64_t expected_owned, expected_narrow;
    uint8_t block[BT_DETAIL_ARENA];
} inspection;

static void problem(inspection *in, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void problem(inspection *in, const char *format, ...) {
    if (in->report.problems++ > 0) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(in->report.first, sizeof in->report.first, format, arguments);
    va_end(arguments);
}

static bt_err expect_owned(inspection *in, const uint8_t owner[BT_REF_SIZE], const bt_key_id *id,
                           const char *text) {
    bt_key_id found;
    bt_err err = bt_snapshot_seek_owned(in->snapshot, owner, id, &found);
    in->expected_owned++;
    if (err && err != BT_ERR_NOT_FOUND) return err;
    if (err || memcmp(&found, id, sizeof found) != 0)
        problem(in, "key %s: is missing from the index by owner", text);
    return BT_OK;
}

static bt_err expect_narrow(inspection *in, const bt_key_id *id, const char *text) {
    bt_bytes row;
    bt_err err = bt_snapshot_narrow(in->snapshot, id, &row);
    in->expected_narrow++;
    if (err == BT_ERR_NOT_FOUND) problem(in, "key %s: what narrows it is missing", text);
    return err == BT_ERR_NOT_FOUND ? BT_OK : err;
}

static bt_err check_record(inspection *in, const bt_record *record, const bt_key_id *id,
                           const char *text) {
    if (memcmp(&record->key_id, id, sizeof *id) != 0) {
        problem(in, "key %s: its record is that of another key", text);
        return BT_OK;
    }
    if (!bt_environment_by_id(bt_snapshot_environments(in->snapshot), record->environment))
        problem(in, "key %s: there is no environment %u", text, record->environment);
    if (record->flags & BT_RECORD_NARROW) BT_TRY(expect_narrow(in, id, text));
    bool user = record->flags & BT_RECORD_USER, org = record->flags & BT_RECORD_ORG;
    if (user) BT_TRY(expect_owned(in, record->user_ref, id, text));
    bool same = user && org && memcmp(record->user_ref, record->org_ref, BT_REF_SIZE) == 0;
    return org && !same ? expect_owned(in, record->org_ref, id, text) : BT_OK;
}

static bt_err check_key(inspection *in, const bt_key_id *id, bt_bytes row) {
    char text[BT_KEY_ID_TEXT_SIZE];
    bt_key_id_format(id, text);
    bt_arena arena;
    bt_arena_init(&arena, in->block, sizeof in->block);
    bt_detail detail;
    in->report.keys++;
    if (bt_detail_decode(row, &arena, &detail)) {
        problem(in, "key %s: its detail is damaged", text);
        return BT_OK;
    }
    const bt_record *record;
    bt_err err = bt_snapshot_record_at(in->snapshot, detail.record_key, &record);
    if (!err) return check_record(in, record, id, text);
    problem(in, "key %s: its record is %s", text, err == BT_ERR_NOT_FOUND ? "missing" : "damaged");
    return BT_OK;
}

static bt_err check_keys(inspection *in) {
    bt_key_id id = {0};
    bt_err err = BT_OK;
    for (bool more = true; !err && more; more = bt_key_id_next(&id)) {
        bt_bytes row;
        err = bt_snapshot_seek(in->snapshot, &id, &id, &row);
        if (!err) err = check_key(in, &id, row);
    }
    return err == BT_ERR_NOT_FOUND ? BT_OK : err;
}

/* Each key has accounted for its own rows; more than those belong to no key. */
static bt_err check_counts(inspection *in) {
    uint64_t records, owned, narrow;
    BT_TRY(bt_snapshot_count(in->snapshot, BT_TABLE_RECORD, &records));
    BT_TRY(bt_snapshot_count(in->snapshot, BT_TABLE_OWNER, &owned));
    BT_TRY(bt_snapshot_count(in->snapshot, BT_TABLE_NARROW, &narrow));
    in->report.owned = owned;
    if (records != in->report.keys)
        problem(in, "%llu records for %llu keys", (unsigned long long)records,
                (unsigned long long)in->report.keys);
    if (owned != in->expected_owned)
        problem(in, "%llu rows in the index by owner where %llu belong", (unsigned long long)owned,
                (unsigned long long)in->expected_owned);
    if (narrow != in->expected_narrow)
        problem(in, "%llu rows that narrow a key where %llu belong", (unsigned long long)narrow,
                (unsigned long long)in->expected_narrow);
    return BT_OK;
}

bt_err bt_snapshot_verify(bt_snapshot *snapshot, bt_verify_report *ret_report) {
    inspection *in = calloc(1, sizeof *in);
    if (!in) return BT_ERR_EXHAUSTED;
    in->snapshot = snapshot;
    const bt_head *head = bt_snapshot_head(snapshot);
    memcpy(in->report.store_id, head->store_id, sizeof in->report.store_id);
    in->report.revision = head->revision;
    bt_err err = check_keys(in);
    if (!err) err = check_counts(in);
    if (!err) *ret_report = in->report;
    free(in);
    return err;
}

bt_err bt_store_verify(bt_store *store, bt_verify_report *ret_report, bt_fault *fault) {
    bt_snapshot *snapshot;
    BT_TRY(bt_snapshot_open(store, &snapshot, fault));
    bt_err err = bt_snapshot_renew(snapshot);
    if (!err) err = bt_snapshot_verify(snapshot, ret_report);
    bt_snapshot_close(snapshot);
    if (!err) return BT_OK;
    return bt_fail(fault, err, "store %s: cannot be read; restore a backup",
                   bt_store_directory(store));
}
