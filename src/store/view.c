#include "store/view.h"

#include "store/engine.h"
#include "store/foreign_peppers.h"
#include "store/lmdb_err.h"
#include "store/row.h"

static bt_err read_row(MDB_txn *txn, const bt_tables *tables, bt_bytes name, bt_bytes *ret_row) {
    int rc = bt_table_get(txn, tables, BT_TABLE_META, name, ret_row);
    return rc == MDB_NOTFOUND ? BT_ERR_INTERNAL : bt_lmdb_err(rc);
}

static bt_err read_head(bt_view *view, MDB_txn *txn, const bt_tables *tables) {
    bt_bytes row;
    BT_TRY(read_row(txn, tables, BT_LITERAL(BT_META_HEAD), &row));
    if (row.size != sizeof view->head) return BT_ERR_INTERNAL;
    memcpy(&view->head, row.data, sizeof view->head);
    bool ok = view->head.version == BT_HEAD_VERSION && view->head.catalogue_generation &&
              view->head.environments_generation && !(view->head.live & BT_MASK_FORBIDDEN);
    return ok ? BT_OK : BT_ERR_INTERNAL;
}

static bt_err read_environments(bt_view *view, MDB_txn *txn, const bt_tables *tables) {
    bt_bytes row;
    BT_TRY(read_row(txn, tables, BT_LITERAL(BT_META_ENVIRONMENTS), &row));
    BT_TRY(bt_environments_decode(row, &view->environments));
    view->environments_generation = view->head.environments_generation;
    return BT_OK;
}

/* Decided with is the head's mask of live scopes, named with the catalogue: they must be one. */
static bt_err read_catalogue(bt_view *view, MDB_txn *txn, const bt_tables *tables) {
    bt_bytes row;
    BT_TRY(read_row(txn, tables, BT_LITERAL(BT_META_CATALOGUE), &row));
    view->catalogue.generation = 0;
    BT_TRY(bt_catalogue_decode(row, &view->catalogue));
    bool same = view->catalogue.generation == view->head.catalogue_generation &&
                view->catalogue.live == view->head.live;
    if (!same) view->catalogue.generation = 0;
    return same ? BT_OK : BT_ERR_INTERNAL;
}

bt_err bt_view_read(bt_view *view, MDB_txn *txn, bt_store *store) {
    BT_TRY(read_head(view, txn, &store->tables));
    bool changed = view->environments_generation != view->head.environments_generation;
    if (changed) BT_TRY(read_environments(view, txn, &store->tables));
    if (changed || view->lacks_peppers)
        view->lacks_peppers = !bt_store_find_peppers(store, &view->environments);
    if (view->catalogue.generation != view->head.catalogue_generation)
        BT_TRY(read_catalogue(view, txn, &store->tables));
    return BT_OK;
}

void bt_view_forget(bt_view *view) {
    view->environments_generation = 0;
    view->catalogue.generation = 0;
}
