#ifndef BT_CHECK_QUOTE_H
#define BT_CHECK_QUOTE_H

#include "base/bytes.h"

#define BT_QUOTE_MAX 32u

/* What of a client's text may be quoted in a fault. People paste tokens into the wrong field, and
 * not always whole: of what is longer than most names are, only its first characters. */
static inline bt_bytes bt_text_quote(bt_bytes text) {
    return bt_bytes_of(text.data, text.size <= BT_QUOTE_MAX ? text.size : 8);
}

#endif
