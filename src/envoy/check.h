/* envoy.service.auth.v3.Authorization/Check. Every answer is an OK reply, denials and our own failures too. */
#ifndef BT_ENVOY_CHECK_H
#define BT_ENVOY_CHECK_H

#include "rpc/call.h"

/* Above what a proxy can send: a larger message would be an RPC error, which lets a request through where the proxy has
 * failure_mode_allow. The proxy's max_request_bytes, for bodies, has to stay a mebibyte below. */
#define BT_ENVOY_REQUEST_MAX ((size_t)8 << 20)
#define BT_ENVOY_CHECK_PATH "/envoy.service.auth.v3.Authorization/Check"

void bt_envoy_check(bt_call *call);

#endif
