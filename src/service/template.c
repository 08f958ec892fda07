#include "service/template.h"

#include "base/duration.h"
#include "service/bounds.h"
#include "service/text.h"

static void read_narrow(const bt_catalogue *catalogue, const bt_preset *preset,
                        bt_narrow *ret_narrow) {
    bt_bytes row = bt_catalogue_template(catalogue, preset->narrow);
    ret_narrow->networks_count = ret_narrow->selectors_count = 0;
    if (row.size) bt_narrow_decode(row, ret_narrow);
}

static void fill_narrow(const bt_catalogue *catalogue, const bt_preset *preset, bt_narrow *narrow) {
    bt_narrow from;
    read_narrow(catalogue, preset, &from);
    if (narrow->networks_count == 0) {
        narrow->networks_count = from.networks_count;
        memcpy(narrow->networks, from.networks, sizeof from.networks);
    }
    if (narrow->selectors_count == 0) {
        narrow->selectors_count = from.selectors_count;
        memcpy(narrow->selectors, from.selectors, sizeof from.selectors);
    }
}

static bt_err check_kind(const bt_preset *preset, bt_kind kind, bt_fault *fault) {
    if (!preset->kind || preset->kind == kind) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID, "kind: preset %s is for keys of kind %s", preset->name,
                   bt_kind_name((bt_kind)preset->kind));
}

bt_err bt_template_fill(const bt_catalogue *catalogue, const bt_preset *preset, bt_terms *terms,
                        bt_fault *fault) {
    bool expires = terms->expiry.expires_in_ms || terms->expiry.expires_ms != BT_NEVER_MS;
    if (preset && !terms->kind) terms->kind = (bt_kind)preset->kind;
    if (!terms->kind) terms->kind = BT_KIND_BACKEND;
    if (!preset) return BT_OK;
    if (!expires) terms->expiry.expires_in_ms = preset->life_ms;
    fill_narrow(catalogue, preset, &terms->narrow);
    return check_kind(preset, terms->kind, fault);
}

static bt_err check_life(const bt_preset *preset, int64_t created_ms, int64_t expires_ms,
                         bt_fault *fault) {
    char life[24];
    bool within = expires_ms != BT_NEVER_MS && expires_ms - created_ms <= preset->life_ms;
    if (!preset->life_ms || within) return BT_OK;
    bt_duration_format(preset->life_ms, life);
    return bt_fail(fault, BT_ERR_INVALID, "expires_at: keys of preset %s are good for %s at most",
                   preset->name, life);
}

bt_err bt_template_admits(const bt_catalogue *catalogue, const bt_preset *preset, bt_kind kind,
                          int64_t created_ms, int64_t expires_ms, const bt_narrow *narrow,
                          bt_fault *fault) {
    bt_narrow most;
    if (!preset) return BT_OK;
    BT_TRY(check_kind(preset, kind, fault));
    BT_TRY(check_life(preset, created_ms, expires_ms, fault));
    read_narrow(catalogue, preset, &most);
    if (bt_bounds_selectors_widen(&most, narrow))
        return bt_fail(fault, BT_ERR_INVALID,
                       "selectors: go beyond those that preset %s binds its keys to", preset->name);
    if (bt_bounds_networks_widen(&most, narrow))
        return bt_fail(fault, BT_ERR_INVALID,
                       "networks: go beyond those that preset %s binds its keys to", preset->name);
    return BT_OK;
}

static const bt_label *find_label(const bt_label *labels, size_t count, bt_bytes key) {
    for (size_t i = 0; i < count; i++)
        if (bt_bytes_equal(labels[i].key, key)) return &labels[i];
    return NULL;
}

bt_err bt_template_label(const bt_catalogue *catalogue, const bt_preset *preset,
                         const bt_label *asked, size_t count, bt_template_labels *ret_labels,
                         bt_fault *fault) {
    bt_bytes rest = {0}, key, value;
    if (preset) rest = bt_catalogue_template(catalogue, preset->labels);
    if (rest.size) memcpy(ret_labels->text, rest.data, rest.size);
    rest.data = ret_labels->text;
    memcpy(ret_labels->list, asked, count * sizeof *asked);
    while (bt_label_next(&rest, &key, &value)) {
        const bt_label *same = find_label(ret_labels->list, count, key);
        if (same && !bt_bytes_equal(same->value, value))
            return bt_fail(fault, BT_ERR_INVALID,
                           "labels[%.*s]: preset %s gives its keys the value \"%s\"",
                           BT_BYTES_ARG(key), preset->name, bt_text_quote(value).text);
        if (same) continue;
        if (count == BT_LABELS_MAX)
            return bt_fail(fault, BT_ERR_INVALID,
                           "labels: there are more than %u, those of preset %s among them",
                           BT_LABELS_MAX, preset->name);
        ret_labels->list[count++] = (bt_label){key, value};
    }
    ret_labels->count = count;
    return BT_OK;
}
