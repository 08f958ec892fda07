#include "store/txn.h"

#include <stdlib.h>

#include "store/engine.h"
#include "store/lmdb_err.h"

bt_txn *bt_txn_new(bt_store *store) {
    bt_txn *txn = calloc(1, sizeof *txn);
    if (txn) txn->store = store;
    return txn;
}

bt_err bt_txn_begin(bt_txn *txn, bt_fault *fault) {
    txn->rc = 0;
    txn->changes = 0;
    if (bt_store_is_replaced(txn->store)) return bt_store_replaced(txn->store, fault);
    int rc = mdb_txn_begin(txn->store->env, NULL, 0, &txn->mdb);
    if (rc) {
        txn->mdb = NULL;
        return bt_store_fail(txn->store, rc, fault);
    }
    txn->now_ms = bt_clock_ms();
    bt_err err = bt_view_read(&txn->view, txn->mdb, txn->store);
    if (!err) return BT_OK;
    bt_txn_abort(txn);
    return bt_fail(fault, err, "store %s: a row of the table meta is damaged; restore a backup",
                   bt_store_directory(txn->store));
}

/* The view may hold what this transaction alone has seen. */
void bt_txn_abort(bt_txn *txn) {
    if (txn->mdb) mdb_txn_abort(txn->mdb);
    txn->mdb = NULL;
    bt_view_forget(&txn->view);
}

static bool failed(bt_txn *txn, bt_change *change, bt_err err, const bt_head *before) {
    if (txn->rc) {
        bt_store_fail(txn->store, txn->rc, &change->fault);
        return true;
    }
    change->fault.err = err;
    txn->view.head = *before;
    return txn->wrote;
}

bool bt_txn_apply(bt_txn *txn, bt_change *change) {
    bt_head before = txn->view.head;
    txn->wrote = false;
    change->fault = (bt_fault){0};
    change->revision = 0;
    bt_err err = change->apply(change, txn, &change->fault);
    if (err || txn->rc) return !failed(txn, change, err, &before);
    change->fault = (bt_fault){0};
    txn->view.head.revision = before.revision;
    if (txn->wrote || memcmp(&txn->view.head, &before, sizeof before) != 0) {
        txn->view.head.revision++;
        txn->changes++;
    }
    change->revision = txn->view.head.revision;
    return true;
}

static void count(const bt_txn *txn, int64_t time_ns) {
    if (!txn->commits) return;
    bt_time_count(&txn->commits->time, 1, time_ns);
    atomic_fetch_add_explicit(&txn->commits->changes, txn->changes, memory_order_relaxed);
}

bt_err bt_txn_commit(bt_txn *txn, bt_fault *fault) {
    if (!txn->changes) {
        mdb_txn_abort(txn->mdb);
        txn->mdb = NULL;
        return BT_OK;
    }
    int64_t begun_ns = bt_clock_monotonic_ns();
    int rc = bt_table_put(txn->mdb, &txn->store->tables, BT_TABLE_META, BT_LITERAL(BT_META_HEAD),
                          bt_bytes_of(&txn->view.head, sizeof txn->view.head), 0);
    if (rc) {
        bt_txn_abort(txn);
        return bt_store_fail(txn->store, rc, fault);
    }
    rc = mdb_txn_commit(txn->mdb); /* frees it either way */
    txn->mdb = NULL;
    if (rc) {
        bt_view_forget(&txn->view);
        return bt_store_fail(txn->store, rc, fault);
    }
    count(txn, bt_clock_monotonic_ns() - begun_ns);
    /* Written to a file that nobody will open any more. */
    return bt_store_look(txn->store) ? bt_store_replaced(txn->store, fault) : BT_OK;
}

void bt_txn_run(bt_txn *txn, bt_change *change) {
    change->fault = (bt_fault){0};
    if (bt_txn_begin(txn, &change->fault)) return;
    if (!bt_txn_apply(txn, change) || change->fault.err)
        bt_txn_abort(txn);
    else
        bt_txn_commit(txn, &change->fault);
}

bt_err bt_store_change(bt_store *store, bt_change *change) {
    if (!bt_store_usable(store)) return bt_store_forked(store, &change->fault);
    bt_txn *txn = bt_txn_new(store);
    if (!txn) return bt_fail(&change->fault, BT_ERR_EXHAUSTED, "store: no memory");
    bt_txn_run(txn, change);
    free(txn);
    return change->fault.err;
}
