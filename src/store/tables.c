#include "store/tables.h"

static const struct {
    const char *name;
    unsigned flags;
} tables_known[BT_TABLES] = {
    [BT_TABLE_RECORD] = {"record", MDB_INTEGERKEY},
    [BT_TABLE_NARROW] = {"narrow", 0},
    [BT_TABLE_DETAIL] = {"detail", 0},
    [BT_TABLE_OWNER] = {"owner", 0},
    [BT_TABLE_STOPPED] = {"stopped", 0},
    [BT_TABLE_INCARNATION] = {"incarnation", 0},
    [BT_TABLE_AUDIT] = {"audit", 0},
    [BT_TABLE_META] = {"meta", 0},
    [BT_TABLE_REQUEST] = {"request", 0},
};

int bt_tables_open(MDB_txn *txn, bool create, bt_tables *ret_tables) {
    for (int table = 0; table < BT_TABLES; table++) {
        unsigned flags = tables_known[table].flags | (create ? MDB_CREATE : 0);
        int rc = mdb_dbi_open(txn, tables_known[table].name, flags, &ret_tables->list[table]);
        if (rc) return rc;
    }
    return mdb_dbi_open(txn, NULL, 0, &ret_tables->main);
}

/* LMDB takes keys and rows as pointers to what is not const, and does not write through them. */
static MDB_val val_of(bt_bytes bytes) {
    return (MDB_val){.mv_size = bytes.size, .mv_data = (void *)bytes.data};
}

static int get(MDB_txn *txn, MDB_dbi table, bt_bytes key, bt_bytes *ret_row) {
    MDB_val name = val_of(key), row;
    int rc = mdb_get(txn, table, &name, &row);
    if (!rc) *ret_row = bt_bytes_of(row.mv_data, row.mv_size);
    return rc;
}

int bt_table_get(MDB_txn *txn, const bt_tables *tables, bt_table table, bt_bytes key,
                 bt_bytes *ret_row) {
    return get(txn, tables->list[table], key, ret_row);
}

int bt_table_get_tree(MDB_txn *txn, const bt_tables *tables, bt_table table, bt_bytes *ret_row) {
    return get(txn, tables->main, bt_bytes_text(tables_known[table].name), ret_row);
}

int bt_table_put(MDB_txn *txn, const bt_tables *tables, bt_table table, bt_bytes key, bt_bytes row,
                 unsigned flags) {
    MDB_val name = val_of(key), value = val_of(row);
    return mdb_put(txn, tables->list[table], &name, &value, flags);
}

int bt_table_delete(MDB_txn *txn, const bt_tables *tables, bt_table table, bt_bytes key) {
    MDB_val name = val_of(key);
    return mdb_del(txn, tables->list[table], &name, NULL);
}
