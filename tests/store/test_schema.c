/* rooms: store PkgConfig::LMDB */
#include <lmdb.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "store/tables.h"

/* The file as LMDB sees it, with the store closed. */
static MDB_env *open_raw(const data_home *fixture) {
    char path[2 * FIXTURE_PATH_SIZE];
    snprintf(path, sizeof path, "%s/bitting.mdb", fixture->directory);
    MDB_env *env;
    ck_assert_int_eq(mdb_env_create(&env), 0);
    mdb_env_set_maxdbs(env, 16);
    ck_assert_int_eq(mdb_env_open(env, path, MDB_NOSUBDIR, 0600), 0);
    return env;
}

static void put_raw(const data_home *fixture, const char *table, const char *name, const void *row,
                    size_t size) {
    MDB_env *env = open_raw(fixture);
    MDB_txn *txn;
    MDB_dbi dbi;
    ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
    ck_assert_int_eq(mdb_dbi_open(txn, table, MDB_CREATE, &dbi), 0);
    MDB_val key = {strlen(name), (void *)name};
    MDB_val value = {size, (void *)row};
    if (row)
        ck_assert_int_eq(mdb_put(txn, dbi, &key, &value, 0), 0);
    else
        ck_assert_int_eq(mdb_del(txn, dbi, &key, NULL), 0);
    ck_assert_int_eq(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void put_schema(const data_home *fixture, uint32_t schema) {
    put_raw(fixture, "meta", BT_META_SCHEMA, &schema, sizeof schema);
}

static void drop_table(const data_home *fixture, const char *table) {
    MDB_env *env = open_raw(fixture);
    MDB_txn *txn;
    MDB_dbi dbi;
    ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
    ck_assert_int_eq(mdb_dbi_open(txn, table, 0, &dbi), 0);
    ck_assert_int_eq(mdb_drop(txn, dbi, 1), 0);
    ck_assert_int_eq(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void refused(data_home *fixture, bt_store_mode mode, bt_err err, const char *words) {
    bt_fault fault;
    ck_assert_int_eq(fixture_try(fixture, mode, &fault), err);
    ck_assert_msg(strstr(fault.text, fixture->directory) && strstr(fault.text, words),
                  "'%s' says nothing of '%s'", fault.text, words);
}

static void make_store(data_home *fixture) {
    fixture_make(fixture);
    fixture_open(fixture, 0);
    ck_assert_int_eq(sample_apply(fixture->store, SAMPLE_CREATE, 1), BT_OK);
    fixture_close(fixture);
}

START_TEST(a_store_of_a_newer_schema_is_opened) {
    data_home fixture;
    make_store(&fixture);
    put_schema(&fixture, BT_STORE_SCHEMA + 1);
    for (bt_store_mode mode = BT_STORE_READ; mode <= BT_STORE_CREATE; mode++)
        refused(&fixture, mode, BT_ERR_PRECONDITION, "newer bitting");
    put_schema(&fixture, BT_STORE_SCHEMA);
    fixture_open(&fixture, 0);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_store_of_an_older_schema_is_not_upgraded) {
    data_home fixture;
    make_store(&fixture);
    drop_table(&fixture, "request");
    put_schema(&fixture, 0);
    refused(&fixture, BT_STORE_READ, BT_ERR_PRECONDITION, "upgrades it");
    fixture_open(&fixture, 0);
    ck_assert(sample_is_there(fixture.snapshot, 1, NULL));
    fixture_close(&fixture);
    bt_fault fault;
    ck_assert_int_eq(fixture_try(&fixture, BT_STORE_READ, &fault), BT_OK);
    fixture_remove(&fixture);
}
END_TEST

/* Serves the store in another process until it is told to end. */
static pid_t serve(data_home *fixture, int *ret_end) {
    int ready[2], end[2];
    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(end), 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(end[1]);
        bt_fault fault;
        if (fixture_try(fixture, BT_STORE_WRITE, &fault)) _exit(1);
        if (bt_store_lock_serving(fixture->store, &fault)) _exit(2);
        if (write(ready[1], "r", 1) != 1) _exit(3);
        _exit(read(end[0], &byte, 1) == 0 ? 0 : 4);
    }
    char byte;
    close(ready[1]);
    close(end[0]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    *ret_end = end[1];
    return child;
}

START_TEST(a_store_is_upgraded_under_a_server_of_the_older_schema) {
    data_home fixture;
    make_store(&fixture);
    int end, status;
    pid_t server = serve(&fixture, &end);
    put_schema(&fixture, 0);
    refused(&fixture, BT_STORE_WRITE, BT_ERR_PRECONDITION, "already serves this store");
    close(end);
    ck_assert_int_eq(waitpid(server, &status, 0), server);
    ck_assert_int_eq(status, 0);
    fixture_open(&fixture, 0);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_file_of_lmdb_that_is_not_ours_is_taken_for_a_store) {
    data_home fixture;
    make_store(&fixture);
    put_raw(&fixture, "meta", BT_META_FORMAT, "other program", 13);
    refused(&fixture, BT_STORE_CREATE, BT_ERR_PRECONDITION, "not a store of bitting");
    put_raw(&fixture, "meta", BT_META_FORMAT, NULL, 0);
    refused(&fixture, BT_STORE_CREATE, BT_ERR_PRECONDITION, "not a store of bitting");
    drop_table(&fixture, "meta");
    refused(&fixture, BT_STORE_CREATE, BT_ERR_PRECONDITION, "not a store of bitting");
    fixture_remove(&fixture);
}
END_TEST

/* With one row of `meta` damaged: nothing is answered, and nothing written. */
static void damaged(data_home *fixture, const char *name, const void *row, size_t size) {
    make_store(fixture);
    put_raw(fixture, "meta", name, row, size);
    bt_fault fault;
    ck_assert_int_eq(fixture_try(fixture, BT_STORE_WRITE, &fault), BT_OK);
    ck_assert_int_eq(bt_snapshot_open(fixture->store, &fixture->snapshot, &fault), BT_OK);
    ck_assert_int_eq(bt_snapshot_renew(fixture->snapshot), BT_ERR_INTERNAL);
    ck_assert_int_eq(sample_apply(fixture->store, SAMPLE_CREATE, 2), BT_ERR_INTERNAL);
    fixture_remove(fixture);
}

START_TEST(a_damaged_row_of_meta_is_taken_as_it_is) {
    data_home fixture;
    bt_head head = {.version = BT_HEAD_VERSION,
                    .revision = 1,
                    .live = 1,
                    .catalogue_generation = 1,
                    .environments_generation = 1};
    damaged(&fixture, BT_META_HEAD, &head, sizeof head); /* not the catalogue's live scopes */
    damaged(&fixture, BT_META_HEAD, &head, sizeof head - 1);
    damaged(&fixture, BT_META_HEAD, NULL, 0);
    head.version = 2;
    damaged(&fixture, BT_META_HEAD, &head, sizeof head);
    damaged(&fixture, BT_META_CATALOGUE, "\xff", 1);
    damaged(&fixture, BT_META_CATALOGUE, "", 0); /* another generation */
    damaged(&fixture, BT_META_CATALOGUE, NULL, 0);
    damaged(&fixture, BT_META_ENVIRONMENTS, "\xff", 1);
    damaged(&fixture, BT_META_ENVIRONMENTS, NULL, 0);
}
END_TEST

UNIT_MAIN("schema", a_store_of_a_newer_schema_is_opened, a_store_of_an_older_schema_is_not_upgraded,
          a_store_is_upgraded_under_a_server_of_the_older_schema,
          a_file_of_lmdb_that_is_not_ours_is_taken_for_a_store,
          a_damaged_row_of_meta_is_taken_as_it_is)
