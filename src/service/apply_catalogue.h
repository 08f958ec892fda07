/* Changing the catalogue to what a file says. The command line alone does this. */
#ifndef BT_SERVICE_APPLY_CATALOGUE_H
#define BT_SERVICE_APPLY_CATALOGUE_H

#include "catalogue/draft.h"
#include "store/writer.h"

/* Large: not for the stack. */
typedef struct bt_apply_catalogue {
    bt_change change;      /* the first member; result: change.fault, change.revision */
    const bt_draft *draft; /* must hold until the change is done */
    /* Where change.fault.err is 0. Both are of one generation where nothing had to be changed. */
    bt_catalogue before, after;
} bt_apply_catalogue;

/* Durable on return, and seen by every process at its next snapshot. The file is held against the catalogue inside the
 * transaction, whatever a preview said. BT_ERR_INVALID, with the line, and errors of the store. */
void bt_apply_catalogue_run(bt_apply_catalogue *apply, bt_store *store);

/* What it would do, as the snapshot has it. Sets the results, and change.fault. */
void bt_apply_catalogue_preview(bt_apply_catalogue *apply, bt_snapshot *snapshot);

#endif
