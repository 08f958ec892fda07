#include "envoy/check_response.h"

/* Numbers of fields are those of proto/envoy/service/auth/v3/external_auth.proto and google/protobuf/struct.proto. */

enum { OVERWRITE_IF_EXISTS_OR_ADD = 2 };
enum { STATUS_PERMISSION_DENIED = 7, STATUS_INTERNAL = 13 };

#define ENTRY_MAX (3 * BT_METADATA_MAX + 256)

/* HeaderValueOption. Envoy goes by `append` alone, false being the one that takes the client's own away; what is built
 * on it may go by append_action. */
static void put_header(bt_out *out, bt_bytes name, bt_bytes value) {
    uint8_t inner_block[ENTRY_MAX], outer_block[ENTRY_MAX + 32];
    bt_out header = bt_out_into(inner_block, sizeof inner_block);
    bt_out option = bt_out_into(outer_block, sizeof outer_block);
    bt_out_bytes(&header, 1, name);
    bt_out_bytes(&header, 2, value);
    bt_out_item(&option, 1, bt_out_written(&header));
    bt_out_item(&option, 2, (bt_bytes){0}); /* BoolValue, false */
    bt_out_uint(&option, 3, OVERWRITE_IF_EXISTS_OR_ADD);
    bt_out_item(out, 2, bt_out_written(&option));
    out->full |= header.full || option.full;
}

static void put_status(bt_out *out, uint64_t code) {
    uint8_t block[32];
    bt_out status = bt_out_into(block, sizeof block);
    bt_out_uint(&status, 1, code);
    bt_out_item(out, 1, bt_out_written(&status));
}

/* OkHttpResponse. */
static void put_allowance(bt_out *out, const bt_gate_decision *decision) {
    for (unsigned i = 0; i < BT_IDENTITY_COUNT; i++)
        if (decision->identity[i].size)
            put_header(out, bt_identity_header_name(i), decision->identity[i]);
    for (size_t i = 0; i < decision->remove_count; i++) bt_out_item(out, 5, decision->remove[i]);
    bt_out_bytes(out, 8, decision->remove_parameter);
}

/* DeniedHttpResponse. */
static void put_denial(bt_out *out, const bt_gate_decision *decision) {
    uint8_t block[32];
    bt_out status = bt_out_into(block, sizeof block);
    bt_out_uint(&status, 1, decision->status);
    bt_out_item(out, 1, bt_out_written(&status));
    for (size_t i = 0; i < decision->reply_count; i++)
        put_header(out, decision->reply[i].name, decision->reply[i].value);
    bt_out_bytes(out, 3, decision->body);
}

/* An entry of Struct.fields. */
static void put_value(bt_out *fields, const char *name, const bt_out *value) {
    uint8_t block[ENTRY_MAX];
    bt_out entry = bt_out_into(block, sizeof block);
    bt_out_bytes(&entry, 1, bt_bytes_text(name));
    bt_out_item(&entry, 2, bt_out_written(value));
    bt_out_item(fields, 1, bt_out_written(&entry));
    fields->full |= entry.full || value->full;
}

/* A text that is no UTF-8 would make the whole answer one that does not parse. */
static void put_text(bt_out *fields, const char *name, bt_bytes text) {
    uint8_t block[1024];
    bt_out value = bt_out_into(block, sizeof block);
    if (!text.size || !bt_bytes_utf8(text)) return;
    bt_out_bytes(&value, 3, text);
    put_value(fields, name, &value);
}

static void put_scopes(bt_out *fields, uint64_t held, const bt_catalogue *catalogue) {
    uint8_t list_block[BT_MASK_BITS * (BT_SCOPE_NAME_MAX + 32)],
        value_block[sizeof list_block + 32];
    bt_out list = bt_out_into(list_block, sizeof list_block);
    bt_out value = bt_out_into(value_block, sizeof value_block);
    for (uint64_t rest = held; rest; rest = bt_mask_without_lowest(rest)) {
        uint8_t block[BT_SCOPE_NAME_MAX + 32];
        bt_out item = bt_out_into(block, sizeof block);
        bt_out_bytes(&item, 3, bt_bytes_text(catalogue->scopes[bt_mask_lowest(rest)].name));
        bt_out_item(&list, 1, bt_out_written(&item));
    }
    bt_out_item(&value, 6, bt_out_written(&list));
    if (held) put_value(fields, "scopes", &value);
}

/* Exact up to 2^53. A Value's number is a little-endian double. */
static void put_number(bt_out *fields, const char *name, uint64_t number) {
    uint8_t block[16] = {2 << 3 | 1};
    double value = (double)number;
    memcpy(block + 1, &value, sizeof value);
    bt_out out = {.data = block, .size = 1 + sizeof value, .capacity = sizeof block};
    if (number) put_value(fields, name, &out);
}

static void put_metadata(bt_out *out, const bt_gate_decision *decision) {
    uint8_t block[BT_ENVOY_DENIAL_MAX];
    bt_out fields = bt_out_into(block, sizeof block);
    put_text(&fields, "decision", bt_bytes_text(decision->kind));
    if (decision->reason)
        put_text(&fields, "reason", bt_bytes_text(bt_reason_name(decision->reason)));
    put_text(&fields, "key_id", decision->key_id);
    put_text(&fields, "kind", decision->key_kind);
    put_text(&fields, "name", decision->name);
    put_text(&fields, "environment", decision->environment);
    put_text(&fields, "user_id", decision->user_id);
    put_text(&fields, "org_id", decision->org_id);
    if (decision->status == 200) put_scopes(&fields, decision->held, decision->catalogue);
    put_number(&fields, "revision", decision->revision);
    bt_out_item(out, 4, bt_out_written(&fields));
    out->full |= fields.full;
}

/* The answer's http_response is written in place and then moved behind its length, so that a large one needs no second
 * buffer: field number, and room for a length of up to 2^28. */
#define HEAD 5u

static void put_response(bt_out *out, const bt_gate_decision *decision, unsigned field) {
    if (out->capacity - out->size < HEAD) {
        out->full = true;
        return;
    }
    bt_out inner = bt_out_into(out->data + out->size + HEAD, out->capacity - out->size - HEAD);
    if (field == 3)
        put_allowance(&inner, decision);
    else
        put_denial(&inner, decision);
    size_t length = inner.size;
    uint8_t *head = out->data + out->size;
    *head++ = (uint8_t)(field << 3 | 2);
    for (; length >= 0x80; length >>= 7) *head++ = (uint8_t)(length | 0x80);
    *head++ = (uint8_t)length;
    memmove(head, inner.data, inner.size);
    out->size = (size_t)(head - out->data) + inner.size;
    out->full |= inner.full;
}

void bt_envoy_response_write(const bt_gate_decision *decision, bool say_broken, bt_out *out) {
    bool allowed = decision->status == 200, error = decision->broken && say_broken;
    put_status(out, allowed ? 0 : error ? STATUS_INTERNAL : STATUS_PERMISSION_DENIED);
    put_response(out, decision, allowed ? 3 : error ? 5 : 2);
    put_metadata(out, decision);
}
