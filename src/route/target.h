/* The target of a request, `/path?query`, taken apart. What a proxy and the service behind it may read differently
 * is refused, never repaired: empty and dot segments, `;`, `\`, a fragment, escapes of `/ \ . % ; # ?` and of control
 * characters, bytes that a URI cannot have, and characters that Unicode's compatibility mapping turns into syntax.
 * Other escapes are decoded: `/%61pi` is `/api` to every service. */
#ifndef BT_ROUTE_TARGET_H
#define BT_ROUTE_TARGET_H

#include "base/bytes.h"

#define BT_TARGET_PATH_MAX 4096u
#define BT_TARGET_SEGMENTS_MAX 64u

typedef struct bt_target {
    bt_bytes path;  /* as sent, without the query */
    bt_bytes query; /* behind the first `?`; data is NULL where there is none */
    bool slash;     /* ends in a slash; false for "/" alone */
    size_t count;   /* 0 for "/" */
    bt_bytes
        segments[BT_TARGET_SEGMENTS_MAX]; /* decoded; views into the target as sent or `decoded` */
    uint8_t decoded[BT_TARGET_PATH_MAX];
} bt_target;

/* NULL where it is clear; otherwise what is wrong with it, a static text, and ret_target is undefined. The bytes must
 * outlive the target, which must not be moved (it points into itself). */
const char *bt_target_parse(bt_bytes target, bt_target *ret_target);

/* The query alone, by the same cut at the first `?`. */
bt_bytes bt_target_query(bt_bytes target);

/* A byte that may stand unescaped in a segment (RFC 3986 pchar, without `;`). */
bool bt_target_plain(uint8_t byte);

#endif
