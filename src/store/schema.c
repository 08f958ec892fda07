#include "store/schema.h"

#include <assert.h>

#include "store/lmdb_err.h"
#include "store/store.h"

/* From schema n to n + 1, at n. Each runs inside the transaction that ends with the schema written;
 * all are kept for ever. */
typedef int upgrade_step(MDB_txn *txn, bt_tables *tables);

/* Schema 0 had fewer tables. */
static int make_tables(MDB_txn *txn, bt_tables *tables) {
    return bt_tables_open(txn, true, tables);
}

static upgrade_step *const steps[] = {make_tables};

static_assert(sizeof steps / sizeof *steps == BT_STORE_SCHEMA, "a step for each older schema");

static bt_err not_ours(const char *path, bt_fault *fault) {
    return bt_fail(
        fault, BT_ERR_PRECONDITION,
        "store %s: is a file of LMDB, but not a store of bitting; name another directory", path);
}

static bt_err read_schema(MDB_txn *txn, const bt_tables *tables, const char *path,
                          uint32_t *ret_schema, bt_fault *fault) {
    bt_bytes format, schema;
    int rc = bt_table_get(txn, tables, BT_TABLE_META, BT_LITERAL(BT_META_FORMAT), &format);
    if (rc == MDB_NOTFOUND || (!rc && !bt_bytes_equal(format, BT_LITERAL(BT_FORMAT_TEXT))))
        return not_ours(path, fault);
    if (!rc) rc = bt_table_get(txn, tables, BT_TABLE_META, BT_LITERAL(BT_META_SCHEMA), &schema);
    if (rc) return bt_lmdb_fail(fault, path, rc);
    if (schema.size != sizeof *ret_schema)
        return bt_fail(fault, BT_ERR_INTERNAL, "store %s: the row of its schema is damaged", path);
    memcpy(ret_schema, schema.data, sizeof *ret_schema);
    return BT_OK;
}

static bt_err upgrade_from(uint32_t schema, MDB_txn *txn, bt_tables *tables, const char *path,
                           bt_fault *fault) {
    int rc = 0;
    for (; !rc && schema < BT_STORE_SCHEMA; schema++) rc = steps[schema](txn, tables);
    if (!rc)
        rc = bt_table_put(txn, tables, BT_TABLE_META, BT_LITERAL(BT_META_SCHEMA),
                          bt_bytes_of(&schema, sizeof schema), 0);
    return rc ? bt_lmdb_fail(fault, path, rc) : BT_OK;
}

static bt_err check_schema(MDB_txn *txn, bool upgrade, const char *path, bt_tables *tables,
                           bool *ret_older, bt_fault *fault) {
    uint32_t schema = 0;
    BT_TRY(read_schema(txn, tables, path, &schema, fault));
    if (schema > BT_STORE_SCHEMA)
        return bt_fail(fault, BT_ERR_PRECONDITION,
                       "store %s: has schema %u, and this program knows schemas up to %u; run the "
                       "newer bitting that wrote it",
                       path, schema, BT_STORE_SCHEMA);
    if (schema == BT_STORE_SCHEMA) return BT_OK;
    if (upgrade) return upgrade_from(schema, txn, tables, path, fault);
    *ret_older = true;
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "store %s: has schema %u, older than this program's %u; a program that writes, "
                   "such as `bitting serve`, upgrades it",
                   path, schema, BT_STORE_SCHEMA);
}

static bt_err check_pepper(MDB_txn *txn, const bt_tables *tables, const bt_pepper *pepper,
                           const char *path, bt_fault *fault) {
    bt_bytes row;
    int rc = bt_table_get(txn, tables, BT_TABLE_META, BT_LITERAL(BT_META_PEPPER), &row);
    if (rc) return bt_lmdb_fail(fault, path, rc);
    uint8_t fingerprint[BT_FINGERPRINT_SIZE];
    bt_pepper_fingerprint(pepper, fingerprint);
    if (bt_bytes_equal(row, bt_bytes_of(fingerprint, sizeof fingerprint))) return BT_OK;
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "store %s: was made with another pepper; with this one every key would be "
                   "unknown. Name the right one with --pepper",
                   path);
}

/* The table `meta` first: it says whether the others must be there. */
static bt_err open_tables(MDB_txn *txn, bool upgrade, const char *path, bt_tables *tables,
                          bool *ret_older, bt_fault *fault) {
    int rc = mdb_dbi_open(txn, "meta", 0, &tables->list[BT_TABLE_META]);
    if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE) return not_ours(path, fault);
    if (rc) return bt_lmdb_fail(fault, path, rc);
    BT_TRY(check_schema(txn, upgrade, path, tables, ret_older, fault));
    rc = bt_tables_open(txn, false, tables);
    return rc ? bt_lmdb_fail(fault, path, rc) : BT_OK;
}

bt_err bt_schema_open(MDB_env *env, const char *path, bool upgrade, const bt_pepper *pepper,
                      bt_tables *ret_tables, bool *ret_older, bt_fault *fault) {
    *ret_older = false;
    MDB_txn *txn;
    int rc = mdb_txn_begin(env, NULL, upgrade ? 0 : MDB_RDONLY, &txn);
    if (rc) return bt_lmdb_fail(fault, path, rc);
    bt_tables tables;
    bt_err err = open_tables(txn, upgrade, path, &tables, ret_older, fault);
    if (!err) err = check_pepper(txn, &tables, pepper, path, fault);
    if (err) {
        mdb_txn_abort(txn);
        return err;
    }
    rc = mdb_txn_commit(txn); /* which keeps the handles of the tables */
    if (rc) return bt_lmdb_fail(fault, path, rc);
    *ret_tables = tables;
    return BT_OK;
}
