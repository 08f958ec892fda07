/* Rotating a key: a new token, with the old one good for a time of grace. */
#ifndef BT_SERVICE_ROTATE_KEY_H
#define BT_SERVICE_ROTATE_KEY_H

#include "service/expiry.h"
#include "service/issue.h"
#include "service/mutation.h"

#define BT_GRACE_MAX_MS (366 * BT_DAY_MS)

typedef struct bt_rotate_key {
    bt_mutation mutation;
    /* Views must hold until the change is done. */
    bt_bytes key_id;
    int64_t grace_ms;         /* 0: the old key ends at once */
    bt_expiry_request expiry; /* of the new key; not said: that of the old one */
    /* Results. */
    bt_issued issued; /* the new key and its token */
    int64_t old_expires_ms;
    bt_key_id id;
    uint8_t links[2 * BT_KEY_ID_SIZE];
    char created_by[BT_KEY_ID_TEXT_SIZE];
    uint8_t details[BT_DETAIL_ARENA]; /* what the key's views point to */
} bt_rotate_key;

/* Ends as bt_mutation_run does. BT_ERR_INVALID, BT_ERR_NOT_FOUND, BT_ERR_PRECONDITION (the key is revoked, disabled,
 * expired or rotated already), BT_ERR_FORBIDDEN (the caller lacks what the key holds), BT_ERR_UNAUTHENTICATED, and
 * those of the writer and the store. */
void bt_rotate_key_run(bt_rotate_key *rotate, bt_service *service, const bt_caller *caller);

/* To be called once the answer is out. */
void bt_rotate_key_wipe(bt_rotate_key *rotate);

#endif
