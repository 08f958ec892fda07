#include "gate/parts.h"
#include "service/read_keys.h"

#define FAMILY "x-bitting-"

#define NAME(header, text)                                                                         \
    [BT_IDENTITY_##header] = {(const uint8_t *)FAMILY text, sizeof(FAMILY text) - 1}

bt_bytes bt_identity_header_name(bt_identity_header header) {
    static const bt_bytes names[BT_IDENTITY_COUNT] = {
        NAME(KEY_ID, "key-id"),           NAME(KIND, "kind"),         NAME(NAME, "name"),
        NAME(ENVIRONMENT, "environment"), NAME(USER_ID, "user-id"),   NAME(ORG_ID, "org-id"),
        NAME(SCOPES, "scopes"),           NAME(METADATA, "metadata"),
    };
    return names[header];
}

/* Visible ASCII that is no syntax of header values: lists, quoted strings, escapes. */
static bool is_safe(uint8_t byte) {
    return byte > 0x20 && byte < 0x7F && byte != '%' && byte != ',' && byte != ';' && byte != '"' &&
           byte != '\\';
}

static bt_err encode(bt_bytes text, bt_arena *arena, bt_bytes *ret_value) {
    static const char digits[] = "0123456789ABCDEF";
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) size += is_safe(text.data[i]) ? 1 : 3;
    if (size == text.size) {
        *ret_value = text;
        return BT_OK;
    }
    uint8_t *out = bt_arena_alloc(arena, size);
    if (!out) return BT_ERR_EXHAUSTED;
    *ret_value = bt_bytes_of(out, size);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        *out++ = is_safe(byte) ? byte : '%';
        if (is_safe(byte)) continue;
        *out++ = (uint8_t)digits[byte >> 4];
        *out++ = (uint8_t)digits[byte & 15];
    }
    return BT_OK;
}

/* Names of scopes are letters, digits, `_` and `.`: nothing to encode. Returns the size. */
static size_t join(uint64_t held, const bt_catalogue *catalogue, uint8_t *out) {
    size_t used = 0;
    for (uint64_t rest = held; rest; rest = bt_mask_without_lowest(rest)) {
        bt_bytes name = bt_bytes_text(catalogue->scopes[bt_mask_lowest(rest)].name);
        if (used) out[used++] = ',';
        memcpy(out + used, name.data, name.size);
        used += name.size;
    }
    return used;
}

/* Joined before, where the last key that was let in held the same. */
static void keep_scopes(bt_gate_scopes *kept, bt_gate_decision *decision) {
    const bt_catalogue *catalogue = decision->catalogue;
    if (kept->generation != catalogue->generation || kept->held != decision->held) {
        kept->generation = catalogue->generation;
        kept->held = decision->held;
        kept->joined_size = join(decision->held, catalogue, kept->joined);
        kept->written_size = 0;
    }
    decision->scopes = kept;
    decision->identity[BT_IDENTITY_SCOPES] = bt_bytes_of(kept->joined, kept->joined_size);
}

static bt_err join_scopes(bt_session *session, bt_arena *arena, bt_gate_decision *decision) {
    bt_gate_view *view = bt_gate_view_of(session);
    if (view) {
        keep_scopes(&view->scopes, decision);
        return BT_OK;
    }
    size_t count = bt_mask_count(decision->held);
    uint8_t *out = bt_arena_alloc(arena, count * (BT_SCOPE_NAME_MAX + 1));
    if (!out) return BT_ERR_EXHAUSTED;
    decision->identity[BT_IDENTITY_SCOPES] =
        bt_bytes_of(out, join(decision->held, decision->catalogue, out));
    return BT_OK;
}

bt_err bt_gate_name_key(const bt_record *record, bt_arena *arena, bt_gate_decision *decision,
                        bt_fault *fault) {
    char *text = bt_arena_alloc(arena, BT_KEY_ID_TEXT_SIZE);
    if (!text) return bt_fail(fault, BT_ERR_EXHAUSTED, "the request is too large");
    bt_key_id_format(&record->key_id, text);
    decision->key_id = bt_bytes_of(text, BT_KEY_ID_TEXT_SIZE - 1);
    decision->key_kind = bt_bytes_text(bt_kind_name((bt_kind)record->kind));
    return BT_OK;
}

static bt_err read_detail(bt_session *session, const bt_answer *answer, bt_arena *arena,
                          bt_gate_decision *decision) {
    bt_bytes row;
    bt_detail detail;
    BT_TRY(bt_check_detail(session->snapshot, answer, &row));
    BT_TRY(bt_detail_decode(row, arena, &detail));
    decision->name = detail.name;
    decision->user_id = detail.user_id;
    decision->org_id = detail.org_id;
    decision->metadata = detail.metadata;
    return BT_OK;
}

/* Ids, kinds and names of environments are letters and digits: nothing to encode in them. */
static bt_err fill_headers(const bt_gate_options *options, bt_arena *arena,
                           bt_gate_decision *decision) {
    bt_bytes *identity = decision->identity;
    identity[BT_IDENTITY_KEY_ID] = decision->key_id;
    identity[BT_IDENTITY_KIND] = decision->key_kind;
    identity[BT_IDENTITY_ENVIRONMENT] = decision->environment;
    BT_TRY(encode(decision->name, arena, &identity[BT_IDENTITY_NAME]));
    BT_TRY(encode(decision->user_id, arena, &identity[BT_IDENTITY_USER_ID]));
    BT_TRY(encode(decision->org_id, arena, &identity[BT_IDENTITY_ORG_ID]));
    if (options->send_metadata)
        BT_TRY(encode(decision->metadata, arena, &identity[BT_IDENTITY_METADATA]));
    return BT_OK;
}

bt_err bt_gate_identify(bt_session *session, const bt_answer *answer, bt_arena *arena,
                        bt_gate_decision *decision, bt_fault *fault) {
    bt_err err = read_detail(session, answer, arena, decision);
    if (!err) err = fill_headers(bt_gate_options_of(session), arena, decision);
    if (!err) err = join_scopes(session, arena, decision);
    return err ? bt_fail(fault, err, "the key's rows in the store cannot be read") : BT_OK;
}

static bool is_letter_or_digit(uint8_t byte) {
    uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9');
}

/* Services that read headers as environment variables take `_`, and some any other byte, for `-`. */
static bool is_of_family(bt_bytes name) {
    static const char family[] = FAMILY;
    if (name.size < sizeof family - 1 || (name.data[0] | 0x20) != family[0]) return false;
    for (size_t i = 0; i < sizeof family - 1; i++) {
        uint8_t byte = is_letter_or_digit(name.data[i]) ? name.data[i] | 0x20 : '-';
        if (byte != family[i]) return false;
    }
    return true;
}

static bool has_identity_name(bt_bytes name) {
    for (unsigned i = 0; i < BT_IDENTITY_COUNT; i++)
        if (bt_field_is(name, bt_identity_header_name(i))) return true;
    return false;
}

bool bt_identity_is_stray(bt_bytes name) {
    return is_of_family(name) && !has_identity_name(name);
}

/* What a name can have, and the answer to a proxy can carry: visible ASCII without a comma. */
static bool is_plain_name(bt_bytes name) {
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] <= 0x20 || name.data[i] >= 0x7F || name.data[i] == ',') return false;
    return true;
}

bt_err bt_gate_list_strays(const bt_gate_request *request, bt_arena *arena, bt_gate_plan *plan) {
    size_t count = request->headers_count;
    for (size_t i = 0; i < count; i++) {
        bt_bytes name = request->headers[i].name;
        if (!bt_identity_is_stray(name)) continue;
        if (!is_plain_name(name)) return BT_ERR_INVALID;
        if (!plan->strays) plan->strays = bt_arena_alloc(arena, (count - i) * sizeof name);
        if (!plan->strays) return BT_ERR_EXHAUSTED;
        plan->strays[plan->strays_count++] = name;
    }
    return BT_OK;
}

static void list(bt_gate_decision *decision, bt_bytes name) {
    decision->remove[decision->remove_count++] = name;
}

/* A header that is both set and removed would be gone, so a name that is set is never listed. */
bt_err bt_gate_list_removals(const bt_gate_options *options, const bt_gate_plan *plan,
                             bt_arena *arena, bt_gate_decision *decision) {
    if (plan->strays_err) return plan->strays_err;
    size_t most = BT_IDENTITY_COUNT + BT_GATE_SOURCES_MAX + plan->strays_count;
    decision->remove = bt_arena_alloc(arena, most * sizeof *decision->remove);
    if (!decision->remove) return BT_ERR_EXHAUSTED;
    for (unsigned i = 0; i < BT_IDENTITY_COUNT; i++)
        if (!decision->identity[i].size) list(decision, bt_identity_header_name(i));
    for (size_t i = 0; i < plan->strays_count; i++) list(decision, plan->strays[i]);
    bool strip = decision->key_id.size && !options->keep_credential;
    for (size_t i = 0; strip && i < options->headers_count; i++)
        list(decision, options->headers[i]);
    return BT_OK;
}
