#include "rpc/key_messages.h"

#include "rpc/wire.h"

#define FIELD(of, member, kind, most)                                                              \
    { .name = #member, .type = kind, .max = most, .offset = offsetof(of, member) }

bt_err bt_create_key_read(bt_bytes message, bt_create_key_request *ret_request, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = FIELD(bt_create_key_request, environment, BT_WIRE_BYTES, 0),
        [2] = FIELD(bt_create_key_request, name, BT_WIRE_BYTES, 0),
        [3] = FIELD(bt_create_key_request, kind, BT_WIRE_ENUM, BT_KIND_LAST),
        [4] = {"scopes", BT_WIRE_LIST, BT_GRANT_SCOPES_MAX,
               offsetof(bt_create_key_request, grant.scopes),
               offsetof(bt_create_key_request, grant.scopes_count)},
        [5] = FIELD(bt_create_key_request, grant.scope_mask, BT_WIRE_UINT, 0),
        [6] = FIELD(bt_create_key_request, grant.preset, BT_WIRE_BYTES, 0),
        [7] = FIELD(bt_create_key_request, user_id, BT_WIRE_BYTES, 0),
        [8] = FIELD(bt_create_key_request, org_id, BT_WIRE_BYTES, 0),
        [9] = {"expires_at", BT_WIRE_TIME, .offset = offsetof(bt_create_key_request, expires_ms)},
        [10] = FIELD(bt_create_key_request, metadata, BT_WIRE_BYTES, 0),
        [11] = {"labels", BT_WIRE_LABELS, BT_LABELS_MAX, offsetof(bt_create_key_request, labels),
                offsetof(bt_create_key_request, labels_count)},
        [12] = {"expires_in", BT_WIRE_DURATION,
                .offset = offsetof(bt_create_key_request, expires_in_ms)},
    };
    static const bt_wire_message type = {"bitting.v1.CreateKeyRequest", fields,
                                         BT_WIRE_COUNT(fields)};
    *ret_request = (bt_create_key_request){.expires_ms = BT_NEVER_MS};
    return bt_wire_read(&type, message, ret_request, fault);
}

bt_err bt_get_key_read(bt_bytes message, bt_get_key_request *ret_request, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = FIELD(bt_get_key_request, key_id, BT_WIRE_BYTES, 0),
        [2] = FIELD(bt_get_key_request, min_revision, BT_WIRE_UINT, 0),
    };
    static const bt_wire_message type = {"bitting.v1.GetKeyRequest", fields, BT_WIRE_COUNT(fields)};
    *ret_request = (bt_get_key_request){.min_revision = 0};
    return bt_wire_read(&type, message, ret_request, fault);
}

bt_err bt_list_keys_read(bt_bytes message, bt_list_keys *ret_request, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = FIELD(bt_list_keys, page_size, BT_WIRE_INT, 0),
        [2] = FIELD(bt_list_keys, page_token, BT_WIRE_BYTES, 0),
        [3] = FIELD(bt_list_keys, environment, BT_WIRE_BYTES, 0),
        [4] = FIELD(bt_list_keys, kind, BT_WIRE_ENUM, BT_KIND_LAST),
        [5] = FIELD(bt_list_keys, user_id, BT_WIRE_BYTES, 0),
        [6] = FIELD(bt_list_keys, org_id, BT_WIRE_BYTES, 0),
        [7] = FIELD(bt_list_keys, state, BT_WIRE_ENUM, BT_KEY_STATE_LAST),
        [8] = FIELD(bt_list_keys, name_prefix, BT_WIRE_BYTES, 0),
    };
    static const bt_wire_message type = {"bitting.v1.ListKeysRequest", fields,
                                         BT_WIRE_COUNT(fields)};
    *ret_request = (bt_list_keys){.page_size = 0};
    return bt_wire_read(&type, message, ret_request, fault);
}

bt_err bt_revoke_key_read(bt_bytes message, bt_revoke_key_request *ret_request, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = FIELD(bt_revoke_key_request, key_id, BT_WIRE_BYTES, 0),
        [2] = FIELD(bt_revoke_key_request, reason, BT_WIRE_BYTES, 0),
    };
    static const bt_wire_message type = {"bitting.v1.RevokeKeyRequest", fields,
                                         BT_WIRE_COUNT(fields)};
    *ret_request = (bt_revoke_key_request){.reason = {0}};
    return bt_wire_read(&type, message, ret_request, fault);
}
