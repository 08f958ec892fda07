#include "gate/parts.h"

static bool is_source(const bt_gate_options *options, bt_bytes name) {
    for (size_t i = 0; i < options->headers_count; i++)
        if (bt_field_is(name, options->headers[i])) return true;
    return false;
}

static uint64_t size_bit(bt_bytes name) {
    return UINT64_C(1) << name.size % 64;
}

/* Which sizes the names of sources have: most headers need no more than a look at theirs. */
static uint64_t source_sizes(const bt_gate_options *options) {
    uint64_t sizes = 0;
    for (size_t i = 0; i < options->headers_count; i++) sizes |= size_bit(options->headers[i]);
    return sizes;
}

static void take(bt_gate_credential *credential, bt_bytes value, bt_bytes parameter) {
    credential->found++;
    credential->value = value;
    credential->parameter = parameter;
}

static int hex_value(uint8_t digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    uint8_t lower = digit | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte at *i of a name as services read it, escapes and `+` decoded; moves *i. */
static uint8_t decoded_at(bt_bytes raw, size_t *i) {
    uint8_t byte = raw.data[(*i)++];
    if (byte == '+') return ' ';
    if (byte != '%' || raw.size - *i < 2) return byte;
    int high = hex_value(raw.data[*i]), low = hex_value(raw.data[*i + 1]);
    if (high < 0 || low < 0) return byte;
    *i += 2;
    return (uint8_t)(high << 4 | low);
}

static bool reads_as(bt_bytes raw, bt_bytes name) {
    size_t i = 0, n = 0;
    while (i < raw.size && n < name.size)
        if (decoded_at(raw, &i) != name.data[n++]) return false;
    return i == raw.size && n == name.size;
}

/* A name that only decodes to the one that is looked for cannot be removed by the proxy, so it counts as two. */
static void look_at_parameter(const bt_gate_options *options, bt_bytes pair,
                              bt_gate_credential *credential) {
    const uint8_t *equals = pair.size ? memchr(pair.data, '=', pair.size) : NULL;
    size_t size = equals ? (size_t)(equals - pair.data) : pair.size;
    bt_bytes name = bt_bytes_of(pair.data, size);
    bt_bytes value = equals ? bt_bytes_of(equals + 1, pair.size - size - 1) : (bt_bytes){0};
    for (size_t i = 0; i < options->parameters_count; i++) {
        bt_bytes wanted = options->parameters[i];
        if (!reads_as(name, wanted)) continue;
        take(credential, value, name);
        if (!bt_bytes_equal(name, wanted)) credential->found++;
    }
}

/* `;` parts parameters for some services, and not for the proxy: beside one, a credential counts as two. */
static void look_at_query(const bt_gate_options *options, bt_bytes query,
                          bt_gate_credential *credential) {
    if (!query.data) return;
    const uint8_t *start = query.data, *end = query.data + query.size;
    for (const uint8_t *at = start; at <= end; at++) {
        if (at < end && *at != '&' && *at != ';') continue;
        look_at_parameter(options, bt_bytes_of(start, (size_t)(at - start)), credential);
        start = at + 1;
    }
    bool parted = query.size && memchr(query.data, ';', query.size);
    if (credential->parameter.size && parted) credential->found++;
}

void bt_gate_find_credential(const bt_gate_options *options, const bt_gate_request *request,
                             bt_gate_credential *ret_credential) {
    *ret_credential = (bt_gate_credential){0};
    uint64_t sizes = source_sizes(options);
    for (size_t i = 0; i < request->headers_count; i++) {
        bt_bytes name = request->headers[i].name;
        if (sizes & size_bit(name) && is_source(options, name))
            take(ret_credential, request->headers[i].value, (bt_bytes){0});
    }
    if (options->parameters_count)
        look_at_query(options, bt_target_query(request->target), ret_credential);
}
