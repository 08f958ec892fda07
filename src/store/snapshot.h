/* The read side. A snapshot shows the store as it was at one revision. A thread keeps one and renews it for
 * every question: renew, look up, reset. What it hands out points into the file and holds until the reset. */
#ifndef BT_STORE_SNAPSHOT_H
#define BT_STORE_SNAPSHOT_H

#include "key/environment.h"
#include "key/record.h"
#include "scope/catalogue.h"
#include "store/store.h"

#define BT_HEAD_VERSION 1u

/* One row that is read in every snapshot. In the file as it stands here, little-endian. */
typedef struct bt_head {
    uint32_t version; /* of this row: BT_HEAD_VERSION */
    uint32_t flags;   /* BT_HEAD_* */
    uint64_t revision;
    uint64_t live; /* mask of live scopes */
    uint64_t catalogue_generation;
    uint64_t environments_generation;
    uint8_t store_id[BT_STORE_ID_SIZE];
    uint64_t reserved;
} bt_head;

static_assert(sizeof(bt_head) == 64, "head size");

enum {
    BT_HEAD_STOPPED_OWNERS = 1u << 0, /* there may be rows in `stopped` */
    BT_HEAD_IMPORTED_KEYS = 1u << 1,  /* there may be records of imported tokens */
};

typedef struct bt_snapshot bt_snapshot;

/* Takes a slot in LMDB's table of readers, until closed. For one thread at a time. */
bt_err bt_snapshot_open(bt_store *store, bt_snapshot **ret_snapshot, bt_fault *fault);
bt_snapshot *bt_snapshot_close(bt_snapshot *snapshot);

/* Moves to the newest committed revision. Reads the head, and the catalogue and environments where they
 * changed; otherwise allocates nothing. BT_ERR_UNAVAILABLE or BT_ERR_INTERNAL: nothing can be answered. */
bt_err bt_snapshot_renew(bt_snapshot *snapshot);
/* Gives the pages back. Harmless where it is not renewed. */
void bt_snapshot_reset(bt_snapshot *snapshot);

/* All of the following: between renew and reset. */
const bt_head *bt_snapshot_head(const bt_snapshot *snapshot);
const bt_catalogue *bt_snapshot_catalogue(const bt_snapshot *snapshot);
const bt_environments *bt_snapshot_environments(const bt_snapshot *snapshot);

/* The record of a digest, compared in full and in constant time. ret_record is NULL where there is none.
 * BT_ERR_INTERNAL: the row is damaged; deny. */
bt_err bt_snapshot_record(bt_snapshot *snapshot, const bt_digest *digest,
                          const bt_record **ret_record);

/* Looks many rows up together: records by bt_digest_slot (uint64_t), details by id (bt_key_id). They wait for
 * memory at the same time, so it is worth it from two on. ret_rows: until the snapshot is reset; without data, one has
 * to be looked up by itself. Changes no answer. */
void bt_snapshot_expect(bt_snapshot *snapshot, const void *const *slots, size_t count,
                        bt_bytes *ret_rows);
void bt_snapshot_expect_details(bt_snapshot *snapshot, const void *const *ids, size_t count,
                                bt_bytes *ret_rows);
/* As bt_snapshot_record. row: what bt_snapshot_expect gave for the slot of this digest, or nothing. */
bt_err bt_snapshot_expected(bt_snapshot *snapshot, bt_bytes row, const bt_digest *digest,
                            const bt_record **ret_record);

/* The record at a row's key (bt_detail.record_key). BT_ERR_NOT_FOUND. */
bt_err bt_snapshot_record_at(bt_snapshot *snapshot, uint64_t slot, const bt_record **ret_record);

/* The encoded detail of a key, to be decoded with bt_detail_decode (store/detail.h). BT_ERR_NOT_FOUND. */
bt_err bt_snapshot_detail(bt_snapshot *snapshot, const bt_key_id *id, bt_bytes *ret_row);

/* The row of what narrows a key (key/narrow.h), where its record is flagged so. BT_ERR_NOT_FOUND. */
bt_err bt_snapshot_narrow(bt_snapshot *snapshot, const bt_key_id *id, bt_bytes *ret_row);

/* The first key whose id is not below `from`, in order of id. BT_ERR_NOT_FOUND at the end. A walk moves on
 * with the id after the one it got (bt_key_id_next). */
bt_err bt_snapshot_seek(bt_snapshot *snapshot, const bt_key_id *from, bt_key_id *ret_id,
                        bt_bytes *ret_row);
/* As bt_snapshot_seek, among the keys of one user or organization. */
bt_err bt_snapshot_seek_owned(bt_snapshot *snapshot, const uint8_t owner[BT_REF_SIZE],
                              const bt_key_id *from, bt_key_id *ret_id);
/* Every bit that any key of the store, whatever its state, was granted by mask. Reads all records, so it
 * is not for the way of a check. BT_ERR_INTERNAL where one is damaged. */
bt_err bt_snapshot_granted(bt_snapshot *snapshot, uint64_t *ret_mask);

bool bt_key_id_next(bt_key_id *id); /* false: that was the last possible id */

#endif
