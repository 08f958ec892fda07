/* rooms: gate */
/* `N` and then lines, each the value of an x-forwarded-for: the client is the N-th item from the right of them all, as
 * found by splitting from the left, and never another. */
#include <stdlib.h>

#include "gate/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ITEMS 4096u

static bt_bytes trim(bt_bytes text) {
    size_t start = 0, end = text.size;
    while (start < end && (text.data[start] == ' ' || text.data[start] == '\t')) start++;
    while (end > start && (text.data[end - 1] == ' ' || text.data[end - 1] == '\t')) end--;
    return bt_bytes_of(text.data + start, end - start);
}

static size_t split(bt_bytes text, uint8_t at, bt_bytes *ret_items, size_t most) {
    size_t count = 0, start = 0;
    for (size_t i = 0; i <= text.size && count < most; i++) {
        if (i < text.size && text.data[i] != at) continue;
        ret_items[count++] = bt_bytes_of(text.data + start, i - start);
        start = i + 1;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bt_bytes lines[BT_GATE_HEADERS_MAX], items[ITEMS];
    static bt_field headers[BT_GATE_HEADERS_MAX];
    if (size == 0 || size > ITEMS) return 0;
    bt_gate_options options = {.trusted_hops = data[0] % 8u};
    size_t lines_count = split(bt_bytes_of(data + 1, size - 1), '\n', lines, BT_GATE_HEADERS_MAX),
           count = 0;
    for (size_t i = 0; i < lines_count; i++) {
        headers[i] = (bt_field){
            i % 2 ? BT_LITERAL("x-forwarded-for") : BT_LITERAL("X-Forwarded-For"), lines[i]};
        count += split(lines[i], ',', items + count, ITEMS - count);
    }
    bt_gate_request request = {
        .headers = headers, .headers_count = lines_count, .peer = BT_LITERAL("192.0.2.1")};
    bt_address got = bt_gate_client(&options, &request), wanted = {.family = BT_FAMILY_UNKNOWN};
    bt_bytes item = request.peer;
    if (options.trusted_hops)
        item = options.trusted_hops <= count ? trim(items[count - options.trusted_hops])
                                             : (bt_bytes){0};
    if (!bt_address_parse(item, &wanted)) wanted = (bt_address){.family = BT_FAMILY_UNKNOWN};
    if (memcmp(&got, &wanted, sizeof got) != 0) abort();
    return 0;
}
