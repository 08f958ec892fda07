/* Ending a key for ever. */
#ifndef BT_SERVICE_REVOKE_KEY_H
#define BT_SERVICE_REVOKE_KEY_H

#include "service/mutation.h"

typedef struct bt_revoke_key {
    bt_mutation mutation;
    /* Views must hold until the change is done. */
    bt_bytes key_id; /* as text; or */
    bt_bytes token;  /* bare or as `Bearer <token>`: for whoever found one */
    bt_bytes reason; /* for the audit; may be empty */
    bt_key_id id;    /* of the key, once it is known */
} bt_revoke_key;

/* Ends as bt_mutation_run does. A key that is revoked already stays as it is, and that is no fault.
 * BT_ERR_INVALID, BT_ERR_NOT_FOUND (also for a key of another environment than the caller's),
 * BT_ERR_UNAUTHENTICATED, BT_ERR_FORBIDDEN, and those of the writer and the store. */
void bt_revoke_key_run(bt_revoke_key *revoke, bt_service *service, const bt_caller *caller);

#endif
