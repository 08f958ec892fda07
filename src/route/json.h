/* Just enough of JSON to say whether a body has a field. */
#ifndef BT_ROUTE_JSON_H
#define BT_ROUTE_JSON_H

#include "base/bytes.h"

#define BT_JSON_DEPTH_MAX 64u

/* Whether text is one JSON object by the letter of RFC 8259 in UTF-8, and nothing else, nested no deeper than
 * BT_JSON_DEPTH_MAX. */
bool bt_json_is_object(bt_bytes text);

/* Whether an object, which bt_json_is_object has passed, may have the field `path`: names with dots between them, as
 * `settings.domain`. Yes on doubt: names are compared without regard to letter case, `_` and `-` (services differ in
 * that: `clearPassword` is `clear_password`), each of several equal names counts, and what is in the way but no
 * object may hold anything. */
bool bt_json_may_have(bt_bytes object, bt_bytes path);

#endif
