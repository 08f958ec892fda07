/* The end of a key's life, as a client says it: as an instant, as a span from now, or not at all. */
#ifndef BT_SERVICE_EXPIRY_H
#define BT_SERVICE_EXPIRY_H

#include "base/clock.h"
#include "base/err.h"

typedef struct bt_expiry_request {
    int64_t expires_ms;    /* BT_NEVER_MS: not said; 0 is 1970, and refused as past */
    int64_t expires_in_ms; /* 0: not said */
} bt_expiry_request;

/* BT_NEVER_MS where neither is said. BT_ERR_INVALID, naming expires_at or expires_in. */
bt_err bt_expiry_resolve(const bt_expiry_request *request, int64_t now_ms, int64_t *ret_expires_ms,
                         bt_fault *fault);

/* That a key begins before it ends; not_before_ms: 0 for one that is good from its creation on. BT_ERR_INVALID, naming
 * `field`, the one of the two that is asked for. */
bt_err bt_expiry_check_begin(const char *field, int64_t not_before_ms, int64_t expires_ms,
                             bt_fault *fault);

#endif
