/* rooms: key */
#include <stdlib.h>

#include "key/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever parses is within bounds and of the published form. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bt_bytes token = bt_token_strip_bearer(bt_bytes_of(data, size));
    bt_bytes prefix;
    if (!bt_token_parse(token, &prefix)) return 0;
    if (token.size > BT_TOKEN_MAX || !bt_token_prefix_ok(prefix)) abort();
    if (prefix.data != token.data || prefix.size + 1 + BT_TOKEN_BODY != token.size) abort();
    return 0;
}
