#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "store/lmdb_err.h"
#include "store/row.h"
#include "store/schema.h"
#include "store/snapshot.h"

/* Room for the first rows; the map of a store in use is set at each open. */
#define MAP_SIZE (1u << 20)

static const bt_environments first_environments = {
    .count = 1,
    .list = {{.id = 1,
              .name = "test",
              .prefix = "bt_test",
              .kinds = BT_KINDS_ALL,
              .max_life_ms = BT_NEVER_MS}},
};

static int put(MDB_txn *txn, const bt_tables *tables, bt_bytes name, const void *row, size_t size) {
    return bt_table_put(txn, tables, BT_TABLE_META, name, bt_bytes_of(row, size), MDB_NOOVERWRITE);
}

static int put_head(MDB_txn *txn, const bt_tables *tables, const bt_catalogue *catalogue) {
    bt_head head = {
        .version = BT_HEAD_VERSION,
        .revision = 1,
        .live = catalogue->live,
        .catalogue_generation = catalogue->generation,
        .environments_generation = 1,
    };
    randombytes_buf(head.store_id, sizeof head.store_id);
    return put(txn, tables, BT_LITERAL(BT_META_HEAD), &head, sizeof head);
}

/* Takes the row, which may be NULL. */
static int put_row(MDB_txn *txn, const bt_tables *tables, bt_bytes name, bt_err err, bt_bytes row) {
    int rc = err ? ENOMEM : put(txn, tables, name, row.data, row.size);
    free((void *)row.data);
    return rc;
}

static int put_catalogue(MDB_txn *txn, const bt_tables *tables, const bt_catalogue *catalogue) {
    bt_bytes row = {0};
    bt_err err = bt_catalogue_encode(catalogue, &row);
    return put_row(txn, tables, BT_LITERAL(BT_META_CATALOGUE), err, row);
}

static int put_environments(MDB_txn *txn, const bt_tables *tables) {
    bt_bytes row = {0};
    bt_err err = bt_environments_encode(&first_environments, &row);
    return put_row(txn, tables, BT_LITERAL(BT_META_ENVIRONMENTS), err, row);
}

static int put_rows(MDB_txn *txn, const bt_pepper *pepper) {
    bt_catalogue catalogue;
    bt_catalogue_default(&catalogue);
    uint8_t fingerprint[BT_FINGERPRINT_SIZE];
    bt_pepper_fingerprint(pepper, fingerprint);
    uint32_t schema = BT_STORE_SCHEMA;
    bt_tables tables;
    int rc = bt_tables_open(txn, true, &tables);
    if (!rc) rc = put_head(txn, &tables, &catalogue);
    if (!rc) rc = put_catalogue(txn, &tables, &catalogue);
    if (!rc) rc = put_environments(txn, &tables);
    if (!rc) rc = put(txn, &tables, BT_LITERAL(BT_META_PEPPER), fingerprint, sizeof fingerprint);
    if (!rc) rc = put(txn, &tables, BT_LITERAL(BT_META_SCHEMA), &schema, sizeof schema);
    if (!rc)
        rc = put(txn, &tables, BT_LITERAL(BT_META_FORMAT), BT_FORMAT_TEXT,
                 sizeof BT_FORMAT_TEXT - 1);
    return rc;
}

static void close_env(MDB_env **env) {
    if (*env) mdb_env_close(*env);
}

/* The commit has the file on disk, pages first written when it was made among them: LMDB ends it
 * with fdatasync. */
static int make(const char *path, const bt_pepper *pepper) {
    MDB_env *env BT_CLEANUP(close_env) = NULL;
    MDB_txn *txn;
    int rc = mdb_env_create(&env);
    if (!rc) rc = mdb_env_set_maxdbs(env, BT_TABLES);
    if (!rc) rc = mdb_env_set_mapsize(env, MAP_SIZE);
    if (!rc) rc = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600);
    if (!rc) rc = mdb_txn_begin(env, NULL, 0, &txn);
    if (rc) return rc;
    rc = put_rows(txn, pepper);
    if (!rc) return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

bt_err bt_schema_make(const char *path, const bt_pepper *pepper, bt_fault *fault) {
    int rc = make(path, pepper);
    return rc ? bt_lmdb_fail(fault, path, rc) : BT_OK;
}
