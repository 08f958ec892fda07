/* rooms: key */
#include <stdlib.h>

#include "key/narrow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A row that decodes comes back the same; whatever it is, reading it in place stays inside of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const bt_address client = {.family = BT_FAMILY_4, .bytes = {192, 0, 2, 77}};
    bt_bytes row = bt_bytes_of(data, size);
    bt_narrow_allows_address(row, &client);
    bt_narrow_allows_resource(row, BT_LITERAL("project:42"));
    bt_selector selector;
    bt_network network;
    bt_selector_parse(row, &selector);
    bt_network_parse(row, &network);
    bt_narrow narrow;
    uint8_t back[BT_NARROW_MAX];
    if (!bt_narrow_decode(row, &narrow)) return 0;
    if (!bt_bytes_equal(row, bt_bytes_of(back, bt_narrow_encode(&narrow, back)))) abort();
    return 0;
}
