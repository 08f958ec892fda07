/* Reading and writing rows of tables, for the files of this room that give them a meaning. */
#ifndef BT_STORE_ROWS_H
#define BT_STORE_ROWS_H

#include "store/snapshot.h"
#include "store/tables.h"
#include "store/txn.h"

/* BT_ERR_NOT_FOUND. */
bt_err bt_snapshot_row(bt_snapshot *snapshot, bt_table table, bt_bytes key, bt_bytes *ret_row);
bt_err bt_snapshot_count(bt_snapshot *snapshot, bt_table table, uint64_t *ret_count);

/* What bt_snapshot_granted gives; a code of LMDB. */
int bt_records_granted(MDB_txn *txn, const bt_tables *tables, uint64_t *ret_mask);

/* Errors other than BT_ERR_NOT_FOUND and BT_ERR_EXISTS break the transaction. */
bt_err bt_txn_row(bt_txn *txn, bt_table table, bt_bytes key, bt_bytes *ret_row);
bt_err bt_txn_put_row(bt_txn *txn, bt_table table, bt_bytes key, bt_bytes row, unsigned flags);
bt_err bt_txn_delete_row(bt_txn *txn, bt_table table, bt_bytes key);
/* The key of a table's first row. BT_ERR_NOT_FOUND where it has none; BT_ERR_INTERNAL where the key is longer than
 * `size`. */
bt_err bt_txn_first_row(bt_txn *txn, bt_table table, uint8_t *ret_key, size_t size,
                        size_t *ret_size);
bt_err bt_txn_count(bt_txn *txn, bt_table table, uint64_t *ret_count);

#endif
