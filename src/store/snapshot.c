#include "store/snapshot.h"

#include <stdlib.h>

#include "store/engine.h"
#include "store/lmdb_err.h"
#include "store/rows.h"
#include "store/tree.h"
#include "store/view.h"

struct bt_snapshot {
    bt_store *store;
    MDB_txn *txn; /* reset, or renewed */
    bool renewed;
    /* Of the walks by id and by owner; made at first use, and NULL until then. */
    MDB_cursor *walk[BT_TABLES];
    bool walking[BT_TABLES]; /* the cursor belongs to this renewal */
    bt_view view;
    size_t viewed;  /* transaction that the view was read in; 0: none */
    bool has_trees; /* of the same */
    bt_tree records, details;
};

bt_err bt_snapshot_open(bt_store *store, bt_snapshot **ret_snapshot, bt_fault *fault) {
    if (!bt_store_usable(store)) return bt_store_forked(store, fault);
    bt_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot) return bt_fail(fault, BT_ERR_EXHAUSTED, "snapshot: no memory");
    snapshot->store = store;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &snapshot->txn);
    if (rc) {
        free(snapshot);
        return bt_store_fail(store, rc, fault);
    }
    mdb_txn_reset(snapshot->txn);
    *ret_snapshot = snapshot;
    return BT_OK;
}

/* What a child inherited is its parent's, and is left as it is. */
bt_snapshot *bt_snapshot_close(bt_snapshot *snapshot) {
    if (!snapshot || !bt_store_usable(snapshot->store)) return NULL;
    for (int table = 0; table < BT_TABLES; table++)
        if (snapshot->walk[table]) mdb_cursor_close(snapshot->walk[table]);
    mdb_txn_abort(snapshot->txn);
    free(snapshot);
    return NULL;
}

/* Whether nothing was committed after it. LMDB's readers take the number of the newest transaction first and its
 * content after that: where two were committed in between, the content is that of the second. */
static bool is_newest(const bt_snapshot *snapshot, size_t transaction) {
    MDB_envinfo info;
    return mdb_env_info(snapshot->store->env, &info) == 0 && info.me_last_txnid == transaction;
}

/* A transaction's number is never given to another content of the file: where it is the one before, so is
 * everything else. */
static bt_err view(bt_snapshot *snapshot) {
    size_t transaction = mdb_txn_id(snapshot->txn);
    if (transaction == snapshot->viewed && is_newest(snapshot, transaction)) return BT_OK;
    snapshot->viewed = 0;
    snapshot->has_trees = false;
    BT_TRY(bt_view_read(&snapshot->view, snapshot->txn, snapshot->store));
    snapshot->viewed = transaction;
    return BT_OK;
}

bt_err bt_snapshot_renew(bt_snapshot *snapshot) {
    if (!bt_store_usable(snapshot->store)) return BT_ERR_UNAVAILABLE;
    bt_snapshot_reset(snapshot);
    int rc = mdb_txn_renew(snapshot->txn);
    if (rc) return rc == MDB_MAP_RESIZED ? BT_ERR_UNAVAILABLE : BT_ERR_INTERNAL;
    snapshot->renewed = true;
    bt_err err = view(snapshot);
    if (!err) return BT_OK;
    bt_snapshot_reset(snapshot);
    return err == BT_ERR_INTERNAL ? BT_ERR_INTERNAL : BT_ERR_UNAVAILABLE;
}

void bt_snapshot_reset(bt_snapshot *snapshot) {
    if (!snapshot->renewed) return;
    memset(snapshot->walking, 0, sizeof snapshot->walking);
    mdb_txn_reset(snapshot->txn);
    snapshot->renewed = false;
}

const bt_head *bt_snapshot_head(const bt_snapshot *snapshot) {
    return &snapshot->view.head;
}

const bt_catalogue *bt_snapshot_catalogue(const bt_snapshot *snapshot) {
    return &snapshot->view.catalogue;
}

const bt_environments *bt_snapshot_environments(const bt_snapshot *snapshot) {
    return &snapshot->view.environments;
}

bt_err bt_snapshot_row(bt_snapshot *snapshot, bt_table table, bt_bytes key, bt_bytes *ret_row) {
    return bt_lmdb_err(bt_table_get(snapshot->txn, &snapshot->store->tables, table, key, ret_row));
}

bt_err bt_snapshot_record_at(bt_snapshot *snapshot, uint64_t slot, const bt_record **ret_record) {
    bt_bytes row;
    BT_TRY(bt_snapshot_row(snapshot, BT_TABLE_RECORD, bt_bytes_of(&slot, sizeof slot), &row));
    const bt_record *record = bt_record_view(row);
    if (!record) return BT_ERR_INTERNAL;
    *ret_record = record;
    return BT_OK;
}

static void find_trees(bt_snapshot *snapshot) {
    const bt_tables *tables = &snapshot->store->tables;
    if (snapshot->has_trees) return;
    snapshot->records = bt_tree_of(snapshot->txn, tables, BT_TABLE_RECORD, sizeof(uint64_t));
    snapshot->details = bt_tree_of(snapshot->txn, tables, BT_TABLE_DETAIL, sizeof(bt_key_id));
    snapshot->has_trees = true;
}

void bt_snapshot_expect(bt_snapshot *snapshot, const void *const *slots, size_t count,
                        bt_bytes *ret_rows) {
    find_trees(snapshot);
    bt_tree_find(&snapshot->records, slots, count, ret_rows);
}

void bt_snapshot_expect_details(bt_snapshot *snapshot, const void *const *ids, size_t count,
                                bt_bytes *ret_rows) {
    find_trees(snapshot);
    bt_tree_find(&snapshot->details, ids, count, ret_rows);
}

bt_err bt_snapshot_expected(bt_snapshot *snapshot, bt_bytes row, const bt_digest *digest,
                            const bt_record **ret_record) {
    const bt_record *record = row.data ? bt_record_view(row) : NULL;
    if (!record || !bt_record_matches(record, digest))
        return bt_snapshot_record(snapshot, digest, ret_record);
    *ret_record = record;
    return BT_OK;
}

bt_err bt_snapshot_record(bt_snapshot *snapshot, const bt_digest *digest,
                          const bt_record **ret_record) {
    const bt_record *record = NULL;
    bt_err err = bt_snapshot_record_at(snapshot, bt_digest_slot(digest), &record);
    if (err && err != BT_ERR_NOT_FOUND) return err;
    *ret_record = record && bt_record_matches(record, digest) ? record : NULL;
    return BT_OK;
}

bt_err bt_snapshot_detail(bt_snapshot *snapshot, const bt_key_id *id, bt_bytes *ret_row) {
    return bt_snapshot_row(snapshot, BT_TABLE_DETAIL, bt_bytes_of(id->bytes, sizeof id->bytes),
                           ret_row);
}

bt_err bt_snapshot_narrow(bt_snapshot *snapshot, const bt_key_id *id, bt_bytes *ret_row) {
    return bt_snapshot_row(snapshot, BT_TABLE_NARROW, bt_bytes_of(id->bytes, sizeof id->bytes),
                           ret_row);
}

/* The walk's cursor of a table, in this renewal. */
static int walk(bt_snapshot *snapshot, bt_table table, MDB_cursor **ret_cursor) {
    MDB_cursor **cursor = &snapshot->walk[table];
    int rc = 0;
    if (!*cursor)
        rc = mdb_cursor_open(snapshot->txn, snapshot->store->tables.list[table], cursor);
    else if (!snapshot->walking[table])
        rc = mdb_cursor_renew(snapshot->txn, *cursor);
    if (rc) return rc;
    snapshot->walking[table] = true;
    *ret_cursor = *cursor;
    return 0;
}

/* The first row whose key is not below `from`. */
static bt_err seek(bt_snapshot *snapshot, bt_table table, bt_bytes from, bt_bytes *ret_key,
                   bt_bytes *ret_row) {
    MDB_cursor *cursor;
    int rc = walk(snapshot, table, &cursor);
    MDB_val key = {.mv_size = from.size, .mv_data = (void *)from.data}, row = {0};
    if (!rc) rc = mdb_cursor_get(cursor, &key, &row, MDB_SET_RANGE);
    if (rc) return bt_lmdb_err(rc);
    *ret_key = bt_bytes_of(key.mv_data, key.mv_size);
    *ret_row = bt_bytes_of(row.mv_data, row.mv_size);
    return BT_OK;
}

bt_err bt_snapshot_seek(bt_snapshot *snapshot, const bt_key_id *from, bt_key_id *ret_id,
                        bt_bytes *ret_row) {
    bt_bytes key = {0}, row;
    BT_TRY(
        seek(snapshot, BT_TABLE_DETAIL, bt_bytes_of(from->bytes, sizeof from->bytes), &key, &row));
    if (key.size != BT_KEY_ID_SIZE) return BT_ERR_INTERNAL;
    memcpy(ret_id->bytes, key.data, BT_KEY_ID_SIZE);
    *ret_row = row;
    return BT_OK;
}

bt_err bt_snapshot_seek_owned(bt_snapshot *snapshot, const uint8_t owner[BT_REF_SIZE],
                              const bt_key_id *from, bt_key_id *ret_id) {
    uint8_t start[BT_REF_SIZE + BT_KEY_ID_SIZE];
    memcpy(start, owner, BT_REF_SIZE);
    memcpy(start + BT_REF_SIZE, from->bytes, BT_KEY_ID_SIZE);
    bt_bytes key = {0}, row;
    BT_TRY(seek(snapshot, BT_TABLE_OWNER, bt_bytes_of(start, sizeof start), &key, &row));
    if (key.size != sizeof start) return BT_ERR_INTERNAL;
    if (memcmp(key.data, owner, BT_REF_SIZE) != 0) return BT_ERR_NOT_FOUND;
    memcpy(ret_id->bytes, key.data + BT_REF_SIZE, BT_KEY_ID_SIZE);
    return BT_OK;
}

bt_err bt_snapshot_granted(bt_snapshot *snapshot, uint64_t *ret_mask) {
    return bt_lmdb_err(bt_records_granted(snapshot->txn, &snapshot->store->tables, ret_mask));
}

bool bt_key_id_next(bt_key_id *id) {
    for (size_t at = BT_KEY_ID_SIZE; at-- > 0;)
        if (++id->bytes[at] != 0) return true;
    return false;
}

bt_err bt_snapshot_count(bt_snapshot *snapshot, bt_table table, uint64_t *ret_count) {
    MDB_stat stat;
    int rc = mdb_stat(snapshot->txn, snapshot->store->tables.list[table], &stat);
    if (!rc) *ret_count = stat.ms_entries;
    return bt_lmdb_err(rc);
}
