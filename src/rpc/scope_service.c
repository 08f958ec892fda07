#include "rpc/scope_service.h"

#include "check/scope_names.h"
#include "rpc/answer.h"
#include "rpc/catalogue_messages.h"
#include "service/read_keys.h"

typedef struct scopes_request {
    bt_bytes key_id;
    uint64_t scope_mask, include_retired, min_revision;
} scopes_request;

static bt_err read_scopes_request(bt_bytes message, scopes_request *ret_request, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = {"key_id", BT_WIRE_BYTES, .offset = offsetof(scopes_request, key_id)},
        [2] = {"scope_mask", BT_WIRE_UINT, .offset = offsetof(scopes_request, scope_mask)},
        [3] = {"include_retired", BT_WIRE_UINT,
               .offset = offsetof(scopes_request, include_retired)},
        [4] = {"min_revision", BT_WIRE_UINT, .offset = offsetof(scopes_request, min_revision)},
    };
    static const bt_wire_message type = {"bitting.v1.ListScopesRequest", fields,
                                         BT_WIRE_COUNT(fields)};
    *ret_request = (scopes_request){.scope_mask = 0};
    BT_TRY(bt_wire_read(&type, message, ret_request, fault));
    if (ret_request->key_id.size && ret_request->scope_mask)
        return bt_fail(fault, BT_ERR_INVALID, "key_id, scope_mask: only one may be set");
    return bt_scope_mask_check(ret_request->scope_mask, fault);
}

static bt_err find_held(bt_call *call, bt_bytes key_id, uint64_t *ret_held, bool *ret_full_access,
                        bt_fault *fault) {
    uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_key key;
    bt_arena_init(&arena, block, sizeof block);
    BT_TRY(bt_service_get_key(call->session, &call->caller, key_id, &arena, &key, fault));
    *ret_held = key.mask;
    *ret_full_access = key.full_access;
    return BT_OK;
}

static bt_err list_scopes(bt_call *call, bt_out *out, bt_fault *fault) {
    scopes_request request;
    BT_TRY(read_scopes_request(call->message, &request, fault));
    BT_TRY(bt_session_reached(call->session, request.min_revision, fault));
    const bt_catalogue *catalogue = bt_snapshot_catalogue(call->session->snapshot);
    uint64_t held = request.scope_mask;
    bool full_access = false;
    if (request.key_id.size) BT_TRY(find_held(call, request.key_id, &held, &full_access, fault));
    *out = bt_out_rest(&call->arena);
    for (size_t i = 0; i < catalogue->categories_count; i++)
        bt_category_write_field(catalogue, &catalogue->categories[i], held, request.include_retired,
                                1, out);
    bt_out_uint(out, 2, bt_mask_count(held & catalogue->live));
    bt_out_uint(out, 3, bt_mask_count(catalogue->live));
    bt_out_uint(out, 4, full_access);
    bt_out_uint(out, 5, catalogue->generation);
    bt_out_uint(out, 6, bt_call_revision(call));
    return BT_OK;
}

void bt_rpc_list_scopes(bt_call *call) {
    bt_out out = {.full = true};
    bt_fault fault;
    if (list_scopes(call, &out, &fault))
        bt_call_fail(call, &fault);
    else
        bt_answer_with(call, &out);
}

static bt_err list_presets(bt_call *call, bt_out *out, bt_fault *fault) {
    static const bt_wire_field fields[] = {[1] = {"min_revision", BT_WIRE_UINT, .offset = 0}};
    static const bt_wire_message type = {"bitting.v1.ListPresetsRequest", fields,
                                         BT_WIRE_COUNT(fields)};
    uint64_t min_revision = 0;
    BT_TRY(bt_wire_read(&type, call->message, &min_revision, fault));
    BT_TRY(bt_session_reached(call->session, min_revision, fault));
    const bt_catalogue *catalogue = bt_snapshot_catalogue(call->session->snapshot);
    *out = bt_out_rest(&call->arena);
    for (size_t i = 0; i < catalogue->presets_count; i++)
        bt_preset_write_field(catalogue, &catalogue->presets[i], 1, out);
    bt_out_uint(out, 2, catalogue->generation);
    bt_out_uint(out, 3, bt_call_revision(call));
    return BT_OK;
}

void bt_rpc_list_presets(bt_call *call) {
    bt_out out = {.full = true};
    bt_fault fault;
    if (list_presets(call, &out, &fault))
        bt_call_fail(call, &fault);
    else
        bt_answer_with(call, &out);
}
