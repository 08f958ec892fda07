/* Stopping and resuming the owners of keys: a user, an organization, or the membership of a user in an
 * organization. proto/bitting/v1/owner.proto says which keys stop with whom. */
#ifndef BT_SERVICE_OWNERS_H
#define BT_SERVICE_OWNERS_H

#include "service/mutation.h"
#include "store/stops.h"

typedef enum bt_owner_action {
    BT_OWNER_STOP = 1,
    BT_OWNER_RESUME = 2,
    BT_OWNER_DELETE = 3,
    BT_OWNER_END_MEMBERSHIP = 4,
    BT_OWNER_RESUME_MEMBERSHIP = 5,
} bt_owner_action;

/* Values are those of bitting.v1.OwnerState. */
typedef enum bt_owner_state {
    BT_OWNER_ACTIVE = 1,
    BT_OWNER_BLOCKED = 2,
    BT_OWNER_ENDED = 3,
} bt_owner_state;

/* As a client names it; views. Of a membership both ids are set, else one. */
typedef struct bt_owner {
    bt_bytes environment; /* empty: the caller's */
    bt_bytes user_id;
    bt_bytes org_id;
} bt_owner;

typedef struct bt_change_owner {
    bt_mutation mutation;
    bt_owner_action action;
    bt_owner owner; /* must hold until the change is done */
} bt_change_owner;

/* Whoever resumes an owner makes its keys usable, and must hold what they hold. The keys are read for that, up to
 * this many; a caller with full access is not asked. */
#define BT_RESUME_KEYS_MAX 10000u

/* Ends as bt_mutation_run does. What is so already stays so, and that is no fault. BT_ERR_INVALID,
 * BT_ERR_FORBIDDEN, BT_ERR_UNAUTHENTICATED, and those of the writer
 * and the store. */
void bt_change_owner_run(bt_change_owner *change, bt_service *service, const bt_caller *caller);

/* Between renew and reset. ret_since_ms is 0 for an active owner. */
bt_err bt_owner_state_get(bt_session *session, const bt_caller *caller, const bt_owner *owner,
                          bt_owner_state *ret_state, int64_t *ret_since_ms, bt_fault *fault);

const char *bt_owner_state_name(bt_owner_state state);

#endif
