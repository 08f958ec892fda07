/* envoy.service.auth.v3.Authorization/Check. Every answer is an OK reply, denials and our own failures too. */
#ifndef BT_ENVOY_CHECK_H
#define BT_ENVOY_CHECK_H

#include "rpc/call.h"

/* Above what a proxy can send: a larger message would be an RPC error, which lets a request through where the proxy has
 * failure_mode_allow. The proxy's max_request_bytes, for bodies, has to stay a mebibyte below. */
#define BT_ENVOY_REQUEST_MAX ((size_t)8 << 20)
#define BT_ENVOY_CHECK_PATH "/envoy.service.auth.v3.Authorization/Check"

/* A CheckResponse that denies with 503, for transports without room for a call: status {code: 7} and denied_response
 * {status {code: 503}, headers {header {key, value}, append {}, append_action: 2}, body}. */
/* clang-format off */
#define BT_ENVOY_OVERLOAD_BYTES                                                                    \
    "\x0A\x02\x08\x07" "\x12\x78"                                                                  \
    "\x0A\x03\x08\xF7\x03"                                                                         \
    "\x12\x26" "\x0A\x20" "\x0A\x0C" "content-type" "\x12\x10" "application/json" "\x12\x00\x18\x02" \
    "\x1A\x49" "{\"error\":\"unavailable\",\"message\":\"the request cannot be authorized now\"}\n"
#define BT_ENVOY_OVERLOAD                                                                          \
    { (const uint8_t *)BT_ENVOY_OVERLOAD_BYTES, sizeof BT_ENVOY_OVERLOAD_BYTES - 1 }
/* clang-format on */

/* The second is to be the bt_method.prepare of the first. */
void bt_envoy_check(bt_call *call);
bool bt_envoy_prepare(bt_call *call);

#endif
