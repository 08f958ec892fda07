#include "rpc/key_message.h"

static void write_id(const bt_key_id *id, unsigned field, bt_out *out) {
    char text[BT_KEY_ID_TEXT_SIZE];
    bt_key_id_format(id, text);
    bt_out_bytes(out, field, bt_bytes_of(text, sizeof text - 1));
}

static void write_scopes(const bt_key *key, bt_out *out) {
    for (size_t i = 0; i < key->scopes_count; i++) bt_out_item(out, 7, key->scopes[i]);
}

static void write_high_risk(const bt_key *key, bt_out *out) {
    uint64_t rest = key->mask;
    for (size_t i = 0; i < key->scopes_count; i++, rest = bt_mask_without_lowest(rest))
        if (bt_mask_bit(bt_mask_lowest(rest)) & key->high_risk)
            bt_out_item(out, 16, key->scopes[i]);
}

static void write_labels(const bt_detail *detail, bt_out *out) {
    for (size_t i = 0; i < detail->labels_count; i++) {
        uint8_t block[BT_LABEL_KEY_MAX + BT_LABEL_VALUE_MAX + 64];
        bt_out entry = bt_out_into(block, sizeof block);
        bt_out_bytes(&entry, 1, detail->labels[i].key);
        bt_out_bytes(&entry, 2, detail->labels[i].value);
        bt_out_item(out, 13, bt_out_written(&entry));
        out->full |= entry.full;
    }
}

static void write_narrow(const bt_narrow *narrow, bt_out *out) {
    for (size_t i = 0; i < narrow->selectors_count; i++) {
        char text[BT_RESOURCE_MAX + 1];
        bt_out_item(out, 22, bt_bytes_of(text, bt_selector_format(&narrow->selectors[i], text)));
    }
    for (size_t i = 0; i < narrow->networks_count; i++) {
        char text[BT_NETWORK_TEXT_MAX + 1];
        bt_network_format(&narrow->networks[i], text);
        bt_out_item(out, 23, bt_bytes_text(text));
    }
}

static void write_other_id(bt_bytes id, unsigned field, bt_out *out) {
    char text[BT_KEY_ID_TEXT_SIZE];
    if (id.size != BT_KEY_ID_SIZE) return;
    bt_hex_encode(id, text);
    bt_out_bytes(out, field, bt_bytes_of(text, sizeof text - 1));
}

/* In the order of the fields' numbers, as canonical encoders do. */
void bt_key_write(const bt_key *key, bt_out *out) {
    const bt_detail *detail = &key->detail;
    write_id(&key->id, 1, out);
    bt_out_uint(out, 2, key->kind);
    bt_out_bytes(out, 3, detail->name);
    bt_out_bytes(out, 4, key->environment);
    bt_out_bytes(out, 5, detail->user_id);
    bt_out_bytes(out, 6, detail->org_id);
    write_scopes(key, out);
    bt_out_uint(out, 8, key->mask);
    bt_out_bytes(out, 9, detail->metadata);
    bt_out_time(out, 10, key->created_ms);
    bt_out_time(out, 11, key->expires_ms);
    bt_out_uint(out, 12, key->full_access);
    write_labels(detail, out);
    bt_out_uint(out, 14, key->state);
    bt_out_bytes(out, 15, detail->preset);
    write_high_risk(key, out);
    bt_out_time(out, 17, detail->revoked_ms ? detail->revoked_ms : BT_NEVER_MS);
    bt_out_bytes(out, 18, detail->revoke_reason);
    bt_out_bytes(out, 19, detail->created_by);
    bt_out_uint(out, 20, detail->preset_version);
    bt_out_uint(out, 21, key->preset_drifted);
    write_narrow(&key->narrow, out);
    bt_out_time(out, 24, key->not_before_ms ? key->not_before_ms : BT_NEVER_MS);
    write_other_id(detail->rotated_from, 25, out);
    write_other_id(detail->rotated_to, 26, out);
    bt_out_uint(out, 27, key->owner_stopped);
}

void bt_key_write_field(const bt_key *key, unsigned field, bt_out *out) {
    uint8_t block[BT_KEY_MESSAGE_MAX];
    bt_out message = bt_out_into(block, sizeof block);
    bt_key_write(key, &message);
    bt_out_item(out, field, bt_out_written(&message));
    out->full |= message.full;
}
