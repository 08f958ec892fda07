/* What a transaction starts from: the head, and the catalogue and environments that it speaks of,
 * which are decoded again only where they have changed. */
#ifndef BT_STORE_VIEW_H
#define BT_STORE_VIEW_H

#include "store/snapshot.h"
#include "store/tables.h"

typedef struct bt_view {
    bt_head head;
    uint64_t environments_generation; /* of `environments`; 0: none was read */
    bool lacks_peppers; /* of other systems: one that a scheme needs could not be read */
    bt_environments environments;
    bt_catalogue catalogue; /* generation 0: none was read */
} bt_view;

/* BT_ERR_INTERNAL where a row is damaged; the view is then not to be used. */
bt_err bt_view_read(bt_view *view, MDB_txn *txn, bt_store *store);

/* To be called when what the view was read from is not what is in the store. */
void bt_view_forget(bt_view *view);

#endif
