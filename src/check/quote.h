#ifndef BT_CHECK_QUOTE_H
#define BT_CHECK_QUOTE_H

#include <string.h>

#include "base/bytes.h"

#define BT_QUOTE_MAX 32u
#define BT_QUOTE_CUT 8u

typedef struct bt_quote {
    char text[BT_QUOTE_MAX + 1];
} bt_quote;

/* What of a client's text may be quoted in a fault: printf("%s", bt_text_quote(text).text). People paste tokens into
 * the wrong field, and not always whole: of what is longer than most names are, only its first characters. A byte 0 is
 * shown, or the text would look like another one. */
static inline bt_quote bt_text_quote(bt_bytes text) {
    bt_quote quote = {{0}};
    bool whole = text.size <= BT_QUOTE_MAX;
    size_t size = whole ? text.size : BT_QUOTE_CUT;
    for (size_t i = 0; i < size; i++) quote.text[i] = text.data[i] ? (char)text.data[i] : '?';
    if (!whole) memcpy(quote.text + size, "...", sizeof "...");
    return quote;
}

#endif
