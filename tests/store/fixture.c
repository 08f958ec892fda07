#include "fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/verify.h"

void fixture_make(data_home *fixture) {
    *fixture = (data_home){0};
    const char *parent = getenv("TMPDIR");
    snprintf(fixture->base, sizeof fixture->base, "%s/bitting-test-XXXXXX",
             parent ? parent : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(fixture->base));
    int size =
        snprintf(fixture->directory, sizeof fixture->directory, "%.400s/data", fixture->base);
    ck_assert_int_lt(size, FIXTURE_PATH_SIZE);
}

void fixture_open(data_home *fixture, size_t map_size) {
    bt_fault fault = {0};
    bt_store_options options = {
        .directory = fixture->directory, .mode = BT_STORE_CREATE, .map_size = map_size};
    bt_err err = bt_store_open(&options, &fixture->store, &fault);
    ck_assert_msg(err == BT_OK, "%s", fault.text);
    err = bt_snapshot_open(fixture->store, &fixture->snapshot, &fault);
    ck_assert_msg(err == BT_OK, "%s", fault.text);
}

bt_err fixture_try(data_home *fixture, bt_store_mode mode, bt_fault *fault) {
    bt_store_options options = {.directory = fixture->directory, .mode = mode};
    *fault = (bt_fault){0};
    return bt_store_open(&options, &fixture->store, fault);
}

void fixture_close(data_home *fixture) {
    fixture->snapshot = bt_snapshot_close(fixture->snapshot);
    fixture->store = bt_store_close(fixture->store);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void fixture_remove(data_home *fixture) {
    fixture_close(fixture);
    nftw(fixture->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* SplitMix64: numbers that look random, the same in every run. */
static uint64_t mix(uint64_t n) {
    n += UINT64_C(0x9E3779B97F4A7C15);
    n = (n ^ n >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    n = (n ^ n >> 27) * UINT64_C(0x94D049BB133111EB);
    return n ^ n >> 31;
}

static void set_owners(bt_record *record, uint64_t n) {
    if (n % 3 == 0) {
        record->flags |= BT_RECORD_USER;
        memset(record->user_ref, (int)('u' + n % 7), sizeof record->user_ref);
    }
    if (n % 3 <= 1) {
        record->flags |= BT_RECORD_ORG;
        memset(record->org_ref, (int)('A' + n % 7), sizeof record->org_ref);
    }
}

void sample_make(uint64_t n, sample *ret_sample) {
    memset(ret_sample, 0, sizeof *ret_sample);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t word = mix(n * 4 + i);
        memcpy(ret_sample->digest.bytes + 8 * i, &word, sizeof word);
    }
    ret_sample->slot = bt_digest_slot(&ret_sample->digest);
    bt_record *record = &ret_sample->record;
    record->version = BT_RECORD_VERSION;
    record->kind = BT_KIND_BACKEND;
    record->environment = 1;
    record->mask = n;
    record->expires_ms = BT_NEVER_MS;
    bt_record_set_digest(record, &ret_sample->digest);
    for (unsigned i = 0; i < 8; i++) record->key_id.bytes[i] = (uint8_t)(n >> (56 - 8 * i));
    memcpy(record->key_id.bytes + 8, ret_sample->digest.bytes + 8, 8);
    set_owners(record, n);
    snprintf(ret_sample->name, sizeof ret_sample->name, "key %llu", (unsigned long long)n);
    ret_sample->detail =
        (bt_detail){.record_key = ret_sample->slot, .name = bt_bytes_text(ret_sample->name)};
}

static bt_err apply(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)fault;
    sample_change *self = (sample_change *)change;
    sample key;
    sample_make(self->n, &key);
    if (self->action == SAMPLE_CREATE)
        return bt_txn_insert_key(txn, key.slot, &key.record, &key.detail);
    if (self->action == SAMPLE_DELETE) return bt_txn_delete_key(txn, key.slot, &key.record.key_id);
    key.record.flags |= BT_RECORD_REVOKED;
    key.detail.revoked_ms = 1;
    return bt_txn_update_key(txn, &key.record, &key.detail);
}

static void done(bt_change *change) {
    sem_t *posted = ((sample_change *)change)->posted;
    if (posted) sem_post(posted);
}

sample_change sample_change_of(sample_action action, uint64_t n, sem_t *posted) {
    return (sample_change){
        .change = {.apply = apply, .done = done, .deadline_ms = BT_NEVER_MS},
        .action = action,
        .n = n,
        .posted = posted,
    };
}

bt_err sample_apply(bt_store *store, sample_action action, uint64_t n) {
    sample_change change = sample_change_of(action, n, NULL);
    return bt_store_change(store, &change.change);
}

void fixture_fill(data_home *fixture, uint64_t from, size_t count) {
    sample_change *list = calloc(count, sizeof *list);
    bt_writer *writer = NULL;
    ck_assert_int_eq(bt_writer_start(fixture->store, count, &writer, NULL), BT_OK);
    for (size_t i = 0; i < count; i++) {
        list[i] = sample_change_of(SAMPLE_CREATE, from + i, NULL);
        ck_assert_int_eq(bt_writer_submit(writer, &list[i].change), BT_OK);
    }
    bt_writer_stop(writer);
    for (size_t i = 0; i < count; i++) ck_assert_int_eq(list[i].change.fault.err, BT_OK);
    free(list);
}

static bool in_index(bt_snapshot *snapshot, const uint8_t *owner, const bt_key_id *id) {
    bt_key_id found;
    return bt_snapshot_seek_owned(snapshot, owner, id, &found) == BT_OK &&
           memcmp(&found, id, sizeof found) == 0;
}

bool sample_is_there(bt_snapshot *snapshot, uint64_t n, bool *ret_revoked) {
    sample key;
    sample_make(n, &key);
    ck_assert_int_eq(bt_snapshot_renew(snapshot), BT_OK);
    const bt_record *record = NULL;
    bt_bytes row;
    ck_assert_int_eq(bt_snapshot_record(snapshot, &key.digest, &record), BT_OK);
    bt_err err = bt_snapshot_detail(snapshot, &key.record.key_id, &row);
    ck_assert_int_eq(err, record ? BT_OK : BT_ERR_NOT_FOUND);
    if (key.record.flags & BT_RECORD_USER)
        ck_assert_int_eq(record != NULL,
                         in_index(snapshot, key.record.user_ref, &key.record.key_id));
    if (key.record.flags & BT_RECORD_ORG)
        ck_assert_int_eq(record != NULL,
                         in_index(snapshot, key.record.org_ref, &key.record.key_id));
    if (record) ck_assert_uint_eq(record->mask, n);
    if (ret_revoked) *ret_revoked = record && record->flags & BT_RECORD_REVOKED;
    bool there = record != NULL;
    bt_snapshot_reset(snapshot);
    return there;
}

uint64_t fixture_verify(data_home *fixture) {
    bt_verify_report report = {0};
    ck_assert_int_eq(bt_snapshot_renew(fixture->snapshot), BT_OK);
    ck_assert_int_eq(bt_snapshot_verify(fixture->snapshot, &report), BT_OK);
    bt_snapshot_reset(fixture->snapshot);
    ck_assert_msg(report.problems == 0, "%llu problems, the first: %s",
                  (unsigned long long)report.problems, report.first);
    return report.keys;
}
