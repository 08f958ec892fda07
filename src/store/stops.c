#include "store/stops.h"

#include "store/rows.h"

/* Reads a row through a snapshot or a transaction, whichever the caller has. */
typedef struct reader {
    bt_snapshot *snapshot;
    bt_txn *txn;
} reader;

static bt_err read_row(reader in, bt_table table, bt_bytes key, bt_bytes *ret_row) {
    return in.snapshot ? bt_snapshot_row(in.snapshot, table, key, ret_row)
                       : bt_txn_row(in.txn, table, key, ret_row);
}

static bt_bytes key_bytes(const bt_stop_key *key) {
    return bt_bytes_of(key, sizeof *key);
}

static bt_err read_stop(reader in, const bt_stop_key *key, bt_stop_row *ret_row) {
    bt_bytes bytes;
    bt_stop_row row;
    BT_TRY(read_row(in, BT_TABLE_STOPPED, key_bytes(key), &bytes));
    if (bytes.size != sizeof row) return BT_ERR_INTERNAL;
    memcpy(&row, bytes.data, sizeof row);
    bool known = row.version == 1 && row.why >= BT_STOP_BLOCKED && row.why <= BT_STOP_ENDED;
    if (!known) return BT_ERR_INTERNAL;
    *ret_row = row;
    return BT_OK;
}

/* The rows that may stop a record. */
typedef struct stop_keys {
    bt_stop_key user, org, membership;
    bool has_user, has_org;
} stop_keys;

static stop_keys keys_of(const bt_record *record) {
    stop_keys keys = {.has_user = record->flags & BT_RECORD_USER,
                      .has_org = record->flags & BT_RECORD_ORG};
    memcpy(keys.user.user.bytes, record->user_ref, BT_REF_SIZE);
    memcpy(keys.org.org.bytes, record->org_ref, BT_REF_SIZE);
    keys.membership = (bt_stop_key){keys.user.user, keys.org.org};
    return keys;
}

/* Adds `bit` where there is a row. */
static bt_err collect(reader in, const bt_stop_key *key, uint32_t bit, uint32_t *stopped) {
    bt_stop_row row;
    bt_err err = read_stop(in, key, &row);
    if (!err) *stopped |= bit;
    return err == BT_ERR_NOT_FOUND ? BT_OK : err;
}

static bt_err read_stopped(reader in, const bt_record *record, uint32_t *ret_stopped) {
    stop_keys keys = keys_of(record);
    uint32_t stopped = 0;
    if (keys.has_user) BT_TRY(collect(in, &keys.user, BT_STOPPED_USER, &stopped));
    if (keys.has_org) BT_TRY(collect(in, &keys.org, BT_STOPPED_ORG, &stopped));
    if (keys.has_user && keys.has_org)
        BT_TRY(collect(in, &keys.membership, BT_STOPPED_MEMBERSHIP, &stopped));
    *ret_stopped = stopped;
    return BT_OK;
}

static bt_err find_deletion(reader in, const bt_stop_key *key, int64_t *first_ms) {
    bt_stop_row row;
    bt_err err = read_stop(in, key, &row);
    if (!err && row.why == BT_STOP_DELETED && row.since_ms < *first_ms) *first_ms = row.since_ms;
    return err == BT_ERR_NOT_FOUND ? BT_OK : err;
}

static bt_err read_deleted(reader in, const bt_record *record, uint32_t owners,
                           int64_t *ret_since_ms) {
    stop_keys keys = keys_of(record);
    int64_t first_ms = BT_NEVER_MS;
    if (keys.has_user && owners & BT_STOPPED_USER) BT_TRY(find_deletion(in, &keys.user, &first_ms));
    if (keys.has_org && owners & BT_STOPPED_ORG) BT_TRY(find_deletion(in, &keys.org, &first_ms));
    *ret_since_ms = first_ms;
    return BT_OK;
}

static bool nobody_stopped(const bt_head *head, const bt_record *record) {
    return !(head->flags & BT_HEAD_STOPPED_OWNERS) ||
           !(record->flags & (BT_RECORD_USER | BT_RECORD_ORG));
}

bt_err bt_snapshot_stopped(bt_snapshot *snapshot, const bt_record *record, uint32_t *ret_stopped) {
    if (!nobody_stopped(bt_snapshot_head(snapshot), record))
        return read_stopped((reader){.snapshot = snapshot}, record, ret_stopped);
    *ret_stopped = 0;
    return BT_OK;
}

bt_err bt_txn_stopped(bt_txn *txn, const bt_record *record, uint32_t *ret_stopped) {
    if (!nobody_stopped(bt_txn_head(txn), record))
        return read_stopped((reader){.txn = txn}, record, ret_stopped);
    *ret_stopped = 0;
    return BT_OK;
}

bt_err bt_snapshot_deleted(bt_snapshot *snapshot, const bt_record *record, uint32_t owners,
                           int64_t *ret_since_ms) {
    return read_deleted((reader){.snapshot = snapshot}, record, owners, ret_since_ms);
}

bt_err bt_txn_deleted(bt_txn *txn, const bt_record *record, uint32_t owners,
                      int64_t *ret_since_ms) {
    return read_deleted((reader){.txn = txn}, record, owners, ret_since_ms);
}

bt_err bt_snapshot_stop(bt_snapshot *snapshot, const bt_stop_key *key, bt_stop_row *ret_row) {
    return read_stop((reader){.snapshot = snapshot}, key, ret_row);
}

bt_err bt_txn_stop(bt_txn *txn, const bt_stop_key *key, bt_stop_row *ret_row) {
    return read_stop((reader){.txn = txn}, key, ret_row);
}

bt_err bt_txn_put_stop(bt_txn *txn, const bt_stop_key *key, bt_stop_why why) {
    bt_stop_row row = {.version = 1, .why = (uint8_t)why, .since_ms = bt_txn_now_ms(txn)};
    BT_TRY(bt_txn_put_row(txn, BT_TABLE_STOPPED, key_bytes(key), bt_bytes_of(&row, sizeof row), 0));
    bt_txn_head(txn)->flags |= BT_HEAD_STOPPED_OWNERS;
    return BT_OK;
}

bt_err bt_txn_delete_stop(bt_txn *txn, const bt_stop_key *key) {
    uint64_t left = 0;
    BT_TRY(bt_txn_delete_row(txn, BT_TABLE_STOPPED, key_bytes(key)));
    BT_TRY(bt_txn_count(txn, BT_TABLE_STOPPED, &left));
    if (left == 0) bt_txn_head(txn)->flags &= ~(uint32_t)BT_HEAD_STOPPED_OWNERS;
    return BT_OK;
}

typedef struct owner_name {
    uint8_t bytes[2 + BT_OWNER_ID_MAX];
    size_t size;
} owner_name;

static bt_err name_owner(uint8_t environment, bt_owner_kind kind, bt_bytes id,
                         owner_name *ret_name) {
    if (id.size == 0 || id.size > BT_OWNER_ID_MAX) return BT_ERR_INVALID;
    ret_name->bytes[0] = environment;
    ret_name->bytes[1] = (uint8_t)kind;
    memcpy(ret_name->bytes + 2, id.data, id.size);
    ret_name->size = 2 + id.size;
    return BT_OK;
}

static bt_err read_incarnation(reader in, const owner_name *name, uint32_t *ret_incarnation) {
    bt_bytes row;
    uint32_t incarnation = 0;
    bt_err err = read_row(in, BT_TABLE_INCARNATION, bt_bytes_of(name->bytes, name->size), &row);
    if (err && err != BT_ERR_NOT_FOUND) return err;
    if (!err && row.size != sizeof incarnation) return BT_ERR_INTERNAL;
    if (!err) memcpy(&incarnation, row.data, sizeof incarnation);
    *ret_incarnation = incarnation;
    return BT_OK;
}

bt_err bt_snapshot_incarnation(bt_snapshot *snapshot, uint8_t environment, bt_owner_kind kind,
                               bt_bytes id, uint32_t *ret_incarnation) {
    owner_name name;
    BT_TRY(name_owner(environment, kind, id, &name));
    return read_incarnation((reader){.snapshot = snapshot}, &name, ret_incarnation);
}

bt_err bt_txn_incarnation(bt_txn *txn, uint8_t environment, bt_owner_kind kind, bt_bytes id,
                          uint32_t *ret_incarnation) {
    owner_name name;
    BT_TRY(name_owner(environment, kind, id, &name));
    return read_incarnation((reader){.txn = txn}, &name, ret_incarnation);
}

bt_err bt_txn_raise_incarnation(bt_txn *txn, uint8_t environment, bt_owner_kind kind, bt_bytes id) {
    owner_name name;
    uint32_t incarnation;
    BT_TRY(name_owner(environment, kind, id, &name));
    BT_TRY(read_incarnation((reader){.txn = txn}, &name, &incarnation));
    incarnation++;
    return bt_txn_put_row(txn, BT_TABLE_INCARNATION, bt_bytes_of(name.bytes, name.size),
                          bt_bytes_of(&incarnation, sizeof incarnation), 0);
}
