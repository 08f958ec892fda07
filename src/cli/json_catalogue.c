#include "cli/json_catalogue.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "key/narrow.h"

static json_t *former_names(const bt_catalogue *catalogue, unsigned bit) {
    json_t *names = json_array();
    for (size_t i = 0; i < catalogue->former_count; i++)
        if (catalogue->former[i].bit == bit)
            json_array_append_new(names, json_string(catalogue->former[i].name));
    return names;
}

static json_t *scope_object(const bt_catalogue *catalogue, unsigned bit, uint64_t held) {
    const bt_scope *scope = &catalogue->scopes[bit];
    json_t *object = json_object();
    bt_json_put(object, "name", json_string(scope->name));
    bt_json_put(object, "bit", json_integer(bit));
    bt_json_put(object, "title", json_string(scope->title));
    bt_json_put(object, "description", json_string(scope->description));
    bt_json_put(object, "high_risk", json_boolean(scope->high_risk));
    bt_json_put(object, "retired", json_boolean(scope->retired));
    bt_json_put(object, "selected", json_boolean(held & catalogue->live & bt_mask_bit(bit)));
    bt_json_put(object, "former_names", former_names(catalogue, bit));
    return object;
}

json_t *bt_json_category(const bt_catalogue *catalogue, const bt_category *category,
                         uint64_t held) {
    json_t *object = json_object(), *scopes = json_array();
    uint64_t rest = (catalogue->live | catalogue->retired) & bt_category_window(category);
    for (; rest; rest = bt_mask_without_lowest(rest))
        json_array_append_new(scopes, scope_object(catalogue, bt_mask_lowest(rest), held));
    bt_json_put(object, "name", json_string(category->name));
    bt_json_put(object, "title", json_string(category->title));
    bt_json_put(object, "first_bit", json_integer(category->first_bit));
    bt_json_put(object, "bits", json_integer(category->bits));
    bt_json_put(object, "scopes", scopes);
    bt_json_put(object, "selected", json_integer(bt_category_selected(catalogue, category, held)));
    bt_json_put(object, "total", json_integer(bt_category_total(catalogue, category)));
    return object;
}

static json_t *labels_of(bt_bytes labels) {
    json_t *object = json_object();
    bt_bytes key, value;
    while (bt_label_next(&labels, &key, &value))
        bt_json_put_text(object, (const char *)key.data, value);
    return object;
}

static void put_narrow(json_t *object, bt_bytes row) {
    bt_narrow narrow = {0};
    json_t *selectors = json_array(), *networks = json_array();
    if (row.size) bt_narrow_decode(row, &narrow);
    for (size_t i = 0; i < narrow.selectors_count; i++)
        json_array_append_new(selectors,
                              json_sprintf("%.*s%s", BT_BYTES_ARG(narrow.selectors[i].text),
                                           narrow.selectors[i].is_prefix ? "*" : ""));
    for (size_t i = 0; i < narrow.networks_count; i++) {
        char text[BT_NETWORK_TEXT_MAX + 1];
        bt_network_format(&narrow.networks[i], text);
        json_array_append_new(networks, json_string(text));
    }
    bt_json_put(object, "selectors", selectors);
    bt_json_put(object, "networks", networks);
}

json_t *bt_json_preset(const bt_catalogue *catalogue, const bt_preset *preset) {
    json_t *object = json_object();
    uint64_t mask = preset->full_access ? catalogue->live : preset->mask & catalogue->live;
    bt_json_put(object, "name", json_string(preset->name));
    bt_json_put(object, "description", json_string(preset->description));
    bt_json_put(object, "version", json_integer(preset->version));
    bt_json_put(object, "scopes", bt_json_scopes(catalogue, mask));
    bt_json_put_u64(object, "scope_mask", mask);
    bt_json_put(object, "full_access", json_boolean(preset->full_access));
    if (preset->kind)
        bt_json_put_enum(object, "kind", "KEY_KIND_", bt_kind_name((bt_kind)preset->kind));
    if (preset->life_ms)
        bt_json_put(object, "expires_in",
                    json_sprintf("%" PRId64 "s", preset->life_ms / BT_SECOND_MS));
    bt_json_put(object, "labels", labels_of(bt_catalogue_template(catalogue, preset->labels)));
    put_narrow(object, bt_catalogue_template(catalogue, preset->narrow));
    return object;
}
