/* A write transaction, in which changes are applied one after the other. For the thread that began
 * it. */
#ifndef BT_STORE_TXN_H
#define BT_STORE_TXN_H

#include "store/view.h"
#include "store/writer.h"

struct bt_txn {
    bt_store *store;
    MDB_txn *mdb; /* NULL outside of a transaction */
    int64_t now_ms;
    int rc;              /* code of LMDB that broke the transaction; 0: none did */
    bool wrote;          /* something, by the change being applied */
    uint64_t changes;    /* that wrote something */
    bt_commits *commits; /* where commits are counted; NULL: nowhere */
    bt_view view;
};

/* Memory for one transaction at a time. NULL where there is none. Freed with free. */
bt_txn *bt_txn_new(bt_store *store);

/* Waits for LMDB's write lock. */
bt_err bt_txn_begin(bt_txn *txn, bt_fault *fault);

/* Runs the change and sets its fault and revision. False: the transaction is broken, by the change
 * or by the store, and is to be aborted. */
bool bt_txn_apply(bt_txn *txn, bt_change *change);

/* Ends the transaction; on success what was applied is on disk. */
bt_err bt_txn_commit(bt_txn *txn, bt_fault *fault);
void bt_txn_abort(bt_txn *txn);

/* All of this for one change. Its fault says how it went. */
void bt_txn_run(bt_txn *txn, bt_change *change);

#endif
