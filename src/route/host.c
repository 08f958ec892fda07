#include "route/host.h"

static bool is_host_byte(uint8_t byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '.' || byte == '_';
}

static bool is_digits(bt_bytes text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    return text.size <= 5;
}

/* Names without empty labels, so without a dot at either end. */
static bool is_name(bt_bytes host) {
    bool label = false;
    for (size_t i = 0; i < host.size; i++) {
        if (!is_host_byte(host.data[i])) return false;
        if (host.data[i] == '.' && !label) return false;
        label = host.data[i] != '.';
    }
    return label;
}

static bool is_address6(bt_bytes host) {
    if (host.size < 4 || host.data[0] != '[' || host.data[host.size - 1] != ']') return false;
    for (size_t i = 1; i + 1 < host.size; i++) {
        uint8_t byte = host.data[i];
        bool hex = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
        if (!hex && byte != ':' && byte != '.') return false;
    }
    return true;
}

/* Cuts `:port`; false where what is behind the colon is no port. */
static bool cut_port(bt_bytes *host) {
    const uint8_t *from = host->data;
    const uint8_t *bracket = memrchr(from, ']', host->size);
    size_t skip = bracket ? (size_t)(bracket - from) : 0;
    const uint8_t *colon = memchr(from + skip, ':', host->size - skip);
    if (!colon) return true;
    bt_bytes port = bt_bytes_of(colon + 1, host->size - (size_t)(colon + 1 - from));
    host->size = (size_t)(colon - from);
    return is_digits(port);
}

const char *bt_host_parse(bt_bytes host, uint8_t buffer[BT_HOST_MAX], bt_bytes *ret_host) {
    if (host.size == 0) {
        *ret_host = (bt_bytes){0};
        return NULL;
    }
    if (!cut_port(&host)) return "the host's port is not a number";
    if (host.size == 0 || host.size > BT_HOST_MAX) return "the host is empty or too long";
    for (size_t i = 0; i < host.size; i++) {
        uint8_t byte = host.data[i];
        buffer[i] = byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
    }
    bt_bytes lower = bt_bytes_of(buffer, host.size);
    if (!is_name(lower) && !is_address6(lower)) return "the host is not a name or address";
    *ret_host = lower;
    return NULL;
}

static bool is_wildcard(bt_bytes pattern) {
    return bt_bytes_starts_with(pattern, BT_LITERAL("*."));
}

bool bt_host_pattern_ok(bt_bytes pattern) {
    if (pattern.size > BT_HOST_MAX) return false;
    if (is_wildcard(pattern)) return is_name(bt_bytes_of(pattern.data + 2, pattern.size - 2));
    return is_name(pattern) || is_address6(pattern);
}

bool bt_host_matches(bt_bytes pattern, bt_bytes host) {
    if (pattern.size == 0) return true;
    if (!is_wildcard(pattern)) return bt_bytes_equal(pattern, host);
    bt_bytes end = bt_bytes_of(pattern.data + 1, pattern.size - 1);
    if (host.size <= end.size) return false;
    return bt_bytes_equal(bt_bytes_of(host.data + host.size - end.size, end.size), end);
}

static int rank(bt_bytes pattern) {
    return pattern.size == 0 ? 2 : is_wildcard(pattern) ? 1 : 0;
}

int bt_host_pattern_compare(bt_bytes a, bt_bytes b) {
    if (rank(a) != rank(b)) return rank(a) - rank(b);
    if (a.size != b.size) return a.size > b.size ? -1 : 1;
    return a.size ? memcmp(a.data, b.data, a.size) : 0;
}
