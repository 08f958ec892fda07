#include "envoy/check_response.h"

/* Numbers of fields are those of proto/envoy/service/auth/v3/external_auth.proto and google/protobuf/struct.proto. */

enum { OVERWRITE_IF_EXISTS_OR_ADD = 2 };
enum { STATUS_PERMISSION_DENIED = 7, STATUS_INTERNAL = 13 };

/* HeaderValueOption. Envoy goes by `append` alone, false being the one that takes the client's own away; what is built
 * on it may go by append_action. */
static void put_header(bt_out *out, bt_bytes name, bt_bytes value) {
    size_t option = bt_out_begin(out, 2);
    size_t header = bt_out_begin(out, 1);
    bt_out_bytes(out, 1, name);
    bt_out_bytes(out, 2, value);
    bt_out_end(out, header);
    bt_out_item(out, 2, (bt_bytes){0}); /* BoolValue, false */
    bt_out_uint(out, 3, OVERWRITE_IF_EXISTS_OR_ADD);
    bt_out_end(out, option);
}

/* Status, and HttpStatus. */
static void put_status(bt_out *out, uint64_t code) {
    size_t status = bt_out_begin(out, 1);
    bt_out_uint(out, 1, code);
    bt_out_end(out, status);
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
    put_status(out, decision->status);
    for (size_t i = 0; i < decision->reply_count; i++)
        put_header(out, decision->reply[i].name, decision->reply[i].value);
    bt_out_bytes(out, 3, decision->body);
}

/* An entry of Struct.fields, with its Value. */
typedef struct entry {
    size_t begun, value;
} entry;

static entry begin_entry(bt_out *out, bt_bytes name) {
    entry new = {.begun = bt_out_begin(out, 1)};
    bt_out_bytes(out, 1, name);
    new.value = bt_out_begin(out, 2);
    return new;
}

static void end_entry(bt_out *out, entry begun) {
    bt_out_end(out, begun.value);
    bt_out_end(out, begun.begun);
}

/* A text that is no UTF-8 would make the whole answer one that does not parse. */
static void put_text(bt_out *out, bt_bytes name, bt_bytes text) {
    if (!text.size || !bt_bytes_utf8(text)) return;
    entry new = begin_entry(out, name);
    bt_out_bytes(out, 3, text);
    end_entry(out, new);
}

static void write_scopes(bt_out *out, uint64_t held, const bt_catalogue *catalogue) {
    entry new = begin_entry(out, BT_LITERAL("scopes"));
    size_t list = bt_out_begin(out, 6);
    for (uint64_t rest = held; rest; rest = bt_mask_without_lowest(rest)) {
        size_t value = bt_out_begin(out, 1);
        bt_out_bytes(out, 3, bt_bytes_text(catalogue->scopes[bt_mask_lowest(rest)].name));
        bt_out_end(out, value);
    }
    bt_out_end(out, list);
    end_entry(out, new);
}

static void put_scopes(bt_out *out, const bt_gate_decision *decision) {
    bt_gate_scopes *kept = decision->scopes;
    size_t start = out->size;
    if (!decision->held) return;
    if (kept && kept->written_size) {
        bt_out_fields(out, bt_bytes_of(kept->written, kept->written_size));
        return;
    }
    write_scopes(out, decision->held, decision->catalogue);
    size_t size = out->size - start;
    if (!kept || out->full || size > sizeof kept->written) return;
    memcpy(kept->written, out->data + start, size);
    kept->written_size = size;
}

/* Exact up to 2^53. */
static void put_number(bt_out *out, bt_bytes name, uint64_t number) {
    if (!number) return;
    entry new = begin_entry(out, name);
    bt_out_double(out, 2, (double)number);
    end_entry(out, new);
}

static void put_metadata(bt_out *out, const bt_gate_decision *decision) {
    size_t fields = bt_out_begin(out, 4);
    put_text(out, BT_LITERAL("decision"), bt_bytes_text(decision->kind));
    if (decision->reason)
        put_text(out, BT_LITERAL("reason"), bt_bytes_text(bt_reason_name(decision->reason)));
    put_text(out, BT_LITERAL("key_id"), decision->key_id);
    put_text(out, BT_LITERAL("kind"), decision->key_kind);
    put_text(out, BT_LITERAL("name"), decision->name);
    put_text(out, BT_LITERAL("environment"), decision->environment);
    put_text(out, BT_LITERAL("user_id"), decision->user_id);
    put_text(out, BT_LITERAL("org_id"), decision->org_id);
    if (decision->status == 200) put_scopes(out, decision);
    put_number(out, BT_LITERAL("revision"), decision->revision);
    bt_out_end(out, fields);
}

void bt_envoy_response_write(const bt_gate_decision *decision, bool say_broken, bt_out *out) {
    bool allowed = decision->status == 200, error = decision->broken && say_broken;
    put_status(out, allowed ? 0 : error ? STATUS_INTERNAL : STATUS_PERMISSION_DENIED);
    size_t response = bt_out_begin(out, allowed ? 3 : error ? 5 : 2);
    if (allowed)
        put_allowance(out, decision);
    else
        put_denial(out, decision);
    bt_out_end(out, response);
    put_metadata(out, decision);
}
