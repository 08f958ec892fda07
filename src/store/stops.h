/* Stopped owners: users and organizations that are blocked or deleted, and memberships that have ended. One row stops
 * every key of an owner, however many there are. */
#ifndef BT_STORE_STOPS_H
#define BT_STORE_STOPS_H

#include "key/owner.h"
#include "store/writer.h"

typedef enum bt_stop_why {
    BT_STOP_BLOCKED = 1, /* until it is resumed */
    BT_STOP_DELETED = 2, /* for ever */
    BT_STOP_ENDED = 3,   /* a membership; until it is resumed */
} bt_stop_why;

/* In the file as it stands here, little-endian. */
typedef struct bt_stop_row {
    uint8_t version; /* 1 */
    uint8_t why;     /* bt_stop_why */
    uint8_t reserved[6];
    int64_t since_ms;
} bt_stop_row;

static_assert(sizeof(bt_stop_row) == 16, "stop row size");

/* Which owners of a record are stopped (BT_STOPPED_*). Reads nothing
 * where the head says that nobody is. */
bt_err bt_snapshot_stopped(bt_snapshot *snapshot, const bt_record *record, uint32_t *ret_stopped);
bt_err bt_txn_stopped(bt_txn *txn, const bt_record *record, uint32_t *ret_stopped);

/* When the first of those owners of a record (of BT_STOPPED_USER and BT_STOPPED_ORG) was deleted; BT_NEVER_MS where none
 * was. */
bt_err bt_snapshot_deleted(bt_snapshot *snapshot, const bt_record *record, uint32_t owners,
                           int64_t *ret_since_ms);
bt_err bt_txn_deleted(bt_txn *txn, const bt_record *record, uint32_t owners, int64_t *ret_since_ms);

/* The row of an owner or membership. BT_ERR_NOT_FOUND: it is not stopped. */
bt_err bt_snapshot_stop(bt_snapshot *snapshot, const bt_stop_key *key, bt_stop_row *ret_row);
bt_err bt_txn_stop(bt_txn *txn, const bt_stop_key *key, bt_stop_row *ret_row);

/* Keeps the flag in the head right. BT_ERR_NOT_FOUND where there is nothing to delete. */
bt_err bt_txn_put_stop(bt_txn *txn, const bt_stop_key *key, bt_stop_why why);
bt_err bt_txn_delete_stop(bt_txn *txn, const bt_stop_key *key);

/* How often an owner of this id has been deleted: part of its reference. id: 1 to BT_OWNER_ID_MAX bytes. */
bt_err bt_snapshot_incarnation(bt_snapshot *snapshot, uint8_t environment, bt_owner_kind kind,
                               bt_bytes id, uint32_t *ret_incarnation);
bt_err bt_txn_incarnation(bt_txn *txn, uint8_t environment, bt_owner_kind kind, bt_bytes id,
                          uint32_t *ret_incarnation);
bt_err bt_txn_raise_incarnation(bt_txn *txn, uint8_t environment, bt_owner_kind kind, bt_bytes id);

#endif
