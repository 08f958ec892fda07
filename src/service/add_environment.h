/* Adding an environment. The command line alone does this. */
#ifndef BT_SERVICE_ADD_ENVIRONMENT_H
#define BT_SERVICE_ADD_ENVIRONMENT_H

#include "store/writer.h"

typedef struct bt_add_environment {
    bt_change change;      /* the first member; result: change.fault, change.revision */
    bt_bytes name;         /* must hold until the change is done */
    bt_bytes prefix;       /* of its tokens; empty: bt_<name> */
    bt_environment result; /* where change.fault.err is 0 */
} bt_add_environment;

/* Durable on return. BT_ERR_INVALID (name, prefix), BT_ERR_EXISTS (either is taken), BT_ERR_PRECONDITION (imported
 * tokens begin so), BT_ERR_EXHAUSTED (BT_ENVIRONMENTS_MAX), and those of the store. */
void bt_add_environment_run(bt_add_environment *add, bt_store *store);

#endif
