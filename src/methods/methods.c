#include "envoy/check.h"
#include "rpc/call.h"
#include "rpc/check_service.h"
#include "rpc/health.h"
#include "rpc/key_service.h"
#include "rpc/owner_service.h"
#include "rpc/reflection.h"
#include "rpc/scope_service.h"

#define NEEDS(scope) (UINT64_C(1) << BT_SCOPE_APIKEYS_##scope)

#define CHECK_METHOD(name, preparer, handler, max, arena)                                          \
    {                                                                                              \
        .path = "/bitting.v1.CheckService/" name, .flags = BT_METHOD_TRUSTED,                      \
        .need = NEEDS(VALIDATE), .request_max = max, .prepare = preparer, .handle = handler,       \
        .arena_size = arena                                                                        \
    }
#define KEY_METHOD(name, handler, scope, arena)                                                    \
    {                                                                                              \
        .path = "/bitting.v1.KeyService/" name, .need = NEEDS(scope),                              \
        .request_max = BT_KEY_REQUEST_MAX, .handle = handler, .arena_size = arena                  \
    }
#define OWNER_METHOD(name, handler, scope)                                                         \
    {                                                                                              \
        .path = "/bitting.v1.OwnerService/" name, .need = NEEDS(scope),                            \
        .request_max = BT_OWNER_REQUEST_MAX, .handle = handler                                     \
    }
#define SCOPE_METHOD(name, handler, arena)                                                         \
    {                                                                                              \
        .path = "/bitting.v1.ScopeService/" name, .need = NEEDS(READ),                             \
        .request_max = BT_SCOPE_REQUEST_MAX, .handle = handler, .arena_size = arena                \
    }
#define REFLECTION_METHOD(method_path)                                                             \
    {                                                                                              \
        .path = method_path, .flags = BT_METHOD_OPEN | BT_METHOD_DIALOGUE,                         \
        .request_max = BT_REFLECTION_REQUEST_MAX, .handle = bt_reflection_ask,                     \
        .arena_size = BT_REFLECTION_ARENA                                                          \
    }

const bt_method bt_methods[] = {
    CHECK_METHOD("Validate", bt_rpc_prepare_validate, bt_rpc_validate, BT_CHECK_REQUEST_MAX, 0),
    CHECK_METHOD("CheckScope", bt_rpc_prepare_check_scope, bt_rpc_check_scope, BT_CHECK_REQUEST_MAX,
                 0),
    CHECK_METHOD("BatchCheckScope", NULL, bt_rpc_batch_check_scope, BT_BATCH_REQUEST_MAX,
                 BT_BATCH_ARENA),
    KEY_METHOD("CreateKey", bt_rpc_create_key, CREATE, 0),
    KEY_METHOD("GetKey", bt_rpc_get_key, READ, 0),
    KEY_METHOD("ListKeys", bt_rpc_list_keys, READ, BT_LIST_ARENA),
    KEY_METHOD("RevokeKey", bt_rpc_revoke_key, REVOKE, 0),
    KEY_METHOD("UpdateKey", bt_rpc_update_key, UPDATE, 0),
    KEY_METHOD("RotateKey", bt_rpc_rotate_key, CREATE, 0),
    {.path = "/bitting.v1.KeyService/ImportKeys",
     .need = NEEDS(IMPORT),
     .request_max = BT_IMPORT_REQUEST_MAX,
     .handle = bt_rpc_import_keys},
    OWNER_METHOD("StopOwner", bt_rpc_stop_owner, REVOKE),
    OWNER_METHOD("ResumeOwner", bt_rpc_resume_owner, UPDATE),
    OWNER_METHOD("DeleteOwner", bt_rpc_delete_owner, REVOKE),
    OWNER_METHOD("EndMembership", bt_rpc_end_membership, REVOKE),
    OWNER_METHOD("ResumeMembership", bt_rpc_resume_membership, UPDATE),
    OWNER_METHOD("GetOwner", bt_rpc_get_owner, READ),
    SCOPE_METHOD("ListScopes", bt_rpc_list_scopes, BT_SCOPES_ARENA),
    SCOPE_METHOD("ListPresets", bt_rpc_list_presets, BT_PRESETS_ARENA),
    {.path = BT_ENVOY_CHECK_PATH,
     .flags = BT_METHOD_TRUSTED | BT_METHOD_NEVER_FAILS,
     .need = NEEDS(VALIDATE),
     .request_max = BT_ENVOY_REQUEST_MAX,
     .prepare = bt_envoy_prepare,
     .handle = bt_envoy_check,
     .overload = BT_ENVOY_OVERLOAD},
    {.path = BT_HEALTH_CHECK_PATH,
     .flags = BT_METHOD_OPEN,
     .request_max = BT_HEALTH_REQUEST_MAX,
     .handle = bt_health_check},
    {.path = BT_HEALTH_WATCH_PATH,
     .flags = BT_METHOD_OPEN | BT_METHOD_WATCH,
     .request_max = BT_HEALTH_REQUEST_MAX,
     .handle = bt_health_watch,
     .ended = bt_health_unwatch},
    REFLECTION_METHOD(BT_REFLECTION_PATH),
    REFLECTION_METHOD(BT_REFLECTION_ALPHA_PATH),
    {.path = NULL},
};
