#include "rpc/check_messages.h"

#include "rpc/call.h"

#define ASK(member, wire_type, most)                                                               \
    { .name = #member, .type = (wire_type), .max = (most), .offset = offsetof(bt_ask, member) }
#define SCOPE(member, wire_type, most)                                                             \
    {                                                                                              \
        .name = #member, .type = (wire_type), .max = (most),                                       \
        .offset = offsetof(bt_ask_scope, member)                                                   \
    }

static const bt_wire_field validate_fields[] = {
    [1] = ASK(token, BT_WIRE_BYTES, 0),
    [2] = ASK(environment, BT_WIRE_BYTES, 0),
    [3] = ASK(accepted_kinds, BT_WIRE_SET, BT_KIND_LAST),
    [4] = ASK(client_ip, BT_WIRE_BYTES, 0),
    [5] = ASK(min_revision, BT_WIRE_UINT, 0),
};

/* The bt_ask is the first member of the bt_ask_scope. */
static const bt_wire_field check_scope_fields[] = {
    [1] = ASK(token, BT_WIRE_BYTES, 0),
    [2] = {"scopes", BT_WIRE_LIST, BT_ASK_SCOPES_MAX, offsetof(bt_ask_scope, scopes),
           offsetof(bt_ask_scope, scopes_count)},
    [3] = SCOPE(scope_mask, BT_WIRE_UINT, 0),
    [4] = SCOPE(match, BT_WIRE_ENUM, BT_MATCH_ANY),
    [5] = SCOPE(resource, BT_WIRE_BYTES, 0),
    [6] = ASK(environment, BT_WIRE_BYTES, 0),
    [7] = ASK(accepted_kinds, BT_WIRE_SET, BT_KIND_LAST),
    [8] = ASK(client_ip, BT_WIRE_BYTES, 0),
    [9] = ASK(min_revision, BT_WIRE_UINT, 0),
    [10] = {"requested_scopes", BT_WIRE_LIST, BT_ASK_SCOPES_MAX, offsetof(bt_ask_scope, requested),
            offsetof(bt_ask_scope, requested_count)},
    [11] = SCOPE(requested_mask, BT_WIRE_UINT, 0),
    [12] = SCOPE(has_requested, BT_WIRE_UINT, 0),
};

static const bt_wire_message validate_message = {"bitting.v1.ValidateRequest", validate_fields,
                                                 BT_WIRE_COUNT(validate_fields)};
static const bt_wire_message check_scope_message = {
    "bitting.v1.CheckScopeRequest", check_scope_fields, BT_WIRE_COUNT(check_scope_fields)};

static void write_key_id(const bt_record *record, unsigned field, bt_out *out) {
    char text[BT_KEY_ID_TEXT_SIZE];
    bt_key_id_format(&record->key_id, text);
    bt_out_bytes(out, field, bt_bytes_of(text, sizeof text - 1));
}

static void write_missing(uint64_t missing, const bt_catalogue *catalogue, bt_out *out) {
    for (; missing; missing = bt_mask_without_lowest(missing)) {
        const char *name = catalogue->scopes[bt_mask_lowest(missing)].name;
        bt_out_bytes(out, 4, bt_bytes_text(name)); /* a bit without a name has none to give */
    }
}

void bt_answer_write(const bt_answer *answer, const bt_catalogue *catalogue, bt_out *out) {
    const bt_verdict *verdict = &answer->verdict;
    bt_out_uint(out, 1, verdict->reason == BT_REASON_ALLOWED);
    bt_out_uint(out, 2, verdict->reason);
    if (answer->record) write_key_id(answer->record, 3, out);
    write_missing(verdict->missing, catalogue, out);
    bt_out_uint(out, 5, verdict->held);
    if (answer->record) bt_out_time(out, 6, answer->record->expires_ms);
    bt_out_uint(out, 7, answer->revision);
    bt_out_uint(out, 8, verdict->missing);
    bt_out_uint(out, 9, verdict->layer);
}

void bt_answer_write_undecided(const bt_fault *fault, uint64_t revision, bt_out *out) {
    bt_out_uint(out, 7, revision);
    bt_out_uint(out, 10, (uint64_t)bt_call_status(fault->err));
    bt_out_bytes(out, 11, bt_bytes_text(fault->text));
}

/* Not the scopes: only as many of them count as scopes_count says. */
static void clear(bt_ask_scope *ask) {
    memset(ask, 0, offsetof(bt_ask_scope, scopes));
}

bt_err bt_ask_scope_read(bt_bytes message, bt_ask_scope *ret_ask, bt_fault *fault) {
    clear(ret_ask);
    return bt_wire_read(&check_scope_message, message, ret_ask, fault);
}

bt_err bt_ask_read(bt_bytes message, bt_ask *ret_ask, bt_fault *fault) {
    *ret_ask = (bt_ask){.min_revision = 0};
    return bt_wire_read(&validate_message, message, ret_ask, fault);
}
