#include "key/address.h"

#include <arpa/inet.h>
#include <stdio.h>

static unsigned family_bits(uint8_t family) {
    return family == BT_FAMILY_4 ? 32 : 128;
}

static bool is_mapped_4(const uint8_t bytes[16]) {
    static const uint8_t start[12] = {[10] = 0xFF, [11] = 0xFF};
    return memcmp(bytes, start, sizeof start) == 0;
}

/* As written, without folding IPv4 in IPv6. */
static bool parse_plain(bt_bytes text, bt_address *ret_address) {
    char copy[INET6_ADDRSTRLEN];
    bt_address address = {0};
    if (!bt_bytes_copy_text(text, copy, sizeof copy)) return false;
    if (inet_pton(AF_INET, copy, address.bytes) == 1)
        address.family = BT_FAMILY_4;
    else if (inet_pton(AF_INET6, copy, address.bytes) == 1)
        address.family = BT_FAMILY_6;
    else
        return false;
    *ret_address = address;
    return true;
}

bool bt_address_parse(bt_bytes text, bt_address *ret_address) {
    bt_address address;
    if (!parse_plain(text, &address)) return false;
    if (address.family == BT_FAMILY_6 && is_mapped_4(address.bytes)) {
        bt_address folded = {.family = BT_FAMILY_4};
        memcpy(folded.bytes, address.bytes + 12, 4);
        address = folded;
    }
    *ret_address = address;
    return true;
}

/* One to three digits, no sign, no leading zero. */
static bool parse_prefix(bt_bytes text, unsigned limit, uint8_t *ret_prefix) {
    unsigned value = 0;
    if (text.size == 0 || text.size > 3 || (text.size > 1 && text.data[0] == '0')) return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        value = value * 10 + (text.data[i] - (unsigned)'0');
    }
    if (value > limit) return false;
    *ret_prefix = (uint8_t)value;
    return true;
}

/* Whether two addresses have their first bits alike. */
static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits) {
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0) return false;
    return rest == 0 || ((a[whole] ^ b[whole]) & (0xFF00u >> rest & 0xFF)) == 0;
}

static bool host_bits_clear(const bt_network *network) {
    bt_address masked = network->address;
    for (unsigned bit = network->prefix; bit < 128; bit++)
        masked.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    return memcmp(masked.bytes, network->address.bytes, sizeof masked.bytes) == 0;
}

bool bt_network_parse(bt_bytes text, bt_network *ret_network) {
    const uint8_t *slash = text.size ? memchr(text.data, '/', text.size) : NULL;
    size_t size = slash ? (size_t)(slash - text.data) : text.size;
    bt_network network;
    if (!parse_plain(bt_bytes_of(text.data, size), &network.address)) return false;
    if (network.address.family == BT_FAMILY_6 && is_mapped_4(network.address.bytes)) return false;
    network.prefix = (uint8_t)family_bits(network.address.family);
    bt_bytes prefix = slash ? bt_bytes_of(slash + 1, text.size - size - 1) : (bt_bytes){0};
    if (slash && !parse_prefix(prefix, network.prefix, &network.prefix)) return false;
    if (!host_bits_clear(&network)) return false;
    *ret_network = network;
    return true;
}

void bt_network_format(const bt_network *network, char ret_text[BT_NETWORK_TEXT_MAX + 1]) {
    char address[INET6_ADDRSTRLEN] = "";
    int family = network->address.family == BT_FAMILY_4 ? AF_INET : AF_INET6;
    inet_ntop(family, network->address.bytes, address, sizeof address);
    snprintf(ret_text, BT_NETWORK_TEXT_MAX + 1, "%s/%u", address, network->prefix);
}

bool bt_network_contains(const bt_network *network, const bt_address *address) {
    if (address->family == BT_FAMILY_UNKNOWN) return false;
    return network->address.family == address->family &&
           same_bits(network->address.bytes, address->bytes, network->prefix);
}
