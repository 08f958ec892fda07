#include "key/narrow.h"

#define VERSION 1
#define HEADER 4u
#define NETWORK_SIZE 18u

bool bt_resource_ok(bt_bytes resource) {
    if (resource.size == 0 || resource.size > BT_RESOURCE_MAX) return false;
    size_t at = 0;
    for (; at < resource.size && resource.data[at] != ':'; at++) {
        uint8_t c = resource.data[at];
        bool letter = c >= 'a' && c <= 'z';
        bool inner = (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!letter && !(inner && at > 0)) return false;
    }
    if (at == 0 || at + 1 >= resource.size) return false;
    for (at++; at < resource.size; at++)
        if (resource.data[at] <= ' ' || resource.data[at] > '~') return false;
    return true;
}

bool bt_selector_parse(bt_bytes text, bt_selector *ret_selector) {
    if (!bt_resource_ok(text)) return false;
    bool is_prefix = text.data[text.size - 1] == '*';
    bt_bytes rest = bt_bytes_of(text.data, text.size - (is_prefix ? 1 : 0));
    if (memchr(rest.data, '*', rest.size)) return false;
    *ret_selector = (bt_selector){.text = rest, .is_prefix = is_prefix};
    return true;
}

size_t bt_selector_format(const bt_selector *selector, char ret_text[BT_RESOURCE_MAX + 1]) {
    memcpy(ret_text, selector->text.data, selector->text.size);
    if (selector->is_prefix) ret_text[selector->text.size] = '*';
    return selector->text.size + (selector->is_prefix ? 1 : 0);
}

size_t bt_narrow_encode(const bt_narrow *narrow, uint8_t ret_row[BT_NARROW_MAX]) {
    uint8_t *at = ret_row;
    *at++ = VERSION;
    *at++ = (uint8_t)narrow->networks_count;
    *at++ = (uint8_t)narrow->selectors_count;
    *at++ = 0;
    for (size_t i = 0; i < narrow->networks_count; i++, at += NETWORK_SIZE) {
        at[0] = narrow->networks[i].address.family;
        at[1] = narrow->networks[i].prefix;
        memcpy(at + 2, narrow->networks[i].address.bytes, 16);
    }
    for (size_t i = 0; i < narrow->selectors_count; i++) {
        const bt_selector *selector = &narrow->selectors[i];
        *at++ = selector->is_prefix;
        *at++ = (uint8_t)selector->text.size;
        memcpy(at, selector->text.data, selector->text.size);
        at += selector->text.size;
    }
    return (size_t)(at - ret_row);
}

static bool header_ok(bt_bytes row) {
    return row.size >= HEADER && row.data[0] == VERSION && row.data[1] <= BT_NETWORKS_MAX &&
           row.data[2] <= BT_SELECTORS_MAX && row.data[3] == 0 &&
           row.size >= HEADER + row.data[1] * NETWORK_SIZE;
}

static bool network_at(bt_bytes row, size_t index, bt_network *ret_network) {
    const uint8_t *at = row.data + HEADER + index * NETWORK_SIZE;
    bool known = (at[0] == BT_FAMILY_4 && at[1] <= 32) || (at[0] == BT_FAMILY_6 && at[1] <= 128);
    if (!known) return false;
    *ret_network = (bt_network){.address = {.family = at[0]}, .prefix = at[1]};
    memcpy(ret_network->address.bytes, at + 2, 16);
    return true;
}

/* Reads the selector at *at and moves on. */
static bool selector_at(bt_bytes row, size_t *at, bt_selector *ret_selector) {
    if (row.size - *at < 2) return false;
    const uint8_t *start = row.data + *at;
    size_t size = start[1];
    if (start[0] > 1 || size == 0 || size > BT_RESOURCE_MAX || row.size - *at - 2 < size)
        return false;
    *ret_selector = (bt_selector){.text = bt_bytes_of(start + 2, size), .is_prefix = start[0] == 1};
    *at += 2 + size;
    return true;
}

bool bt_narrow_decode(bt_bytes row, bt_narrow *ret_narrow) {
    if (!header_ok(row)) return false;
    ret_narrow->networks_count = row.data[1];
    ret_narrow->selectors_count = row.data[2];
    for (size_t i = 0; i < row.data[1]; i++)
        if (!network_at(row, i, &ret_narrow->networks[i])) return false;
    size_t at = HEADER + row.data[1] * NETWORK_SIZE;
    for (size_t i = 0; i < row.data[2]; i++)
        if (!selector_at(row, &at, &ret_narrow->selectors[i])) return false;
    return at == row.size;
}

bool bt_narrow_allows_address(bt_bytes row, const bt_address *address) {
    if (!header_ok(row)) return false;
    for (size_t i = 0; i < row.data[1]; i++) {
        bt_network network;
        if (!network_at(row, i, &network)) return false;
        if (bt_network_contains(&network, address)) return true;
    }
    return row.data[1] == 0;
}

static bool has_dot_segment(bt_bytes resource) {
    for (size_t start = 0; start <= resource.size;) {
        const uint8_t *slash = memchr(resource.data + start, '/', resource.size - start);
        size_t end = slash ? (size_t)(slash - resource.data) : resource.size;
        bt_bytes segment = bt_bytes_of(resource.data + start, end - start);
        if (bt_bytes_equal(segment, BT_LITERAL(".")) || bt_bytes_equal(segment, BT_LITERAL("..")))
            return true;
        start = end + 1;
    }
    return false;
}

static bool selects(const bt_selector *selector, bt_bytes resource) {
    if (!selector->is_prefix) return bt_bytes_equal(selector->text, resource);
    return bt_bytes_starts_with(resource, selector->text) && !has_dot_segment(resource);
}

bool bt_selector_covers(const bt_selector *wide, const bt_selector *narrow) {
    if (!narrow->is_prefix) return selects(wide, narrow->text);
    return wide->is_prefix && bt_bytes_starts_with(narrow->text, wide->text);
}

bool bt_narrow_allows_resource(bt_bytes row, bt_bytes resource) {
    if (!header_ok(row)) return false;
    if (row.data[2] == 0) return true;
    if (!bt_resource_ok(resource)) return false;
    size_t at = HEADER + row.data[1] * NETWORK_SIZE;
    for (size_t i = 0; i < row.data[2]; i++) {
        bt_selector selector;
        if (!selector_at(row, &at, &selector)) return false;
        if (selects(&selector, resource)) return true;
    }
    return false;
}
