#include "service/apply_catalogue.h"

#include "base/clock.h"
#include "catalogue/diff.h"
#include "catalogue/revise.h"

static bool same(const bt_catalogue *before, const bt_catalogue *after) {
    bt_diff diff;
    bt_catalogue_diff(before, after, &diff);
    return diff.count == 0;
}

/* The shipped catalogue becomes the team's own by the first file, even where that says the same. */
static bt_err revise(bt_apply_catalogue *apply, uint64_t granted, bt_fault *fault) {
    BT_TRY(bt_catalogue_revise(&apply->before, granted, apply->draft, &apply->after, fault));
    bool own = apply->before.generation > BT_CATALOGUE_SHIPPED;
    if (own && same(&apply->before, &apply->after)) apply->after = apply->before;
    return BT_OK;
}

static bt_err granted_failed(bt_err err, bt_fault *fault) {
    return bt_fail(fault, err, "a record in the store cannot be read");
}

static bt_err apply_file(bt_change *change, bt_txn *txn, bt_fault *fault) {
    bt_apply_catalogue *apply = (bt_apply_catalogue *)change;
    uint64_t granted = 0;
    apply->before = *bt_txn_catalogue(txn);
    if (apply->before.generation == BT_CATALOGUE_SHIPPED) {
        bt_err err = bt_txn_granted(txn, &granted);
        if (err) return granted_failed(err, fault);
    }
    BT_TRY(revise(apply, granted, fault));
    if (apply->after.generation == apply->before.generation) return BT_OK;
    return bt_txn_put_catalogue(txn, &apply->after);
}

void bt_apply_catalogue_run(bt_apply_catalogue *apply, bt_store *store) {
    apply->change.apply = apply_file;
    apply->change.deadline_ms = BT_NEVER_MS;
    apply->change.fault = (bt_fault){0};
    bt_store_change(store, &apply->change);
}

void bt_apply_catalogue_preview(bt_apply_catalogue *apply, bt_snapshot *snapshot) {
    uint64_t granted = 0;
    bt_err err = BT_OK;
    apply->change.fault = (bt_fault){0};
    apply->change.revision = bt_snapshot_head(snapshot)->revision;
    apply->before = *bt_snapshot_catalogue(snapshot);
    if (apply->before.generation == BT_CATALOGUE_SHIPPED)
        err = bt_snapshot_granted(snapshot, &granted);
    if (err)
        granted_failed(err, &apply->change.fault);
    else
        revise(apply, granted, &apply->change.fault);
}
