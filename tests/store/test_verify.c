/* rooms: store PkgConfig::LMDB */
#include <lmdb.h>
#include <stdio.h>
#include <time.h>

#include "fixture.h"
#include "store/backup.h"
#include "store/verify.h"

#define KEYS 100u

static const char *const tables[] = {"record", "detail", "owner"};

static void make_store(data_home *fixture) {
    fixture_make(fixture);
    fixture_open(fixture, 0);
    fixture_fill(fixture, 0, KEYS);
    fixture_close(fixture);
}

typedef void damage(MDB_txn *txn, MDB_dbi dbi, MDB_cursor *cursor, MDB_val *key, MDB_val *row);

/* Has a row of the closed store damaged: the one numbered `at`. */
static void damage_row(const data_home *fixture, const char *table, unsigned at, damage *how) {
    char path[FIXTURE_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/bitting.mdb", fixture->directory);
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *cursor;
    MDB_val key, row;
    ck_assert_int_eq(mdb_env_create(&env), 0);
    mdb_env_set_maxdbs(env, 16);
    ck_assert_int_eq(mdb_env_open(env, path, MDB_NOSUBDIR, 0600), 0);
    ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
    ck_assert_int_eq(mdb_dbi_open(txn, table, 0, &dbi), 0);
    ck_assert_int_eq(mdb_cursor_open(txn, dbi, &cursor), 0);
    for (unsigned i = 0; i <= at; i++)
        ck_assert_int_eq(mdb_cursor_get(cursor, &key, &row, i ? MDB_NEXT : MDB_FIRST), 0);
    how(txn, dbi, cursor, &key, &row);
    mdb_cursor_close(cursor);
    ck_assert_int_eq(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void remove_row(MDB_txn *txn, MDB_dbi dbi, MDB_cursor *cursor, MDB_val *key, MDB_val *row) {
    (void)txn, (void)dbi, (void)key, (void)row;
    ck_assert_int_eq(mdb_cursor_del(cursor, 0), 0);
}

static void put(MDB_txn *txn, MDB_dbi dbi, const MDB_val *key, uint8_t *bytes, size_t size) {
    uint8_t name[64];
    MDB_val copy = {key->mv_size, name}, value = {size, bytes};
    memcpy(name, key->mv_data, key->mv_size);
    ck_assert_int_eq(mdb_put(txn, dbi, &copy, &value, 0), 0);
}

static void cut_row(MDB_txn *txn, MDB_dbi dbi, MDB_cursor *cursor, MDB_val *key, MDB_val *row) {
    (void)cursor;
    uint8_t bytes[512];
    memcpy(bytes, row->mv_data, row->mv_size);
    put(txn, dbi, key, bytes, row->mv_size - 1);
}

/* The row of another name is added. */
static void copy_row(MDB_txn *txn, MDB_dbi dbi, MDB_cursor *cursor, MDB_val *key, MDB_val *row) {
    (void)cursor;
    uint8_t name[64], bytes[512];
    MDB_val other = {key->mv_size, name};
    memcpy(name, key->mv_data, key->mv_size);
    memcpy(bytes, row->mv_data, row->mv_size);
    name[key->mv_size - 1] ^= 0x55;
    put(txn, dbi, &other, bytes, row->mv_size);
}

static void spoil_version(MDB_txn *txn, MDB_dbi dbi, MDB_cursor *cursor, MDB_val *key,
                          MDB_val *row) {
    (void)cursor;
    uint8_t bytes[BT_RECORD_SIZE];
    memcpy(bytes, row->mv_data, sizeof bytes);
    bytes[offsetof(bt_record, version)] = 9;
    put(txn, dbi, key, bytes, sizeof bytes);
}

static void spoil_environment(MDB_txn *txn, MDB_dbi dbi, MDB_cursor *cursor, MDB_val *key,
                              MDB_val *row) {
    (void)cursor;
    uint8_t bytes[BT_RECORD_SIZE];
    memcpy(bytes, row->mv_data, sizeof bytes);
    bytes[offsetof(bt_record, environment)] = 9;
    put(txn, dbi, key, bytes, sizeof bytes);
}

static void flag_narrow(MDB_txn *txn, MDB_dbi dbi, MDB_cursor *cursor, MDB_val *key, MDB_val *row) {
    (void)cursor;
    uint8_t bytes[BT_RECORD_SIZE];
    memcpy(bytes, row->mv_data, sizeof bytes);
    bytes[offsetof(bt_record, flags)] |= BT_RECORD_NARROW;
    put(txn, dbi, key, bytes, sizeof bytes);
}

static void found(const char *table, damage *how, const char *words) {
    for (unsigned at = 0; at < KEYS; at += 13) {
        data_home fixture;
        make_store(&fixture);
        damage_row(&fixture, table, at, how);
        bt_fault fault;
        bt_verify_report report;
        ck_assert_int_eq(fixture_try(&fixture, BT_STORE_READ, &fault), BT_OK);
        ck_assert_int_eq(bt_store_verify(fixture.store, &report, &fault), BT_OK);
        ck_assert_uint_ge(report.problems, 1);
        ck_assert_msg(strstr(report.first, words) != NULL, "'%s' says nothing of '%s'",
                      report.first, words);
        fixture_remove(&fixture);
    }
}

START_TEST(a_row_that_is_missing_or_wrong_is_not_found) {
    found("record", remove_row, "its record is missing");
    found("detail", remove_row, "99 keys");
    found("owner", remove_row, "missing from the index by owner");
    found("record", cut_row, "its record is damaged");
    found("detail", cut_row, "its detail is damaged");
    found("record", copy_row, "101 records for 100 keys");
    found("detail", copy_row, "is that of another key");
    found("owner", copy_row, "rows in the index by owner");
    found("record", spoil_version, "its record is damaged");
    found("record", flag_narrow, "what narrows it is missing");
    found("record", spoil_environment, "there is no environment 9");
}
END_TEST

static uint64_t seed;

static uint64_t draw(uint64_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static void scramble(MDB_txn *txn, MDB_dbi dbi, MDB_cursor *cursor, MDB_val *key, MDB_val *row) {
    (void)cursor;
    uint8_t bytes[512] = {0};
    memcpy(bytes, row->mv_data, row->mv_size);
    size_t size = draw(4) ? row->mv_size : draw(300);
    for (uint64_t i = draw(6); i > 0; i--) bytes[draw(300)] ^= (uint8_t)(1u << draw(8));
    put(txn, dbi, key, bytes, size);
}

/* Reads all that there is to read, of every key. An error is right or wrong; a crash is wrong. */
static void read_everything(data_home *fixture) {
    static uint8_t block[BT_DETAIL_ARENA];
    ck_assert_int_eq(bt_snapshot_renew(fixture->snapshot), BT_OK);
    for (uint64_t n = 0; n < KEYS; n++) {
        sample key;
        sample_make(n, &key);
        const bt_record *record = NULL;
        bt_err err = bt_snapshot_record(fixture->snapshot, &key.digest, &record);
        ck_assert(err == BT_OK || err == BT_ERR_INTERNAL);
        if (!err && record) ck_assert_mem_eq(record->digest_rest, key.record.digest_rest, 24);
        bt_bytes row;
        bt_detail detail;
        bt_arena arena;
        bt_arena_init(&arena, block, sizeof block);
        err = bt_snapshot_detail(fixture->snapshot, &key.record.key_id, &row);
        if (!err) err = bt_detail_decode(row, &arena, &detail);
        ck_assert(err == BT_OK || err == BT_ERR_INTERNAL);
    }
    bt_verify_report report;
    ck_assert_int_eq(bt_snapshot_verify(fixture->snapshot, &report), BT_OK);
    bt_snapshot_reset(fixture->snapshot);
}

START_TEST(a_damaged_row_is_a_crash_or_a_key_that_it_is_not) {
    const char *given = getenv("BITTING_SEED");
    seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2654435761u | 1;
    printf("BITTING_SEED=%llu\n", (unsigned long long)seed);
    fflush(stdout);
    data_home fixture;
    make_store(&fixture);
    for (int i = 0; i < 300; i++) {
        const char *table = tables[draw(2)];
        damage_row(&fixture, table, (unsigned)draw(KEYS), scramble);
        if (i % 10) continue;
        fixture_open(&fixture, 0);
        read_everything(&fixture);
        fixture_close(&fixture);
    }
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_backup_lacks_keys_or_cannot_be_opened) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    fixture_fill(&fixture, 0, 3000);
    char path[FIXTURE_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/backup", fixture.base);
    bt_fault fault;
    ck_assert_int_eq(bt_store_backup(fixture.store, path, &fault), BT_OK);
    fixture_fill(&fixture, 5000, 100);
    ck_assert_int_eq(bt_store_backup(fixture.store, path, &fault), BT_OK); /* in its place */
    fixture_fill(&fixture, 6000, 100);
    fixture_close(&fixture);

    char store[FIXTURE_PATH_SIZE + 16];
    snprintf(store, sizeof store, "%s/bitting.mdb", fixture.directory);
    ck_assert_int_eq(rename(path, store), 0);
    fixture_open(&fixture, 0);
    ck_assert_uint_eq(fixture_verify(&fixture), 3100);
    ck_assert(sample_is_there(fixture.snapshot, 5099, NULL));
    ck_assert(!sample_is_there(fixture.snapshot, 6000, NULL));
    fixture_fill(&fixture, 7000, 100);
    ck_assert_uint_eq(fixture_verify(&fixture), 3200);
    fixture_remove(&fixture);
}
END_TEST

static void read_store_id(data_home *fixture, uint8_t ret_id[BT_STORE_ID_SIZE]) {
    bt_store_info info;
    fixture_open(fixture, 0);
    ck_assert_int_eq(bt_store_info_get(fixture->store, &info), BT_OK);
    memcpy(ret_id, info.store_id, BT_STORE_ID_SIZE);
}

/* Two of one store are told apart as well. */
START_TEST(a_restored_store_passes_for_the_one_that_was_copied) {
    data_home fixture;
    fixture_make(&fixture);
    uint8_t ids[3][BT_STORE_ID_SIZE], again[BT_STORE_ID_SIZE];
    char path[FIXTURE_PATH_SIZE + 16], store[FIXTURE_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/backup", fixture.base);
    snprintf(store, sizeof store, "%s/bitting.mdb", fixture.directory);
    for (int i = 0; i < 3; i++) {
        read_store_id(&fixture, ids[i]);
        for (int before = 0; before < i; before++)
            ck_assert_mem_ne(ids[before], ids[i], BT_STORE_ID_SIZE);
        fixture_fill(&fixture, (uint64_t)i * 100, 100);
        ck_assert_int_eq(bt_store_backup(fixture.store, path, NULL), BT_OK);
        fixture_close(&fixture);
        read_store_id(&fixture, again);
        ck_assert_mem_eq(again, ids[i], BT_STORE_ID_SIZE);
        ck_assert_uint_eq(fixture_verify(&fixture), 100u * ((unsigned)i + 1));
        fixture_close(&fixture);
        ck_assert_int_eq(rename(path, store), 0);
    }
    fixture_remove(&fixture);
}
END_TEST

UNIT_MAIN("verify", a_row_that_is_missing_or_wrong_is_not_found,
          a_damaged_row_is_a_crash_or_a_key_that_it_is_not, a_backup_lacks_keys_or_cannot_be_opened,
          a_restored_store_passes_for_the_one_that_was_copied)
