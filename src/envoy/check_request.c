#include "envoy/check_request.h"

#include "rpc/wire.h"

/* Numbers of fields are those of proto/envoy/service/auth/v3/attribute_context.proto. */

#define AT(member) offsetof(bt_envoy_request, member)

static bt_err read_attributes(bt_bytes message, bt_envoy_request *request, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = {"source", BT_WIRE_BYTES, .offset = AT(source)},
        [4] = {"request", BT_WIRE_BYTES, .offset = AT(request)},
        [10] = {"context_extensions", BT_WIRE_LIST, BT_ENVOY_EXTENSIONS_MAX, AT(extensions),
                AT(extensions_count)},
    };
    static const bt_wire_message type = {"AttributeContext", fields, BT_WIRE_COUNT(fields)};
    return bt_wire_read(&type, message, request, fault);
}

static bt_err read_http(bt_bytes message, bt_envoy_request *request, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [2] = {"method", BT_WIRE_BYTES, .offset = AT(gate.method)},
        [3] = {"headers", BT_WIRE_LIST, BT_GATE_HEADERS_MAX, AT(entries), AT(entries_count)},
        [4] = {"path", BT_WIRE_BYTES, .offset = AT(gate.target)},
        [5] = {"host", BT_WIRE_BYTES, .offset = AT(gate.host)},
        [8] = {"fragment", BT_WIRE_BYTES, .offset = AT(fragment)},
        [11] = {"body", BT_WIRE_BYTES, .offset = AT(gate.body)},
        [12] = {"raw_body", BT_WIRE_BYTES, .offset = AT(raw_body)},
        [13] = {"header_map", BT_WIRE_BYTES, .offset = AT(header_map)},
    };
    static const bt_wire_message type = {"HttpRequest", fields, BT_WIRE_COUNT(fields)};
    return bt_wire_read(&type, message, request, fault);
}

/* HeaderMap, into the same entries as the map `headers`. */
static bt_err read_header_map(bt_bytes message, bt_envoy_request *request, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = {"headers", BT_WIRE_LIST, BT_GATE_HEADERS_MAX, AT(entries), AT(entries_count)},
    };
    static const bt_wire_message type = {"HeaderMap", fields, BT_WIRE_COUNT(fields)};
    return bt_wire_read(&type, message, request, fault);
}

/* HeaderValue, or an entry of map<string, string>, which is the same without a raw value. */
typedef struct header {
    bt_bytes key, value, raw_value;
} header;

/* A key and a value of less than 128 bytes each and nothing else, as nearly every entry is: what the general reader
 * would find, in a tenth of its time. */
static inline bool read_short_entry(bt_bytes message, bt_field *ret_field) {
    const uint8_t *at = message.data;
    if (message.size < 4 || at[0] != (1 << 3 | 2) || at[1] >= 0x80) return false;
    size_t key = at[1], rest = message.size - 2;
    if (rest < key + 2) return false;
    const uint8_t *value = at + 2 + key;
    if (value[0] != (2 << 3 | 2) || value[1] >= 0x80 || value[1] != rest - key - 2) return false;
    *ret_field = (bt_field){bt_bytes_of(at + 2, key), bt_bytes_of(value + 2, value[1])};
    return true;
}

static bt_err read_any_header(bt_bytes message, bt_field *ret_field, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = {"key", BT_WIRE_BYTES, .offset = offsetof(header, key)},
        [2] = {"value", BT_WIRE_BYTES, .offset = offsetof(header, value)},
        [3] = {"raw_value", BT_WIRE_BYTES, .offset = offsetof(header, raw_value)},
    };
    static const bt_wire_message type = {"HeaderValue", fields, BT_WIRE_COUNT(fields)};
    header found = {{0}, {0}, {0}};
    BT_TRY(bt_wire_read(&type, message, &found, fault));
    if (found.value.size && found.raw_value.size)
        return bt_fail(fault, BT_ERR_INVALID, "a header has a value and a raw_value");
    *ret_field = (bt_field){found.key, found.raw_value.size ? found.raw_value : found.value};
    return BT_OK;
}

static inline bt_err read_header(bt_bytes message, bt_field *ret_field, bt_fault *fault) {
    return read_short_entry(message, ret_field) ? BT_OK
                                                : read_any_header(message, ret_field, fault);
}

static bt_err read_headers(bt_envoy_request *request, bt_fault *fault) {
    if (request->header_map.size) {
        if (request->entries_count)
            return bt_fail(fault, BT_ERR_INVALID, "the request has headers and a header_map");
        BT_TRY(read_header_map(request->header_map, request, fault));
    }
    for (size_t i = 0; i < request->entries_count; i++)
        BT_TRY(read_header(request->entries[i], &request->headers[i], fault));
    request->gate.headers = request->headers;
    request->gate.headers_count = request->entries_count;
    return BT_OK;
}

static bt_err read_context(bt_envoy_request *request, bt_fault *fault) {
    for (size_t i = 0; i < request->extensions_count; i++) {
        bt_field said;
        BT_TRY(read_header(request->extensions[i], &said, fault));
        BT_TRY(bt_gate_context_set(&request->gate.context, said.name, said.value, fault));
    }
    return BT_OK;
}

/* The field of a message that has no other field which is read. number: 1 or 2. */
static bt_err read_only(const char *name, unsigned number, bt_bytes message, bt_bytes *ret_field,
                        bt_fault *fault) {
    static const bt_wire_field first[] = {[1] = {"", BT_WIRE_BYTES, 0, 0, 0}},
                               second[] = {[2] = {"", BT_WIRE_BYTES, 0, 0, 0}};
    const bt_wire_message type = {name, number == 1 ? first : second, number + 1};
    *ret_field = (bt_bytes){0};
    return bt_wire_read(&type, message, ret_field, fault);
}

static bt_err read_peer(bt_envoy_request *request, bt_fault *fault) {
    bt_bytes address, socket;
    BT_TRY(read_only("address", 1, request->source, &address, fault));
    BT_TRY(read_only("socket_address", 1, address, &socket, fault));
    return read_only("address", 2, socket, &request->gate.peer, fault);
}

/* A proxy that cuts bodies says so in a header, beside which a client may have sent its own. */
static bool is_body_cut(const bt_gate_request *request) {
    for (size_t i = 0; i < request->headers_count; i++)
        if (bt_field_is(request->headers[i].name, BT_LITERAL("x-envoy-auth-partial-body")) &&
            !bt_bytes_equal(request->headers[i].value, BT_LITERAL("false")))
            return true;
    return false;
}

static bt_err read_http_request(bt_envoy_request *request, bt_fault *fault) {
    BT_TRY(read_http(request->http, request, fault));
    BT_TRY(read_headers(request, fault));
    BT_TRY(read_context(request, fault));
    bt_gate_request *gate = &request->gate;
    if (request->raw_body.size && gate->body.size)
        return bt_fail(fault, BT_ERR_INVALID, "the request has a body and a raw_body");
    if (request->raw_body.size) gate->body = request->raw_body;
    gate->body_cut = is_body_cut(gate);
    gate->odd = request->fragment.size != 0;
    request->is_http = gate->method.size && gate->target.size;
    return BT_OK;
}

bt_err bt_envoy_request_read(bt_bytes message, bt_envoy_request *ret_request, bt_fault *fault) {
    bt_bytes attributes;
    memset(ret_request, 0, offsetof(bt_envoy_request, extensions));
    BT_TRY(read_only("attributes", 1, message, &attributes, fault));
    BT_TRY(read_attributes(attributes, ret_request, fault));
    BT_TRY(read_peer(ret_request, fault));
    BT_TRY(read_only("http", 2, ret_request->request, &ret_request->http, fault));
    return ret_request->http.data ? read_http_request(ret_request, fault) : BT_OK;
}
