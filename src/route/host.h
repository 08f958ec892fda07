/* Hosts: of a request, and the patterns of a table, `api.example.com` and `*.example.com`. */
#ifndef BT_ROUTE_HOST_H
#define BT_ROUTE_HOST_H

#include "base/bytes.h"

#define BT_HOST_MAX 253u

/* Host or authority as a request has it: lower-cased and without its port, into `buffer`. Empty is taken and stays
 * empty. NULL where it is clear, otherwise what is wrong with it: user info, a dot at the end, other bytes. */
const char *bt_host_parse(bt_bytes host, uint8_t buffer[BT_HOST_MAX], bt_bytes *ret_host);

/* A pattern of a table: lower-case, no port, `*.` in front at most. */
bool bt_host_pattern_ok(bt_bytes pattern);

/* `host` is what bt_host_parse gave. `*.example.com` matches names below example.com at any depth, and not itself.
 * The empty pattern matches every host. */
bool bt_host_matches(bt_bytes pattern, bt_bytes host);

/* Orders patterns: exact ones, then those with `*.`, the longest first, then the empty one. */
int bt_host_pattern_compare(bt_bytes a, bt_bytes b);

#endif
