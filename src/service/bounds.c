#include "service/bounds.h"

#include "service/text.h"

static bool same_selector(const bt_selector *a, const bt_selector *b) {
    return a->is_prefix == b->is_prefix && bt_bytes_equal(a->text, b->text);
}

static bool same_network(const bt_network *a, const bt_network *b) {
    return a->prefix == b->prefix && a->address.family == b->address.family &&
           memcmp(a->address.bytes, b->address.bytes, sizeof a->address.bytes) == 0;
}

static bool has_selector(const bt_narrow *narrow, const bt_selector *selector) {
    for (size_t i = 0; i < narrow->selectors_count; i++)
        if (same_selector(&narrow->selectors[i], selector)) return true;
    return false;
}

static bool has_network(const bt_narrow *narrow, const bt_network *network) {
    for (size_t i = 0; i < narrow->networks_count; i++)
        if (same_network(&narrow->networks[i], network)) return true;
    return false;
}

bt_err bt_bounds_selectors(const bt_bounds_request *request, bt_narrow *narrow, bt_fault *fault) {
    narrow->selectors_count = 0;
    for (size_t i = 0; i < request->selectors_count; i++) {
        bt_selector selector;
        if (!bt_selector_parse(request->selectors[i], &selector))
            return bt_fail(
                fault, BT_ERR_INVALID,
                "selectors[%zu]: must be `type:name` in at most %u characters of ASCII, "
                "the type in lower case, without spaces, `*` only at the end; not \"%s\"",
                i, BT_RESOURCE_MAX, bt_text_quote(request->selectors[i]).text);
        if (has_selector(narrow, &selector))
            return bt_fail(fault, BT_ERR_INVALID, "selectors[%zu]: \"%s\" is there twice", i,
                           bt_text_quote(request->selectors[i]).text);
        narrow->selectors[narrow->selectors_count++] = selector;
    }
    return BT_OK;
}

bt_err bt_bounds_networks(const bt_bounds_request *request, bt_narrow *narrow, bt_fault *fault) {
    narrow->networks_count = 0;
    for (size_t i = 0; i < request->networks_count; i++) {
        bt_network network;
        if (!bt_network_parse(request->networks[i], &network))
            return bt_fail(fault, BT_ERR_INVALID,
                           "networks[%zu]: must be an address or a network in CIDR notation, such "
                           "as 192.0.2.0/24 or 2001:db8::/32, without bits beyond its prefix; not "
                           "\"%s\"",
                           i, bt_text_quote(request->networks[i]).text);
        if (has_network(narrow, &network))
            return bt_fail(fault, BT_ERR_INVALID, "networks[%zu]: \"%s\" is there twice", i,
                           bt_text_quote(request->networks[i]).text);
        narrow->networks[narrow->networks_count++] = network;
    }
    return BT_OK;
}

static bool covers_network(const bt_network *wide, const bt_network *narrow) {
    return wide->prefix <= narrow->prefix && bt_network_contains(wide, &narrow->address);
}

static bool selector_is_covered(const bt_narrow *by, const bt_selector *selector) {
    for (size_t i = 0; i < by->selectors_count; i++)
        if (bt_selector_covers(&by->selectors[i], selector)) return true;
    return false;
}

static bool network_is_covered(const bt_narrow *by, const bt_network *network) {
    for (size_t i = 0; i < by->networks_count; i++)
        if (covers_network(&by->networks[i], network)) return true;
    return false;
}

bool bt_bounds_selectors_widen(const bt_narrow *before, const bt_narrow *after) {
    if (before->selectors_count == 0) return false;
    for (size_t i = 0; i < after->selectors_count; i++)
        if (!selector_is_covered(before, &after->selectors[i])) return true;
    return after->selectors_count == 0;
}

bool bt_bounds_networks_widen(const bt_narrow *before, const bt_narrow *after) {
    if (before->networks_count == 0) return false;
    for (size_t i = 0; i < after->networks_count; i++)
        if (!network_is_covered(before, &after->networks[i])) return true;
    return after->networks_count == 0;
}

bool bt_bounds_widen(const bt_narrow *before, const bt_narrow *after) {
    return bt_bounds_selectors_widen(before, after) || bt_bounds_networks_widen(before, after);
}
