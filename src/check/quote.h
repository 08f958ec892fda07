#ifndef BT_CHECK_QUOTE_H
#define BT_CHECK_QUOTE_H

#include "key/token.h"

/* What of a client's text may be quoted in a fault. Of what is long enough to be a token, its first
 * characters alone: people paste tokens into the wrong field. */
static inline bt_bytes bt_text_quote(bt_bytes text) {
    return bt_bytes_of(text.data, text.size < BT_TOKEN_BODY ? text.size : 8);
}

#endif
