#include "store/lmdb_err.h"
#include "store/rows.h"

static int read_masks(MDB_cursor *cursor, uint64_t *ret_mask) {
    MDB_val key, row;
    uint64_t mask = 0;
    int rc = mdb_cursor_get(cursor, &key, &row, MDB_FIRST);
    for (; !rc; rc = mdb_cursor_get(cursor, &key, &row, MDB_NEXT)) {
        const bt_record *record = bt_record_view(bt_bytes_of(row.mv_data, row.mv_size));
        if (!record) return MDB_CORRUPTED;
        mask |= record->mask;
    }
    *ret_mask = mask;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int bt_records_granted(MDB_txn *txn, const bt_tables *tables, uint64_t *ret_mask) {
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn, tables->list[BT_TABLE_RECORD], &cursor);
    if (rc) return rc;
    rc = read_masks(cursor, ret_mask);
    mdb_cursor_close(cursor);
    return rc;
}
