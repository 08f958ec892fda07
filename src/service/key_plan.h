/* What a new key will be, as far as it does not depend on its token: what a client asks for, judged by the rules of the
 * environment, the preset, and what the caller holds. */
#ifndef BT_SERVICE_KEY_PLAN_H
#define BT_SERVICE_KEY_PLAN_H

#include "service/bounds.h"
#include "service/expiry.h"
#include "service/grant.h"
#include "service/session.h"
#include "service/template.h"

/* Views must hold until the change is done. */
typedef struct bt_create_key_request {
    bt_bytes environment; /* empty: the caller's */
    bt_bytes name;
    bt_kind kind; /* 0: the preset's, or backend */
    bt_bytes user_id;
    bt_bytes org_id;
    bt_expiry_request expiry;
    int64_t not_before_ms; /* 0: from its creation on */
    bt_bytes metadata;
    bt_grant_request grant;
    bt_bounds_request bounds;
    size_t labels_count;
    bt_label labels[BT_LABELS_MAX];
} bt_create_key_request;

typedef struct bt_key_plan {
    const bt_environment *environment;
    bt_grant grant;
    bt_terms terms;
    int64_t expires_ms;
    bt_record record; /* without key id and digest */
    bt_detail detail; /* without slot; views into this and into the request */
    size_t narrow_size;
    uint8_t narrow_row[BT_NARROW_MAX];
    bt_template_labels labels;
    char preset[BT_PRESET_NAME_MAX + 1];
    char created_by[BT_KEY_ID_TEXT_SIZE];
} bt_key_plan;

/* All that can be said without the store. BT_ERR_INVALID. */
bt_err bt_key_plan_check(const bt_create_key_request *request, bt_fault *fault);

/* ret_plan must not be moved. Writes nothing. BT_ERR_INVALID, BT_ERR_PRECONDITION, BT_ERR_FORBIDDEN, and those of the
 * store. */
bt_err bt_key_plan_make(const bt_create_key_request *request, const bt_caller *caller, bt_txn *txn,
                        bt_key_plan *ret_plan, bt_fault *fault);

#endif
