/* Making a key.
 *
 *     bt_create_key create = {.request = {...}};
 *     bt_create_key_run(&create, service, &caller);
 *     if (!create.mutation.change.fault.err) ... create.issued.token, create.issued.key ...
 *     bt_create_key_wipe(&create);
 */
#ifndef BT_SERVICE_CREATE_KEY_H
#define BT_SERVICE_CREATE_KEY_H

#include "service/bounds.h"
#include "service/expiry.h"
#include "service/grant.h"
#include "service/issue.h"
#include "service/mutation.h"
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

typedef struct bt_create_key {
    bt_mutation mutation;
    bt_create_key_request request;
    /* Results. The key's views point into this object and into what the request points to. */
    bt_issued issued;
    bt_template_labels labels;
    char created_by[BT_KEY_ID_TEXT_SIZE];
    char preset[BT_PRESET_NAME_MAX + 1];
} bt_create_key;

/* Ends as bt_mutation_run does. Faults: BT_ERR_INVALID, BT_ERR_FORBIDDEN, BT_ERR_UNAUTHENTICATED (the
 * caller's key went bad), and those of the writer and the store. */
void bt_create_key_run(bt_create_key *create, bt_service *service, const bt_caller *caller);

/* To be called once the answer is out. */
void bt_create_key_wipe(bt_create_key *create);

#endif
