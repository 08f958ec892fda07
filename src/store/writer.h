/* The write side. A change is a small object with an `apply` that is run inside a write transaction: by the
 * writer thread, which commits many changes in one durable transaction (group commit), or by the calling
 * thread (bt_store_change), which is what command-line programs do beside a running server. */
#ifndef BT_STORE_WRITER_H
#define BT_STORE_WRITER_H

#include "base/time_counter.h"
#include "key/environment.h"
#include "key/record.h"
#include "scope/catalogue.h"
#include "store/detail.h"
#include "store/snapshot.h"

typedef struct bt_txn bt_txn;
typedef struct bt_change bt_change;

struct bt_change {
    /* Reads, checks, and only then writes: once it has written it must not fail for a reason of its own. An
     * error before the first write leaves the transaction as it was, and the other changes in it go on. An error
     * of the store itself (disk full) aborts the transaction; then each change in it is applied again, in a
     * transaction of its own: so apply must be able to run twice and start from its inputs each time. */
    bt_err (*apply)(bt_change *change, bt_txn *txn, bt_fault *fault);
    /* Called once, on the writer thread, after the commit is on disk (fault.err is 0) or the change failed. Owns
     * the change from then on. Not used by bt_store_change. */
    void (*done)(bt_change *change);
    int64_t deadline_ms; /* not begun after this: BT_ERR_DEADLINE; BT_NEVER_MS */
    /* Results. */
    bt_fault fault;
    uint64_t revision; /* at which the change is seen */
    bt_change *next;   /* the queue's */
};

typedef struct bt_writer bt_writer;

/* Starts the thread. queue_limit: changes waiting at most. */
bt_err bt_writer_start(bt_store *store, size_t queue_limit, bt_writer **ret_writer,
                       bt_fault *fault);
/* Finishes what is queued, then joins. What was taken has been submitted: those calls have returned. NULL is
 * taken; returns NULL. */
bt_writer *bt_writer_stop(bt_writer *writer);
/* Never waits. BT_ERR_EXHAUSTED where the queue is full, BT_ERR_UNAVAILABLE where the writer is stopping: done is
 * then not called. From any thread. */
bt_err bt_writer_submit(bt_writer *writer, bt_change *change);

/* What this writer has put on disk. */
typedef struct bt_commits {
    bt_time_counter time;     /* of each commit: the writing out, and the waiting for the disk */
    _Atomic uint64_t changes; /* in them; one that changed nothing is not counted */
} bt_commits;

/* Lives as long as the writer. From any thread. */
const bt_commits *bt_writer_commits(const bt_writer *writer);

/* Applies one change in a transaction of its own, durable on return. Takes LMDB's write lock, in turn with a
 * server. The result is change->fault.err. */
bt_err bt_store_change(bt_store *store, bt_change *change);

/* Inside apply only. Reading sees the writes before it in the same transaction. Times are taken once a
 * transaction. */
bt_store *bt_txn_store(bt_txn *txn);
int64_t bt_txn_now_ms(const bt_txn *txn);
bt_head *bt_txn_head(
    bt_txn *txn); /* written with the commit; its revision is raised by one for each change that
                                 * wrote */
const bt_catalogue *bt_txn_catalogue(bt_txn *txn);
const bt_environments *bt_txn_environments(bt_txn *txn);
bt_err bt_txn_record_at(bt_txn *txn, uint64_t slot, const bt_record **ret_record);
bt_err bt_txn_granted(bt_txn *txn, uint64_t *ret_mask); /* as bt_snapshot_granted */
bt_err bt_txn_detail(bt_txn *txn, const bt_key_id *id, bt_bytes *ret_row);
bt_err bt_txn_narrow(bt_txn *txn, const bt_key_id *id, bt_bytes *ret_row);

/* As bt_snapshot_seek_owned, and the record with it. */
bt_err bt_txn_seek_owned(bt_txn *txn, const uint8_t owner[BT_REF_SIZE], const bt_key_id *from,
                         bt_key_id *ret_id, const bt_record **ret_record);

/* Writes. Any error of these is an error of the store; apply returns it as it is. */

/* A new key: its record, its detail, its place in the index by owner. BT_ERR_EXISTS, before anything is written,
 * where the slot or the id is taken. */
bt_err bt_txn_insert_key(bt_txn *txn, uint64_t slot, const bt_record *record,
                         const bt_detail *detail);
/* An existing key, whose slot is detail->record_key. BT_ERR_NOT_FOUND where that slot is not its. */
bt_err bt_txn_update_key(bt_txn *txn, const bt_record *record, const bt_detail *detail);
/* Every trace of a key. BT_ERR_NOT_FOUND as above. */
bt_err bt_txn_delete_key(bt_txn *txn, uint64_t slot, const bt_key_id *id);
/* What narrows a key; no bytes: nothing does. The caller keeps BT_RECORD_NARROW in step. */
bt_err bt_txn_put_narrow(bt_txn *txn, const bt_key_id *id, bt_bytes row);
/* Both raise their generation in the head; the catalogue's own is set by this. BT_ERR_INVALID where
 * the value breaks a rule of its type. */
bt_err bt_txn_put_environments(bt_txn *txn, const bt_environments *environments);
bt_err bt_txn_put_catalogue(bt_txn *txn, const bt_catalogue *catalogue);

/* Answers of changes, kept for who asks again (service/request_id.h). name: BT_REQUEST_NAME_SIZE bytes. */
#define BT_REQUEST_NAME_SIZE 16u

/* In the file as it stands here, little-endian, with the answer behind it. */
typedef struct bt_kept_request {
    int64_t at_ms;
    uint8_t body[16];
} bt_kept_request;

static_assert(sizeof(bt_kept_request) == 24, "kept request size");

/* BT_ERR_NOT_FOUND. */
bt_err bt_txn_request(bt_txn *txn, const uint8_t name[BT_REQUEST_NAME_SIZE],
                      bt_kept_request *ret_kept, bt_bytes *ret_answer);
bt_err bt_txn_put_request(bt_txn *txn, const uint8_t name[BT_REQUEST_NAME_SIZE],
                          const bt_kept_request *kept, bt_bytes answer);
/* A few of those from before a time. */
bt_err bt_txn_forget_requests(bt_txn *txn, int64_t before_ms);

#endif
