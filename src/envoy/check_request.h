/* CheckRequest of envoy.service.auth.v3, read where it lies. */
#ifndef BT_ENVOY_CHECK_REQUEST_H
#define BT_ENVOY_CHECK_REQUEST_H

#include "gate/request.h"

#define BT_ENVOY_EXTENSIONS_MAX 16u

/* What a request is read into: large, and nothing of it has to be set before. */
typedef struct bt_envoy_request {
    bool is_http;         /* false: a connection that is no HTTP; of gate only peer is set then */
    bt_gate_request gate; /* the result */

    /* Parts of the message on the way there. */
    bt_bytes source, request, http, header_map, fragment, raw_body;
    size_t extensions_count, entries_count;
    bt_bytes extensions[BT_ENVOY_EXTENSIONS_MAX];
    bt_bytes entries[BT_GATE_HEADERS_MAX];
    bt_field headers[BT_GATE_HEADERS_MAX];
} bt_envoy_request;

/* Views into the message, which must outlive them; the request must not be moved. BT_ERR_INVALID: not such a message, more
 * headers than BT_GATE_HEADERS_MAX, headers in both forms, or wrong context_extensions. */
bt_err bt_envoy_request_read(bt_bytes message, bt_envoy_request *ret_request, bt_fault *fault);

#endif
