/* Making a key.
 *
 *     bt_create_key create = {.request = {...}};
 *     bt_create_key_run(&create, service, &caller);
 *     if (!create.mutation.change.fault.err) ... create.issued.token, create.issued.key ...
 *     bt_create_key_wipe(&create);
 */
#ifndef BT_SERVICE_CREATE_KEY_H
#define BT_SERVICE_CREATE_KEY_H

#include "service/issue.h"
#include "service/key_plan.h"
#include "service/mutation.h"

typedef struct bt_create_key {
    bt_mutation mutation;
    bt_create_key_request request;
    /* Results. The key's views point into this object and into what the request points to. */
    bt_issued issued;
    bt_key_plan plan; /* what the key's views point to */
} bt_create_key;

/* Ends as bt_mutation_run does. Faults: BT_ERR_INVALID, BT_ERR_FORBIDDEN, BT_ERR_UNAUTHENTICATED (the
 * caller's key went bad), and those of the writer and the store. */
void bt_create_key_run(bt_create_key *create, bt_service *service, const bt_caller *caller);

/* To be called once the answer is out. */
void bt_create_key_wipe(bt_create_key *create);

#endif
