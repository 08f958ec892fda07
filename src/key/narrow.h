/* What a key is bound to beyond its scopes: resources and client networks. Kept as one row that a check reads where
 * it lies:
 *
 *     version 1, networks (count), selectors (count), 0
 *     networks: family, prefix, 16 bytes of address
 *     selectors: 1 for a prefix or 0 for exact, size, bytes
 *
 * A key with any network is good from these alone; a key with any selector is good for these resources alone. */
#ifndef BT_KEY_NARROW_H
#define BT_KEY_NARROW_H

#include "key/address.h"

#define BT_NETWORKS_MAX 32u
#define BT_SELECTORS_MAX 64u
#define BT_RESOURCE_MAX 200u
#define BT_NARROW_MAX (4u + BT_NETWORKS_MAX * 18u + BT_SELECTORS_MAX * (2u + BT_RESOURCE_MAX))

/* `project:42` is that resource; `dataset:eu/` with is_prefix is every resource that begins so. */
typedef struct bt_selector {
    bt_bytes text; /* without the `*` */
    bool is_prefix;
} bt_selector;

typedef struct bt_narrow {
    size_t networks_count, selectors_count;
    bt_network networks[BT_NETWORKS_MAX];
    bt_selector selectors[BT_SELECTORS_MAX];
} bt_narrow;

/* `type:name`: [a-z][a-z0-9_-]*, a colon, then one or more of printable ASCII without space; up to
 * BT_RESOURCE_MAX. */
bool bt_resource_ok(bt_bytes resource);

/* A resource, or with `*` as its last character a prefix of resources; a `*` elsewhere is refused. The view points
 * into the text. */
bool bt_selector_parse(bt_bytes text, bt_selector *ret_selector);

/* Writes at most BT_RESOURCE_MAX bytes, without a NUL, and returns how many. */
size_t bt_selector_format(const bt_selector *selector, char ret_text[BT_RESOURCE_MAX + 1]);

/* Whether one is good for every resource that the other is good for. */
bool bt_selector_covers(const bt_selector *wide, const bt_selector *narrow);

/* The size of the row that was written. */
size_t bt_narrow_encode(const bt_narrow *narrow, uint8_t ret_row[BT_NARROW_MAX]);

/* Selectors point into the row. False where the row is damaged. */
bool bt_narrow_decode(bt_bytes row, bt_narrow *ret_narrow);

/* Read in place, without decoding. False for what is not granted, and for a damaged row. An empty resource is
 * granted only where there is no selector. A prefix does not reach resources with `.` or `..` between slashes: what
 * they name is in doubt. */
bool bt_narrow_allows_address(bt_bytes row, const bt_address *address);
bool bt_narrow_allows_resource(bt_bytes row, bt_bytes resource);

#endif
