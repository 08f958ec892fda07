/* Changing a key: what may be said of it, and what it may do. */
#ifndef BT_SERVICE_UPDATE_KEY_H
#define BT_SERVICE_UPDATE_KEY_H

#include "service/bounds.h"
#include "service/expiry.h"
#include "service/grant.h"
#include "service/issue.h"
#include "service/mutation.h"

/* A bit for each path of the update mask. */
enum {
    BT_UPDATE_NAME = 1u << 0,
    BT_UPDATE_SCOPES = 1u << 1,
    BT_UPDATE_SCOPE_MASK = 1u << 2,
    BT_UPDATE_PRESET = 1u << 3,
    BT_UPDATE_EXPIRES_AT = 1u << 4,
    BT_UPDATE_EXPIRES_IN = 1u << 5,
    BT_UPDATE_NEVER_EXPIRES = 1u << 6,
    BT_UPDATE_METADATA = 1u << 7,
    BT_UPDATE_LABELS = 1u << 8,
    BT_UPDATE_DISABLED = 1u << 9,
    BT_UPDATE_SELECTORS = 1u << 10,
    BT_UPDATE_NETWORKS = 1u << 11,
    BT_UPDATE_NOT_BEFORE = 1u << 12,
};

#define BT_UPDATE_PATHS 13u
#define BT_UPDATE_GRANT (BT_UPDATE_SCOPES | BT_UPDATE_SCOPE_MASK | BT_UPDATE_PRESET)
#define BT_UPDATE_EXPIRY (BT_UPDATE_EXPIRES_AT | BT_UPDATE_EXPIRES_IN | BT_UPDATE_NEVER_EXPIRES)

/* The bit of "name", "scopes", ...; 0 for a path that is none. */
unsigned bt_update_path(bt_bytes path);

/* Views must hold until the change is done. Fields that the mask does not name are not looked at. */
typedef struct bt_update_key_request {
    bt_bytes key_id;
    unsigned mask; /* BT_UPDATE_* */
    bt_bytes name;
    bt_grant_request grant;
    bt_expiry_request expiry;
    bool never_expires;
    bt_bytes metadata;
    bool disabled;
    bt_bounds_request bounds;
    int64_t not_before_ms; /* 0: from its creation on */
    size_t labels_count;
    bt_label labels[BT_LABELS_MAX];
} bt_update_key_request;

typedef struct bt_update_key {
    bt_mutation mutation;
    bt_update_key_request request;
    /* Results: issued.key, without a token. */
    bt_issued issued;
    bt_key_id id;
    char preset[BT_PRESET_NAME_MAX + 1];
    uint8_t details[BT_DETAIL_ARENA]; /* what the key's views point to */
} bt_update_key;

/* Ends as bt_mutation_run does. BT_ERR_INVALID, BT_ERR_NOT_FOUND, BT_ERR_PRECONDITION (revoked), BT_ERR_FORBIDDEN
 * (the key would be good for more, for longer or in more places, and the caller lacks what it will hold),
 * BT_ERR_UNAUTHENTICATED, and those of the writer and the store. */
void bt_update_key_run(bt_update_key *update, bt_service *service, const bt_caller *caller);

#endif
