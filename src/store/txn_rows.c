/* What a change can read and write inside its transaction. */
#include <stdlib.h>

#include "store/engine.h"
#include "store/foreign_peppers.h"
#include "store/lmdb_err.h"
#include "store/row.h"
#include "store/rows.h"

bt_store *bt_txn_store(bt_txn *txn) {
    return txn->store;
}

int64_t bt_txn_now_ms(const bt_txn *txn) {
    return txn->now_ms;
}

bt_head *bt_txn_head(bt_txn *txn) {
    return &txn->view.head;
}

const bt_catalogue *bt_txn_catalogue(bt_txn *txn) {
    return &txn->view.catalogue;
}

const bt_environments *bt_txn_environments(bt_txn *txn) {
    return &txn->view.environments;
}

/* MDB_NOTFOUND and MDB_KEYEXIST are answers; any other code breaks the transaction. */
static bt_err judge(bt_txn *txn, int rc) {
    if (rc && rc != MDB_NOTFOUND && rc != MDB_KEYEXIST) txn->rc = rc;
    return bt_lmdb_err(rc);
}

bt_err bt_txn_row(bt_txn *txn, bt_table table, bt_bytes key, bt_bytes *ret_row) {
    return judge(txn, bt_table_get(txn->mdb, &txn->store->tables, table, key, ret_row));
}

bt_err bt_txn_put_row(bt_txn *txn, bt_table table, bt_bytes key, bt_bytes row, unsigned flags) {
    int rc = bt_table_put(txn->mdb, &txn->store->tables, table, key, row, flags);
    if (rc != MDB_KEYEXIST) txn->wrote = true;
    return judge(txn, rc);
}

bt_err bt_txn_delete_row(bt_txn *txn, bt_table table, bt_bytes key) {
    int rc = bt_table_delete(txn->mdb, &txn->store->tables, table, key);
    if (rc != MDB_NOTFOUND) txn->wrote = true;
    return judge(txn, rc);
}

bt_err bt_txn_count(bt_txn *txn, bt_table table, uint64_t *ret_count) {
    MDB_stat stat;
    BT_TRY(judge(txn, mdb_stat(txn->mdb, txn->store->tables.list[table], &stat)));
    *ret_count = stat.ms_entries;
    return BT_OK;
}

bt_err bt_txn_first_row(bt_txn *txn, bt_table table, uint8_t *ret_key, size_t size,
                        size_t *ret_size) {
    MDB_cursor *cursor;
    MDB_val key, row;
    int rc = mdb_cursor_open(txn->mdb, txn->store->tables.list[table], &cursor);
    if (rc) return judge(txn, rc);
    rc = mdb_cursor_get(cursor, &key, &row, MDB_FIRST);
    if (!rc && key.mv_size > size) rc = MDB_CORRUPTED;
    if (!rc) memcpy(ret_key, key.mv_data, *ret_size = key.mv_size);
    mdb_cursor_close(cursor);
    return judge(txn, rc);
}

static bt_bytes id_key(const bt_key_id *id) {
    return bt_bytes_of(id->bytes, sizeof id->bytes);
}

bt_err bt_txn_record_at(bt_txn *txn, uint64_t slot, const bt_record **ret_record) {
    bt_bytes row;
    BT_TRY(bt_txn_row(txn, BT_TABLE_RECORD, bt_bytes_of(&slot, sizeof slot), &row));
    const bt_record *record = bt_record_view(row);
    if (!record) return BT_ERR_INTERNAL;
    *ret_record = record;
    return BT_OK;
}

bt_err bt_txn_granted(bt_txn *txn, uint64_t *ret_mask) {
    return judge(txn, bt_records_granted(txn->mdb, &txn->store->tables, ret_mask));
}

bt_err bt_txn_detail(bt_txn *txn, const bt_key_id *id, bt_bytes *ret_row) {
    return bt_txn_row(txn, BT_TABLE_DETAIL, id_key(id), ret_row);
}

typedef struct owner_key {
    uint8_t bytes[BT_REF_SIZE + BT_KEY_ID_SIZE];
} owner_key;

/* The places of a key in the index by owner: none, one, or two. */
static size_t owner_keys(const bt_record *record, owner_key ret_keys[2]) {
    const uint8_t *owners[2];
    size_t count = 0;
    if (record->flags & BT_RECORD_USER) owners[count++] = record->user_ref;
    if (record->flags & BT_RECORD_ORG) owners[count++] = record->org_ref;
    for (size_t i = 0; i < count; i++) {
        memcpy(ret_keys[i].bytes, owners[i], BT_REF_SIZE);
        memcpy(ret_keys[i].bytes + BT_REF_SIZE, record->key_id.bytes, BT_KEY_ID_SIZE);
    }
    return count;
}

static bt_err put_owners(bt_txn *txn, const bt_record *record) {
    owner_key keys[2];
    size_t count = owner_keys(record, keys);
    for (size_t i = 0; i < count; i++)
        BT_TRY(bt_txn_put_row(txn, BT_TABLE_OWNER, bt_bytes_of(keys[i].bytes, sizeof keys[i].bytes),
                              (bt_bytes){0}, 0));
    return BT_OK;
}

static bt_err delete_owners(bt_txn *txn, const bt_record *record) {
    owner_key keys[2];
    size_t count = owner_keys(record, keys);
    for (size_t i = 0; i < count; i++) {
        bt_err err = bt_txn_delete_row(txn, BT_TABLE_OWNER,
                                       bt_bytes_of(keys[i].bytes, sizeof keys[i].bytes));
        if (err && err != BT_ERR_NOT_FOUND) return err;
    }
    return BT_OK;
}

/* The first key in the index by owner that is not below `from`. */
static bt_err seek_index(bt_txn *txn, owner_key *key) {
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn->mdb, txn->store->tables.list[BT_TABLE_OWNER], &cursor);
    if (rc) return judge(txn, rc);
    MDB_val name = {.mv_size = sizeof key->bytes, .mv_data = key->bytes}, row;
    rc = mdb_cursor_get(cursor, &name, &row, MDB_SET_RANGE);
    if (!rc && name.mv_size == sizeof key->bytes)
        memcpy(key->bytes, name.mv_data, sizeof key->bytes);
    else if (!rc)
        rc = MDB_CORRUPTED;
    mdb_cursor_close(cursor);
    return judge(txn, rc);
}

bt_err bt_txn_seek_owned(bt_txn *txn, const uint8_t owner[BT_REF_SIZE], const bt_key_id *from,
                         bt_key_id *ret_id, const bt_record **ret_record) {
    owner_key key;
    bt_key_id id;
    bt_bytes row;
    bt_detail detail;
    uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_arena_init(&arena, block, sizeof block);
    memcpy(key.bytes, owner, BT_REF_SIZE);
    memcpy(key.bytes + BT_REF_SIZE, from->bytes, BT_KEY_ID_SIZE);
    BT_TRY(seek_index(txn, &key));
    if (memcmp(key.bytes, owner, BT_REF_SIZE) != 0) return BT_ERR_NOT_FOUND;
    memcpy(id.bytes, key.bytes + BT_REF_SIZE, BT_KEY_ID_SIZE);
    bt_err err = bt_txn_detail(txn, &id, &row);
    if (!err) err = bt_detail_decode(row, &arena, &detail);
    if (!err) err = bt_txn_record_at(txn, detail.record_key, ret_record);
    if (err) return err == BT_ERR_NOT_FOUND ? BT_ERR_INTERNAL : err;
    *ret_id = id;
    return BT_OK;
}

static void free_row(bt_bytes *row) {
    free((void *)row->data);
}

static bt_err encode(uint64_t slot, const bt_detail *detail, bt_bytes *ret_row) {
    bt_detail whole = *detail;
    whole.record_key = slot;
    return bt_detail_encode(&whole, ret_row);
}

static bt_err check_record(const bt_record *record) {
    return bt_record_view(bt_bytes_of(record, sizeof *record)) ? BT_OK : BT_ERR_INVALID;
}

bt_err bt_txn_insert_key(bt_txn *txn, uint64_t slot, const bt_record *record,
                         const bt_detail *detail) {
    bt_bytes row BT_CLEANUP(free_row) = {0}, other;
    BT_TRY(check_record(record));
    BT_TRY(encode(slot, detail, &row));
    bt_err err = bt_txn_detail(txn, &record->key_id, &other);
    if (err != BT_ERR_NOT_FOUND) return err ? err : BT_ERR_EXISTS;
    BT_TRY(bt_txn_put_row(txn, BT_TABLE_RECORD, bt_bytes_of(&slot, sizeof slot),
                          bt_bytes_of(record, sizeof *record), MDB_NOOVERWRITE));
    BT_TRY(bt_txn_put_row(txn, BT_TABLE_DETAIL, id_key(&record->key_id), row, MDB_NOOVERWRITE));
    return put_owners(txn, record);
}

/* The record at a slot, which must be that of the key. A copy: a write may move what is in the
 * file. */
static bt_err own_record(bt_txn *txn, uint64_t slot, const bt_key_id *id, bt_record *ret_record) {
    const bt_record *record;
    BT_TRY(bt_txn_record_at(txn, slot, &record));
    if (memcmp(record->key_id.bytes, id->bytes, sizeof id->bytes) != 0) return BT_ERR_NOT_FOUND;
    *ret_record = *record;
    return BT_OK;
}

static bool same_owners(const bt_record *a, const bt_record *b) {
    const unsigned owned = BT_RECORD_USER | BT_RECORD_ORG;
    return (a->flags & owned) == (b->flags & owned) &&
           memcmp(a->user_ref, b->user_ref, BT_REF_SIZE) == 0 &&
           memcmp(a->org_ref, b->org_ref, BT_REF_SIZE) == 0;
}

bt_err bt_txn_update_key(bt_txn *txn, const bt_record *record, const bt_detail *detail) {
    uint64_t slot = detail->record_key;
    bt_record before;
    bt_bytes row BT_CLEANUP(free_row) = {0};
    BT_TRY(check_record(record));
    BT_TRY(own_record(txn, slot, &record->key_id, &before));
    BT_TRY(encode(slot, detail, &row));
    BT_TRY(bt_txn_put_row(txn, BT_TABLE_RECORD, bt_bytes_of(&slot, sizeof slot),
                          bt_bytes_of(record, sizeof *record), 0));
    BT_TRY(bt_txn_put_row(txn, BT_TABLE_DETAIL, id_key(&record->key_id), row, 0));
    if (same_owners(&before, record)) return BT_OK;
    BT_TRY(delete_owners(txn, &before));
    return put_owners(txn, record);
}

bt_err bt_txn_delete_key(bt_txn *txn, uint64_t slot, const bt_key_id *id) {
    bt_record before;
    BT_TRY(own_record(txn, slot, id, &before));
    BT_TRY(bt_txn_delete_row(txn, BT_TABLE_RECORD, bt_bytes_of(&slot, sizeof slot)));
    BT_TRY(bt_txn_delete_row(txn, BT_TABLE_DETAIL, id_key(id)));
    BT_TRY(bt_txn_put_narrow(txn, id, (bt_bytes){0}));
    return delete_owners(txn, &before);
}

bt_err bt_txn_put_narrow(bt_txn *txn, const bt_key_id *id, bt_bytes row) {
    if (row.size) return bt_txn_put_row(txn, BT_TABLE_NARROW, id_key(id), row, 0);
    bt_err err = bt_txn_delete_row(txn, BT_TABLE_NARROW, id_key(id));
    return err == BT_ERR_NOT_FOUND ? BT_OK : err;
}

bt_err bt_txn_narrow(bt_txn *txn, const bt_key_id *id, bt_bytes *ret_row) {
    return bt_txn_row(txn, BT_TABLE_NARROW, id_key(id), ret_row);
}

/* Decoded again before it is written: a row that no process can read would stop them all. */
bt_err bt_txn_put_environments(bt_txn *txn, const bt_environments *environments) {
    bt_bytes row BT_CLEANUP(free_row) = {0};
    bt_environments decoded;
    BT_TRY(bt_environments_encode(environments, &row));
    if (bt_environments_decode(row, &decoded)) return BT_ERR_INVALID;
    BT_TRY(bt_txn_put_row(txn, BT_TABLE_META, BT_LITERAL(BT_META_ENVIRONMENTS), row, 0));
    txn->view.environments = decoded;
    txn->view.lacks_peppers = !bt_store_find_peppers(txn->store, &txn->view.environments);
    txn->view.environments_generation = ++txn->view.head.environments_generation;
    return BT_OK;
}

bt_err bt_txn_put_catalogue(bt_txn *txn, const bt_catalogue *catalogue) {
    bt_bytes row BT_CLEANUP(free_row) = {0};
    bt_catalogue next = *catalogue;
    next.generation = txn->view.head.catalogue_generation + 1;
    BT_TRY(bt_catalogue_encode(&next, &row));
    if (bt_catalogue_decode(row, &next)) return BT_ERR_INVALID;
    BT_TRY(bt_txn_put_row(txn, BT_TABLE_META, BT_LITERAL(BT_META_CATALOGUE), row, 0));
    txn->view.catalogue = next;
    txn->view.head.catalogue_generation = next.generation;
    txn->view.head.live = next.live;
    return BT_OK;
}
