/* Methods of HTTP as a set of bits. Those without a name here share one bit, which only `any` has. */
#ifndef BT_ROUTE_VERB_H
#define BT_ROUTE_VERB_H

#include "base/bytes.h"

#define BT_VERB_GET (1u << 0)
#define BT_VERB_HEAD (1u << 1)
#define BT_VERB_OTHER (1u << 15)
#define BT_VERB_ANY 0xFFFFu

/* The bit of a name that a table may use; 0 for another. */
unsigned bt_verb_find(bt_bytes name);

/* The bit of a request's method; 0 where it is not upper-case letters and hyphens, up to 32: some services fold the
 * case and some do not. CONNECT and TRACE are never clear either. */
unsigned bt_verb_of(bt_bytes method);

/* "GET, HEAD, POST, ..." for messages. */
extern const char bt_verb_names[];

#endif
