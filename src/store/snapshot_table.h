/* What the rest of the room needs of a snapshot. */
#ifndef BT_STORE_SNAPSHOT_TABLE_H
#define BT_STORE_SNAPSHOT_TABLE_H

#include "store/snapshot.h"
#include "store/tables.h"

/* Rows of a table. */
bt_err bt_snapshot_count(bt_snapshot *snapshot, bt_table table, uint64_t *ret_count);

#endif
