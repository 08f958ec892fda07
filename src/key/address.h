/* Client addresses and networks, IPv4 and IPv6. An IPv4 address that is written as IPv6 (::ffff:192.0.2.1) is the
 * IPv4 address: proxies show the same client either way. */
#ifndef BT_KEY_ADDRESS_H
#define BT_KEY_ADDRESS_H

#include "base/bytes.h"

typedef enum bt_family { BT_FAMILY_UNKNOWN = 0, BT_FAMILY_4 = 4, BT_FAMILY_6 = 6 } bt_family;

#define BT_NETWORK_TEXT_MAX 49u /* 45 for IPv6, and "/128" */

typedef struct bt_address {
    uint8_t family;    /* bt_family; BT_FAMILY_UNKNOWN is in no network */
    uint8_t bytes[16]; /* 4 of them used for IPv4, the others 0 */
} bt_address;

typedef struct bt_network {
    bt_address address; /* bits beyond the prefix are 0 */
    uint8_t prefix;     /* bits: 0 to 32, 0 to 128 */
} bt_network;

/* No port, no zone, no spaces. */
bool bt_address_parse(bt_bytes text, bt_address *ret_address);

/* CIDR notation; an address alone is the network of just it. False where bits beyond the prefix are set
 * (192.0.2.1/24): whether the host or the network was meant is not for us to guess. An IPv4 network written as
 * IPv6 is refused. */
bool bt_network_parse(bt_bytes text, bt_network *ret_network);

/* Writes CIDR notation and a NUL. */
void bt_network_format(const bt_network *network, char ret_text[BT_NETWORK_TEXT_MAX + 1]);

bool bt_network_contains(const bt_network *network, const bt_address *address);

#endif
