#include "cli/key_flags.h"

#include "base/clock.h"
#include "base/duration.h"

bool bt_take_expires_in(const bt_usage *usage, const char *text, bt_expiry_request *ret_expiry) {
    *ret_expiry = (bt_expiry_request){.expires_ms = BT_NEVER_MS};
    if (!text) return true;
    int64_t span_ms;
    if (!bt_duration_parse(bt_bytes_text(text), &span_ms) || span_ms > BT_LAST_MS - bt_clock_ms()) {
        bt_options_complain(usage,
                            "--expires-in is a whole number above 0 and s, m, h, d or w, such as "
                            "90d, and ends before the year 10000; not \"%.40s\"",
                            text);
        return false;
    }
    ret_expiry->expires_in_ms = span_ms;
    return true;
}

bool bt_take_labels(const bt_usage *usage, const bt_list *list, bt_label ret_labels[BT_LABELS_MAX],
                    size_t *ret_count) {
    if (list->count > BT_LABELS_MAX) {
        bt_options_complain(usage, "at most %u labels", BT_LABELS_MAX);
        return false;
    }
    for (size_t i = 0; i < list->count; i++) {
        bt_bytes item = list->items[i];
        const uint8_t *equals = memchr(item.data, '=', item.size);
        if (!equals) {
            bt_options_complain(usage, "--label is KEY=VALUE, not \"%.*s\"", BT_BYTES_ARG(item));
            return false;
        }
        size_t size = (size_t)(equals - item.data);
        ret_labels[i] =
            (bt_label){bt_bytes_of(item.data, size), bt_bytes_of(equals + 1, item.size - size - 1)};
    }
    *ret_count = list->count;
    return true;
}

bool bt_take_bounds(const bt_usage *usage, const bt_list *selectors, const bt_list *networks,
                    bt_bounds_request *ret_bounds) {
    static_assert(BT_LIST_MAX <= BT_SELECTORS_MAX, "a list of selectors fits");
    if (networks->count > BT_NETWORKS_MAX) {
        bt_options_complain(usage, "at most %u networks", BT_NETWORKS_MAX);
        return false;
    }
    ret_bounds->selectors_count = selectors->count;
    ret_bounds->networks_count = networks->count;
    memcpy(ret_bounds->selectors, selectors->items, selectors->count * sizeof(bt_bytes));
    memcpy(ret_bounds->networks, networks->items, networks->count * sizeof(bt_bytes));
    return true;
}

bool bt_take_not_before(const bt_usage *usage, const char *text, int64_t *ret_ms) {
    *ret_ms = 0;
    if (!text || bt_clock_parse(text, ret_ms)) return true;
    bt_options_complain(
        usage, "--not-before is a time in UTC such as 2030-01-31T00:00:00Z, not \"%.40s\"", text);
    return false;
}
