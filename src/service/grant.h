/* What a key is to hold, and who may hand that out. */
#ifndef BT_SERVICE_GRANT_H
#define BT_SERVICE_GRANT_H

#include "service/session.h"

#define BT_GRANT_SCOPES_MAX 64u

/* As a client says it: in one of the three ways, or in none, which grants nothing. */
typedef struct bt_grant_request {
    uint64_t scope_mask;
    bt_bytes preset;
    size_t scopes_count;
    bt_bytes scopes[BT_GRANT_SCOPES_MAX];
} bt_grant_request;

/* As a record says it. */
typedef struct bt_grant {
    uint64_t mask; /* 0 where full_access is set */
    bool full_access;
    const bt_preset *preset; /* in the catalogue; NULL: none */
} bt_grant;

/* BT_ERR_INVALID: said in two ways, an unknown name, a bit that is not a live scope. */
bt_err bt_grant_resolve(const bt_catalogue *catalogue, const bt_grant_request *request,
                        bt_grant *ret_grant, bt_fault *fault);

/* Nobody grants what they lack: every change that yields a token, or makes a key good for longer or
 * for more, asks this with all that the key will hold. BT_ERR_FORBIDDEN, naming what is lacking. */
bt_err bt_grant_allowed(const bt_caller *caller, const bt_catalogue *catalogue, uint64_t mask,
                        bool full_access, bt_fault *fault);

#endif
