#include "gate/parts.h"

static bt_bytes trim(bt_bytes text) {
    while (text.size && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = bt_bytes_of(text.data + 1, text.size - 1);
    while (text.size && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

/* Takes the last item of a list with commas. */
static bt_bytes cut_last(bt_bytes *list) {
    if (!list->size) return (bt_bytes){0};
    const uint8_t *comma = memrchr(list->data, ',', list->size);
    size_t skip = comma ? (size_t)(comma - list->data) + 1 : 0;
    bt_bytes item = bt_bytes_of(list->data + skip, list->size - skip);
    list->size = comma ? skip - 1 : 0;
    return trim(item);
}

/* The n-th from the right over all headers of the name, as if they were joined in their order. */
static bt_bytes forwarded(const bt_gate_request *request, unsigned hops) {
    for (size_t i = request->headers_count; i-- > 0;) {
        if (!bt_field_is(request->headers[i].name, BT_LITERAL("x-forwarded-for"))) continue;
        bt_bytes list = request->headers[i].value;
        bool more = true;
        while (more) {
            more = list.size && memchr(list.data, ',', list.size);
            bt_bytes item = cut_last(&list);
            if (--hops == 0) return item;
        }
    }
    return (bt_bytes){0};
}

bt_address bt_gate_client(const bt_gate_options *options, const bt_gate_request *request) {
    bt_bytes text =
        options->trusted_hops ? forwarded(request, options->trusted_hops) : request->peer;
    bt_address address;
    if (!bt_address_parse(text, &address)) return (bt_address){.family = BT_FAMILY_UNKNOWN};
    return address;
}
