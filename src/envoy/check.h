/* envoy.service.auth.v3.Authorization/Check. Every answer is an OK reply, denials and our own failures too. */
#ifndef BT_ENVOY_CHECK_H
#define BT_ENVOY_CHECK_H

#include "rpc/call.h"

/* Above what a proxy can send: a larger message would be an RPC error, which lets a request through where the proxy has
 * failure_mode_allow. The proxy's max_request_bytes, for bodies, has to stay a mebibyte below. */
#define BT_ENVOY_REQUEST_MAX ((size_t)8 << 20)
#define BT_ENVOY_CHECK_PATH "/envoy.service.auth.v3.Authorization/Check"

/* A CheckResponse that denies with 503, for transports without room for a call: status {code: 7} and denied_response
 * {status {code: 503}}. */
#define BT_ENVOY_OVERLOAD                                                                          \
    { (const uint8_t *)"\x0A\x02\x08\x07\x12\x05\x0A\x03\x08\xF7\x03", 11 }

void bt_envoy_check(bt_call *call);

#endif
