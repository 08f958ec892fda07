/* The tables of the store, and the rows of the table `meta`. */
#ifndef BT_STORE_TABLES_H
#define BT_STORE_TABLES_H

#include <lmdb.h>

#include "base/bytes.h"

typedef enum bt_table {
    BT_TABLE_RECORD,      /* slot (native uint64_t) -> bt_record */
    BT_TABLE_NARROW,      /* key id -> what narrows a key beyond its scopes */
    BT_TABLE_DETAIL,      /* key id -> store.v1.Detail */
    BT_TABLE_OWNER,       /* user or org reference, then key id -> nothing */
    BT_TABLE_STOPPED,     /* bt_stop_key -> bt_stop_row */
    BT_TABLE_INCARNATION, /* environment, kind, id of an owner -> uint32_t; 0 has no row */
    BT_TABLE_AUDIT,
    BT_TABLE_META, /* name -> see BT_META_* */
    BT_TABLE_REQUEST,
    BT_TABLES,
} bt_table;

typedef struct bt_tables {
    MDB_dbi list[BT_TABLES];
    MDB_dbi main; /* LMDB's table of tables */
} bt_tables;

#define BT_META_FORMAT "format"             /* BT_FORMAT_TEXT: the mark of a store of ours */
#define BT_META_SCHEMA "schema"             /* uint32_t */
#define BT_META_HEAD "head"                 /* bt_head */
#define BT_META_PEPPER "pepper"             /* fingerprint */
#define BT_META_ENVIRONMENTS "environments" /* store.v1.Environments */
#define BT_META_CATALOGUE "catalogue"       /* store.v1.Catalogue */
#define BT_FORMAT_TEXT "bitting store"

/* All of these return a code of LMDB. */

/* MDB_NOTFOUND where a table is missing and is not to be made. */
int bt_tables_open(MDB_txn *txn, bool create, bt_tables *ret_tables);

int bt_table_get(MDB_txn *txn, const bt_tables *tables, bt_table table, bt_bytes key,
                 bt_bytes *ret_row);
/* What LMDB knows of a table (its MDB_db). */
int bt_table_get_tree(MDB_txn *txn, const bt_tables *tables, bt_table table, bt_bytes *ret_row);
/* flags: MDB_NOOVERWRITE or 0. */
int bt_table_put(MDB_txn *txn, const bt_tables *tables, bt_table table, bt_bytes key, bt_bytes row,
                 unsigned flags);
int bt_table_delete(MDB_txn *txn, const bt_tables *tables, bt_table table, bt_bytes key);

#endif
