#include "rpc/key_messages.h"

#include "rpc/wire.h"
#include "service/text.h"

#define FIELD(of, member, kind, most)                                                              \
    { .name = #member, .type = (kind), .max = (most), .offset = offsetof(of, member) }

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
        [9] = {"expires_at", BT_WIRE_TIME,
               .offset = offsetof(bt_create_key_request, expiry.expires_ms)},
        [10] = FIELD(bt_create_key_request, metadata, BT_WIRE_BYTES, 0),
        [11] = {"labels", BT_WIRE_LABELS, BT_LABELS_MAX, offsetof(bt_create_key_request, labels),
                offsetof(bt_create_key_request, labels_count)},
        [12] = {"expires_in", BT_WIRE_DURATION,
                .offset = offsetof(bt_create_key_request, expiry.expires_in_ms)},
        [13] = {"selectors", BT_WIRE_LIST, BT_SELECTORS_MAX,
                offsetof(bt_create_key_request, bounds.selectors),
                offsetof(bt_create_key_request, bounds.selectors_count)},
        [14] = {"networks", BT_WIRE_LIST, BT_NETWORKS_MAX,
                offsetof(bt_create_key_request, bounds.networks),
                offsetof(bt_create_key_request, bounds.networks_count)},
        [15] = {"not_before", BT_WIRE_TIME,
                .offset = offsetof(bt_create_key_request, not_before_ms)},
    };
    static const bt_wire_message type = {"bitting.v1.CreateKeyRequest", fields,
                                         BT_WIRE_COUNT(fields)};
    *ret_request = (bt_create_key_request){.expiry.expires_ms = BT_NEVER_MS};
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

#define FILTER(member, wire_type, most)                                                            \
    {                                                                                              \
        .name = #member, .type = (wire_type), .max = (most),                                       \
        .offset = offsetof(bt_list_keys, filters.member)                                           \
    }
#define FILTER_TIME(field, member)                                                                 \
    { .name = field, .type = BT_WIRE_TIME, .offset = offsetof(bt_list_keys, filters.member) }

bt_err bt_list_keys_read(bt_bytes message, bt_list_keys *ret_request, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = FIELD(bt_list_keys, page_size, BT_WIRE_INT, 0),
        [2] = FIELD(bt_list_keys, page_token, BT_WIRE_BYTES, 0),
        [3] = FILTER(environment, BT_WIRE_BYTES, 0),
        [4] = FILTER(kind, BT_WIRE_ENUM, BT_KIND_LAST),
        [5] = FILTER(user_id, BT_WIRE_BYTES, 0),
        [6] = FILTER(org_id, BT_WIRE_BYTES, 0),
        [7] = FILTER(state, BT_WIRE_ENUM, BT_KEY_STATE_LAST),
        [8] = FILTER(name_prefix, BT_WIRE_BYTES, 0),
        [9] = {"labels", BT_WIRE_LABELS, BT_LIST_LABELS_MAX, offsetof(bt_list_keys, filters.labels),
               offsetof(bt_list_keys, filters.labels_count)},
        [10] = FILTER(preset, BT_WIRE_BYTES, 0),
        [11] = FILTER(preset_drifted, BT_WIRE_UINT, 0),
        [12] = FILTER(scope, BT_WIRE_BYTES, 0),
        [13] = FILTER(view, BT_WIRE_ENUM, BT_LIST_ARCHIVED),
        [14] = FILTER_TIME("created_after", created_after_ms),
        [15] = FILTER_TIME("created_before", created_before_ms),
        [16] = FILTER_TIME("expires_after", expires_after_ms),
        [17] = FILTER_TIME("expires_before", expires_before_ms),
    };
    static const bt_wire_message type = {"bitting.v1.ListKeysRequest", fields,
                                         BT_WIRE_COUNT(fields)};
    *ret_request = (bt_list_keys){.page_size = 0};
    return bt_wire_read(&type, message, ret_request, fault);
}

bt_err bt_revoke_key_read(bt_bytes message, bt_revoke_key *revoke, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = FIELD(bt_revoke_key, key_id, BT_WIRE_BYTES, 0),
        [2] = FIELD(bt_revoke_key, reason, BT_WIRE_BYTES, 0),
        [3] = FIELD(bt_revoke_key, token, BT_WIRE_BYTES, 0),
    };
    static const bt_wire_message type = {"bitting.v1.RevokeKeyRequest", fields,
                                         BT_WIRE_COUNT(fields)};
    return bt_wire_read(&type, message, revoke, fault);
}

typedef struct field_mask {
    size_t count;
    bt_bytes paths[2 * BT_UPDATE_PATHS];
} field_mask;

static bt_err read_mask(bt_bytes message, unsigned *ret_mask, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = {"update_mask", BT_WIRE_LIST, 2 * BT_UPDATE_PATHS, offsetof(field_mask, paths),
               offsetof(field_mask, count)},
    };
    static const bt_wire_message type = {"google.protobuf.FieldMask", fields,
                                         BT_WIRE_COUNT(fields)};
    field_mask named = {0};
    unsigned mask = 0;
    BT_TRY(bt_wire_read(&type, message, &named, fault));
    for (size_t i = 0; i < named.count; i++) {
        unsigned bit = bt_update_path(named.paths[i]);
        if (!bit)
            return bt_fail(fault, BT_ERR_INVALID,
                           "update_mask: \"%s\" cannot be changed, or is no field",
                           bt_text_quote(named.paths[i]).text);
        mask |= bit;
    }
    *ret_mask = mask;
    return BT_OK;
}

bt_err bt_update_key_read(bt_bytes message, bt_update_key_request *ret_request, bt_fault *fault) {
    typedef struct wire_update {
        bt_bytes update_mask;
        uint64_t never_expires, disabled;
        bt_update_key_request request;
    } wire_update;
    static const bt_wire_field fields[] = {
        [1] = FIELD(wire_update, request.key_id, BT_WIRE_BYTES, 0),
        [2] = FIELD(wire_update, update_mask, BT_WIRE_BYTES, 0),
        [3] = FIELD(wire_update, request.name, BT_WIRE_BYTES, 0),
        [4] = {"scopes", BT_WIRE_LIST, BT_GRANT_SCOPES_MAX,
               offsetof(wire_update, request.grant.scopes),
               offsetof(wire_update, request.grant.scopes_count)},
        [5] = FIELD(wire_update, request.grant.scope_mask, BT_WIRE_UINT, 0),
        [6] = FIELD(wire_update, request.grant.preset, BT_WIRE_BYTES, 0),
        [7] = {"expires_at", BT_WIRE_TIME,
               .offset = offsetof(wire_update, request.expiry.expires_ms)},
        [8] = {"expires_in", BT_WIRE_DURATION,
               .offset = offsetof(wire_update, request.expiry.expires_in_ms)},
        [9] = FIELD(wire_update, never_expires, BT_WIRE_UINT, 0),
        [10] = FIELD(wire_update, request.metadata, BT_WIRE_BYTES, 0),
        [11] = {"labels", BT_WIRE_LABELS, BT_LABELS_MAX, offsetof(wire_update, request.labels),
                offsetof(wire_update, request.labels_count)},
        [12] = FIELD(wire_update, disabled, BT_WIRE_UINT, 0),
        [13] = {"selectors", BT_WIRE_LIST, BT_SELECTORS_MAX,
                offsetof(wire_update, request.bounds.selectors),
                offsetof(wire_update, request.bounds.selectors_count)},
        [14] = {"networks", BT_WIRE_LIST, BT_NETWORKS_MAX,
                offsetof(wire_update, request.bounds.networks),
                offsetof(wire_update, request.bounds.networks_count)},
        [15] = {"not_before", BT_WIRE_TIME, .offset = offsetof(wire_update, request.not_before_ms)},
    };
    static const bt_wire_message type = {"bitting.v1.UpdateKeyRequest", fields,
                                         BT_WIRE_COUNT(fields)};
    wire_update wire = {.request.expiry.expires_ms = BT_NEVER_MS};
    BT_TRY(bt_wire_read(&type, message, &wire, fault));
    BT_TRY(read_mask(wire.update_mask, &wire.request.mask, fault));
    wire.request.never_expires = wire.never_expires;
    wire.request.disabled = wire.disabled;
    *ret_request = wire.request;
    return BT_OK;
}

bt_err bt_rotate_key_read(bt_bytes message, bt_rotate_key *rotate, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = FIELD(bt_rotate_key, key_id, BT_WIRE_BYTES, 0),
        [2] = {"grace", BT_WIRE_DURATION, .max = 1, .offset = offsetof(bt_rotate_key, grace_ms)},
        [3] = {"expires_at", BT_WIRE_TIME, .offset = offsetof(bt_rotate_key, expiry.expires_ms)},
        [4] = {"expires_in", BT_WIRE_DURATION,
               .offset = offsetof(bt_rotate_key, expiry.expires_in_ms)},
    };
    static const bt_wire_message type = {"bitting.v1.RotateKeyRequest", fields,
                                         BT_WIRE_COUNT(fields)};
    rotate->expiry.expires_ms = BT_NEVER_MS;
    return bt_wire_read(&type, message, rotate, fault);
}
