#include "rpc/catalogue_messages.h"

#include "base/clock.h"
#include "key/label.h"
#include "key/narrow.h"

/* A scope with all former names that there can be is 4 KiB, all scopes 30 KiB; a preset that has all of the templates
 * is 25 KiB. */
#define SCOPE_MAX 8192u
#define PART_MAX 49152u

static void write_inside(bt_out *out, unsigned field, const bt_out *message) {
    bt_out_item(out, field, bt_out_written(message));
    out->full |= message->full;
}

static void write_scope(const bt_catalogue *catalogue, unsigned bit, uint64_t held, bt_out *out) {
    const bt_scope *scope = &catalogue->scopes[bit];
    uint8_t block[SCOPE_MAX];
    bt_out message = bt_out_into(block, sizeof block);
    bt_out_bytes(&message, 1, bt_bytes_text(scope->name));
    bt_out_uint(&message, 2, bit);
    bt_out_bytes(&message, 3, bt_bytes_text(scope->title));
    bt_out_bytes(&message, 4, bt_bytes_text(scope->description));
    bt_out_uint(&message, 5, scope->high_risk);
    bt_out_uint(&message, 6, scope->retired);
    bt_out_uint(&message, 7, (held & catalogue->live & bt_mask_bit(bit)) != 0);
    for (size_t i = 0; i < catalogue->former_count; i++)
        if (catalogue->former[i].bit == bit)
            bt_out_item(&message, 8, bt_bytes_text(catalogue->former[i].name));
    write_inside(out, 5, &message);
}

void bt_category_write_field(const bt_catalogue *catalogue, const bt_category *category,
                             uint64_t held, bool include_retired, unsigned field, bt_out *out) {
    uint8_t block[PART_MAX];
    bt_out message = bt_out_into(block, sizeof block);
    uint64_t shown = catalogue->live | (include_retired ? catalogue->retired : 0);
    bt_out_bytes(&message, 1, bt_bytes_text(category->name));
    bt_out_bytes(&message, 2, bt_bytes_text(category->title));
    bt_out_uint(&message, 3, category->first_bit);
    bt_out_uint(&message, 4, category->bits);
    for (uint64_t rest = shown & bt_category_window(category); rest;
         rest = bt_mask_without_lowest(rest))
        write_scope(catalogue, bt_mask_lowest(rest), held, &message);
    bt_out_uint(&message, 6, bt_category_selected(catalogue, category, held));
    bt_out_uint(&message, 7, bt_category_total(catalogue, category));
    write_inside(out, field, &message);
}

static void write_labels(bt_bytes labels, bt_out *out) {
    bt_bytes key, value;
    while (bt_label_next(&labels, &key, &value)) {
        uint8_t block[BT_LABEL_KEY_MAX + BT_LABEL_VALUE_MAX + 64];
        bt_out entry = bt_out_into(block, sizeof block);
        bt_out_bytes(&entry, 1, key);
        bt_out_bytes(&entry, 2, value);
        write_inside(out, 9, &entry);
    }
}

static void write_narrow(bt_bytes row, bt_out *out) {
    bt_narrow narrow;
    if (!row.size || !bt_narrow_decode(row, &narrow)) return;
    for (size_t i = 0; i < narrow.selectors_count; i++) {
        char text[BT_RESOURCE_MAX + 1];
        bt_out_item(out, 10, bt_bytes_of(text, bt_selector_format(&narrow.selectors[i], text)));
    }
    for (size_t i = 0; i < narrow.networks_count; i++) {
        char text[BT_NETWORK_TEXT_MAX + 1];
        bt_network_format(&narrow.networks[i], text);
        bt_out_item(out, 11, bt_bytes_text(text));
    }
}

void bt_preset_write_field(const bt_catalogue *catalogue, const bt_preset *preset, unsigned field,
                           bt_out *out) {
    uint8_t block[PART_MAX];
    bt_out message = bt_out_into(block, sizeof block);
    uint64_t mask = preset->full_access ? catalogue->live : preset->mask & catalogue->live;
    bt_out_bytes(&message, 1, bt_bytes_text(preset->name));
    bt_out_bytes(&message, 2, bt_bytes_text(preset->description));
    bt_out_uint(&message, 3, preset->version);
    for (uint64_t rest = mask; rest; rest = bt_mask_without_lowest(rest))
        bt_out_item(&message, 4, bt_bytes_text(catalogue->scopes[bt_mask_lowest(rest)].name));
    bt_out_uint(&message, 5, mask);
    bt_out_uint(&message, 6, preset->full_access);
    bt_out_uint(&message, 7, preset->kind);
    /* A Duration is written as a Timestamp is. */
    bt_out_time(&message, 8, preset->life_ms ? preset->life_ms : BT_NEVER_MS);
    write_labels(bt_catalogue_template(catalogue, preset->labels), &message);
    write_narrow(bt_catalogue_template(catalogue, preset->narrow), &message);
    write_inside(out, field, &message);
}
